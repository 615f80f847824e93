"""P1: buckets by the warehouse's own calendar."""

from datetime import date, datetime

import pytest
from dist_integration_planning.lib import calendar
from hypothesis import given
from hypothesis import strategies as st


def test_local_date():
    """P1: a sale late on Sunday evening in New York is Sunday's, though it is Monday in UTC."""
    moment = datetime(2026, 3, 2, 3, 30)
    assert calendar.local_date(moment, "America/New_York") == date(2026, 3, 1)
    assert calendar.local_date(moment, "Europe/Vienna") == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("kind", "first_weekday", "start"),
    [
        ("day", 0, date(2026, 3, 4)),
        ("week", 0, date(2026, 3, 2)),
        ("week", 6, date(2026, 3, 1)),
        ("month", 0, date(2026, 3, 1)),
    ],
)
def test_bucket_start(kind, first_weekday, start):
    assert calendar.bucket_start(date(2026, 3, 4), kind, first_weekday) == start


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(calendar.KINDS), st.integers(0, 6))
def test_buckets_have_no_gap(day, kind, first_weekday):
    """P1: each day is in one bucket, long after 2030 too."""
    start = calendar.bucket_start(day, kind, first_weekday)
    assert start <= day < calendar.next_bucket(start, kind)
    assert calendar.bucket_start(start, kind, first_weekday) == start


def test_bucket_starts():
    assert calendar.bucket_starts(date(2026, 11, 1), 3, "month") == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]


@pytest.mark.parametrize("function", [calendar.bucket_start, calendar.next_bucket])
def test_unknown_buckets_are_refused(function):
    with pytest.raises(ValueError, match="no bucket 'decade'"):
        function(date(2026, 1, 1), "decade")
