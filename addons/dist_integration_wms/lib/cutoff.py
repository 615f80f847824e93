"""Cut-off times of a warehouse: at these moments its deliveries are released, in a wave."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import pytz

# a cut-off of any weekday comes up within that many days
DAYS = 8


class Cutoff(NamedTuple):
    """
    :param hour: time of day on the warehouse's clock, 13.5 is half past one
    :param weekdays: days on which it counts, 0 is Monday
    """

    hour: float
    weekdays: frozenset[int]


def last_cutoff(now: datetime, zone: str, cutoffs: list[Cutoff]) -> datetime | None:
    """Return the latest cut-off that is not after a moment; None when there is none.

    :param now: in UTC, without a zone, like what is returned
    :param zone: name of the warehouse's time zone
    """
    moments = [moment for moment in _moments(now, zone, cutoffs, -1) if moment <= now]
    return max(moments, default=None)


def next_cutoff(now: datetime, zone: str, cutoffs: list[Cutoff]) -> datetime | None:
    """Return the first cut-off after a moment; None when there is none. Arguments as of `last_cutoff`."""
    moments = [moment for moment in _moments(now, zone, cutoffs, 1) if moment > now]
    return min(moments, default=None)


def _moments(now: datetime, zone: str, cutoffs: list[Cutoff], direction: int) -> list[datetime]:
    tz = pytz.timezone(zone)
    today = pytz.utc.localize(now).astimezone(tz).date()
    days = [today + timedelta(days=direction * number) for number in range(DAYS)]
    return [
        _in_utc(day, cutoff.hour, tz)
        for day in days
        for cutoff in cutoffs
        if day.weekday() in cutoff.weekdays
    ]


def _in_utc(day: date, hour: float, tz: pytz.BaseTzInfo) -> datetime:
    minutes = round(hour * 60)
    # where clocks are put back the hour comes twice: the second one counts; where they are put forward, standard time
    local = tz.localize(datetime.combine(day, time(minutes // 60 % 24, minutes % 60)), is_dst=False)
    return local.astimezone(pytz.utc).replace(tzinfo=None)
