"""W1: cut-off times on the clock of the warehouse."""

from datetime import datetime, timedelta

import pytest
from dist_integration_wms.lib.cutoff import Cutoff, last_cutoff, next_cutoff
from hypothesis import given
from hypothesis import strategies as st

ALL = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [
        # Monday morning in winter: 10:00 in Berlin is 09:00 UTC
        (datetime(2026, 3, 2, 8, 59), datetime(2026, 2, 27, 13), datetime(2026, 3, 2, 9)),
        (datetime(2026, 3, 2, 9, 0), datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 13)),
        (datetime(2026, 3, 2, 23, 30), datetime(2026, 3, 2, 13), datetime(2026, 3, 3, 9)),
        # Monday after the clocks went forward: 10:00 is 08:00 UTC
        (datetime(2026, 3, 30, 8, 0), datetime(2026, 3, 30, 8), datetime(2026, 3, 30, 12)),
    ],
)
def test_weekdays(now, last, following):
    """W1: weekends are left out, summer time is kept."""
    cutoffs = [Cutoff(10, WEEKDAYS), Cutoff(14, WEEKDAYS)]
    assert last_cutoff(now, BERLIN, cutoffs) == last
    assert next_cutoff(now, BERLIN, cutoffs) == following


def test_other_side_of_the_date_line():
    """W1: in Auckland it is Monday already."""
    assert last_cutoff(datetime(2026, 3, 1, 22, 0), "Pacific/Auckland", [Cutoff(10.5, WEEKDAYS)]) == datetime(
        2026, 3, 1, 21, 30
    )


@pytest.mark.parametrize("hour", [2.5, 3])
def test_clock_changes(hour):
    """W1: an hour that is skipped or comes twice has one cut-off all the same."""
    for day in (datetime(2026, 3, 29), datetime(2026, 10, 25)):
        found = last_cutoff(day + timedelta(hours=20), BERLIN, [Cutoff(hour, ALL)])
        assert day <= found < day + timedelta(hours=4)


def test_none():
    assert last_cutoff(datetime(2026, 3, 2), BERLIN, []) is None
    assert next_cutoff(datetime(2026, 3, 2), BERLIN, []) is None


@given(
    now=st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    hours=st.lists(st.integers(0, 1439).map(lambda minutes: minutes / 60), min_size=1, max_size=4),
    days=st.sets(st.integers(0, 6), min_size=1),
    zone=st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
)
def test_neighbours(now, hours, days, zone):
    """W1: between the last cut-off and the next one there is no other, and both are within a week and a day."""
    cutoffs = [Cutoff(hour, frozenset(days)) for hour in hours]
    last, following = last_cutoff(now, zone, cutoffs), next_cutoff(now, zone, cutoffs)
    assert last <= now < following
    assert following - last <= timedelta(days=7, hours=2)
    assert next_cutoff(last, zone, cutoffs) == following
    assert last_cutoff(following, zone, cutoffs) == following
