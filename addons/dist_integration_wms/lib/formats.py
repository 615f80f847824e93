"""Quantities and moments as canonical messages write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

DIGITS = 6
EARLIEST = datetime(2000, 1, 1)
LONGEST_AHEAD = timedelta(days=3653)


def quantity_text(number: float) -> str:
    """Return a decimal string without exponent and without zeros at the end."""
    text = f"{number:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def words(code: str) -> str:
    """Return a code of a reason as a person reads it."""
    return code.replace("_", " ")


def moment_text(moment: datetime | None) -> str | None:
    """Return a moment in UTC, as Odoo stores it, in ISO 8601."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def day_text(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d") if moment else None


def is_slip(moment: datetime, now: datetime) -> bool:
    """Return True for a moment that nobody means: before 2000, as systems write that know none, or ten years ahead."""
    return moment < EARLIEST or moment > now + LONGEST_AHEAD


def read_moment(text: str) -> datetime:
    """Return the moment of an ISO 8601 text with a zone, in UTC and without a zone, as Odoo stores it.

    :raises ValueError: no such moment
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)


def read_expiry(text: str) -> datetime:
    """Return noon in UTC of a day: the same day on every screen between UTC-12 and UTC+11.

    :raises ValueError: no such day
    """
    return datetime.strptime(text, "%Y-%m-%d").replace(hour=12)
