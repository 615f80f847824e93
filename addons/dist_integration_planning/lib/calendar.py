"""Buckets of time: their start is a local date in the warehouse's time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

KINDS = ("day", "week", "month")


def local_date(moment: datetime, zone: str) -> date:
    """Date at a place of a moment in UTC: what is sold at 23:30 local time belongs to that day, not the next.

    :param moment: naive, in UTC, as Odoo stores it
    :param zone: IANA name of the warehouse's time zone
    """
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).date()


def bucket_start(day: date, kind: str, first_weekday: int = 0) -> date:
    """First day of the bucket that a day belongs to.

    :param kind: ``day``, ``week`` or ``month``
    :param first_weekday: 0 for Monday to 6 for Sunday
    :raises ValueError: an unknown kind
    """
    if kind == "day":
        return day
    if kind == "week":
        return day - timedelta(days=(day.weekday() - first_weekday) % 7)
    if kind == "month":
        return day.replace(day=1)
    raise ValueError(f"There is no bucket {kind!r}; use one of {', '.join(KINDS)}.")


def next_bucket(start: date, kind: str) -> date:
    """First day of the bucket after the one that starts on a day."""
    if kind == "month":
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    if kind not in KINDS:
        raise ValueError(f"There is no bucket {kind!r}; use one of {', '.join(KINDS)}.")
    return start + timedelta(days=7 if kind == "week" else 1)


def bucket_starts(start: date, count: int, kind: str) -> list[date]:
    """Starts of that many buckets, beginning with the one that starts on a day."""
    found = []
    for _index in range(count):
        found.append(start)
        start = next_bucket(start, kind)
    return found


def bucket_days(kind: str) -> float:
    """Mean number of days in a bucket."""
    return {"day": 1.0, "week": 7.0, "month": 365.25 / 12}[kind]


def season_length(kind: str) -> int:
    """Buckets in a season: a week of days, a year of weeks or months."""
    return {"day": 7, "week": 52, "month": 12}[kind]
