"""P3, rule 13: orders go by the supplier's calendar."""

from datetime import date

import pytest
from dist_integration_planning.lib.ordering import SupplierCalendar
from hypothesis import given
from hypothesis import strategies as st

WEEKDAYS = frozenset(range(5))
TUESDAYS = SupplierCalendar(frozenset({1}), WEEKDAYS, {date(2026, 3, 6)})


def test_by_working_days_and_order_days():
    """P3: five working days, a holiday among them, before Wednesday the 11th is Tuesday the 3rd."""
    assert TUESDAYS.order_day(date(2026, 3, 11), 5, date(2026, 2, 1)) == date(2026, 3, 3)
    assert TUESDAYS.arrival(date(2026, 3, 3), 5) == date(2026, 3, 11)


def test_too_late():
    """P3: what should have been ordered is ordered on the next day the supplier takes orders."""
    assert TUESDAYS.order_day(date(2026, 3, 11), 5, date(2026, 3, 4)) == date(2026, 3, 10)


def test_absurd_lead_time():
    """P3: a lead time beyond all times, mistyped on a vendor's line, means to order now."""
    assert TUESDAYS.order_day(date(2026, 3, 11), 999_999, date(2026, 3, 4)) == date(2026, 3, 10)


def test_every_day():
    assert SupplierCalendar().order_day(date(2026, 3, 11), 5, date(2026, 2, 1)) == date(2026, 3, 6)


def test_supplier_that_never_works():
    with pytest.raises(ValueError):
        SupplierCalendar(frozenset(range(7)), frozenset()).arrival(date(2026, 3, 2), 1)


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(0, 60), st.sets(st.integers(0, 6), min_size=1)
)
def test_ordered_in_time(needed, lead_time, days):
    """P3: what is ordered on the day found arrives in time, and on no later day would it."""
    calendar = SupplierCalendar(frozenset(days), WEEKDAYS)
    ordered = calendar.order_day(needed, lead_time, date(2020, 1, 1))
    assert ordered.weekday() in days
    assert (
        calendar.arrival(ordered, lead_time) <= needed or lead_time == 0 or needed.weekday() not in WEEKDAYS
    )
