"""What is left of a price when another one comes."""

from datetime import date, timedelta

from dist_integration_edi.lib.periods import remains
from hypothesis import given
from hypothesis import strategies as st

JANUARY, MARCH, MAY, JULY = (date(2026, month, 1) for month in (1, 3, 5, 7))
EVE = date(2026, 2, 28)
days = st.dates(date(2026, 1, 1), date(2026, 3, 1))
periods = st.tuples(st.none() | days, st.none() | days).filter(
    lambda period: None in period or period[0] <= period[1]
)


def test_an_open_price_ends_the_day_before():
    """E2: the old price holds until the new one does."""
    assert remains((None, None), (MARCH, None)) == [(None, EVE)]
    assert remains((JANUARY, None), (MARCH, None)) == [(JANUARY, EVE)]


def test_a_price_for_a_time_interrupts_the_one_before():
    """E2: behind it the old price holds again."""
    assert remains((JANUARY, None), (MARCH, MAY)) == [(JANUARY, EVE), (MAY + timedelta(1), None)]
    assert remains((JANUARY, JULY), (None, MARCH)) == [(MARCH + timedelta(1), JULY)]


def test_what_is_covered_is_gone_and_the_rest_stays():
    """E2: a price of another time is not touched."""
    assert remains((MARCH, MAY), (JANUARY, JULY)) == []
    assert remains((JANUARY, EVE), (MARCH, None)) == [(JANUARY, EVE)]
    assert remains((MAY, None), (JANUARY, MARCH)) == [(MAY, None)]


@given(periods, periods)
def test_no_day_is_lost_or_doubled(old, new):
    """E2: a day of the old price is in what is left of it unless the new one holds."""
    left = remains(old, new)
    for number in range(-2, 63):
        day = date(2026, 1, 1) + timedelta(number)
        held = sum(_holds(part, day) for part in left)
        assert held == (_holds(old, day) and not _holds(new, day))


def _holds(period, day):
    start, end = period
    return (start is None or start <= day) and (end is None or day <= end)
