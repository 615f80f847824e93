"""When to order from a supplier: on a day it takes orders, early enough for its working days (rule 13)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
# a supplier that never works is a mistake in its calendar; two years are further than anybody plans
HORIZON = 730


@dataclass(frozen=True)
class SupplierCalendar:
    """When a supplier takes orders and works.

    :ivar order_days: weekdays on which it takes orders, 0 for Monday
    :ivar work_days: weekdays that its lead time counts
    :ivar holidays: days on which it does neither
    """

    order_days: frozenset[int] = frozenset(range(7))
    work_days: frozenset[int] = frozenset(range(7))
    holidays: Collection[date] = field(default_factory=frozenset)

    def takes_orders(self, day: date) -> bool:
        """Tell whether it takes orders on a day."""
        return day.weekday() in self.order_days and day not in self.holidays

    def works(self, day: date) -> bool:
        """Tell whether a day counts for its lead time."""
        return day.weekday() in self.work_days and day not in self.holidays

    def next_order_day(self, day: date) -> date:
        """Return the first day from *day* on which it takes orders."""
        return self._find(day, ONE_DAY, self.takes_orders)

    def arrival(self, ordered: date, lead_time: int) -> date:
        """Return the day on which what is ordered on a day arrives.

        :param lead_time: days on which the supplier works
        """
        day = ordered
        for _step in range(lead_time):
            day = self._find(day + ONE_DAY, ONE_DAY, self.works)
        return day

    def order_day(self, needed: date, lead_time: int, today: date) -> date:
        """Return the last day to order so that it arrives when needed; the next possible one when that is past."""
        day = needed
        for _step in range(lead_time):
            if day <= today:
                return self.next_order_day(today)
            day = self._find(day - ONE_DAY, -ONE_DAY, self.works)
        found = self._find(day, -ONE_DAY, self.takes_orders)
        return found if found >= today else self.next_order_day(today)

    @staticmethod
    def _find(day: date, step: timedelta, fits) -> date:
        for _step in range(HORIZON):
            if fits(day):
                return day
            day += step
        raise ValueError("The supplier's calendar has no day on which it works.")
