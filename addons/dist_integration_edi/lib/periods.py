"""Prices that hold for a time: what is left of the ones before when a new one comes between them."""

from __future__ import annotations

from datetime import date, timedelta

_DAY = timedelta(days=1)

# first and last day; None: open
Period = tuple[date | None, date | None]


def remains(old: Period, new: Period) -> list[Period]:
    """Return what of a period is outside of another: nothing, its beginning, its end, or both."""
    start, end = old
    first, last = new
    if (first and end and end < first) or (last and start and start > last):
        return [old]
    found: list[Period] = []
    if first and (start is None or start < first):
        found.append((start, first - _DAY))
    if last and (end is None or end > last):
        found.append((last + _DAY, end))
    return found
