"""Values of both standards: texts to canonical ones and back.

Numbers are Decimal and leave as texts, dates are ISO 8601. A reader raises :class:`ValueProblem`, whose code the
acknowledgement translates.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

MAX_DIGITS = 30
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_X12_DATES = {6: "%y%m%d", 8: "%Y%m%d"}
# UN/EDIFACT code list 2379; a zone at the end of 303 and 304 is left to the receiver.
_EDIFACT_DATES = {
    "2": "%d%m%y",
    "3": "%m%d%y",
    "101": "%y%m%d",
    "102": "%Y%m%d",
    "201": "%y%m%d%H%M",
    "202": "%y%m%d%H%M%S",
    "203": "%Y%m%d%H%M",
    "204": "%Y%m%d%H%M%S",
    "303": "%Y%m%d%H%M",
    "304": "%Y%m%d%H%M%S",
    "718": "%Y%m%d",
    "719": "%Y%m%d%H%M",
}


class ValueProblem(ValueError):
    """A value cannot be read. Codes: ``invalid_number``, ``invalid_date``, ``invalid_time``."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def read_decimal(text: str, marks: str = ".") -> Decimal:
    """Read a number of type R.

    :param marks: what the decimals may stand behind: a point in X12, where a comma is none; point or comma in EDIFACT,
        whatever UNA says
    """
    cleaned = text.strip()
    for mark in marks:
        cleaned = cleaned.replace(mark, ".")
    if not _PLAIN.fullmatch(cleaned) or not cleaned.isascii() or len(cleaned) > MAX_DIGITS:
        raise ValueProblem("invalid_number", f'"{text[:40]}" is not a number.')
    return Decimal(cleaned)


def read_integer(text: str) -> int:
    """Read a number of whole pieces."""
    value = read_decimal(text)
    if value != value.to_integral_value():
        raise ValueProblem("invalid_number", f'"{text[:40]}" is not a whole number.')
    return int(value)


def read_implied(text: str, places: int) -> Decimal:
    """Read a number of type N0 to N9: whole, with *places* decimals implied. An explicit point is believed."""
    value = read_decimal(text)
    return value if "." in text else value.scaleb(-places)


def format_decimal(value: Decimal) -> str:
    """Return a number as canonical text: plain notation, no needless zeros."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def write_decimal(text: str, mark: str = ".") -> str:
    """Return a canonical number as type R, or with EDIFACT's decimal mark."""
    return format_decimal(read_decimal(text)).replace(".", mark)


def write_implied(text: str, places: int) -> str:
    """Return a canonical number as type N0 to N9.

    :raises ValueProblem: it has more decimals than fit
    """
    scaled = read_decimal(text).scaleb(places)
    if scaled != scaled.to_integral_value():
        raise ValueProblem("invalid_number", f"{text} has more than {places} decimals.")
    return format_decimal(scaled)


def read_date(text: str) -> str:
    """Read a date of X12, CCYYMMDD or YYMMDD, as ``2026-03-02``."""
    return _parse(text, _X12_DATES.get(len(text)), text).date().isoformat()


def read_moment(date: str, time: str = "") -> str:
    """Read a date and a time (HHMM, HHMMSS, with hundredths) of X12 as ``2026-03-02T14:05:00Z``."""
    day = read_date(date)
    if not time:
        return f"{day}T00:00:00Z"
    if not (len(time) in (4, 6, 7, 8) and time.isascii() and time.isdigit()):
        raise ValueProblem("invalid_time", f'"{time[:20]}" is not a time.')
    clock = f"{time[:2]}:{time[2:4]}:{time[4:6] or '00'}"
    try:
        datetime.strptime(clock, "%H:%M:%S")
    except ValueError:
        raise ValueProblem("invalid_time", f'"{time[:20]}" is not a time.') from None
    return f"{day}T{clock}Z"


def read_edifact_moment(text: str, form: str) -> str:
    """Read a date of C507 (2380 by the format 2379) as ``2026-03-02T14:05:00Z``."""
    if form == "616":
        # A week, CCYYWW: its Monday.
        return _parse(text, "%G%V%u", text, "1").strftime("%Y-%m-%dT%H:%M:%SZ")
    pattern = _EDIFACT_DATES.get(form or "102")
    if pattern is None:
        raise ValueProblem("invalid_date", f"The date format {form[:10]} is not known.")
    if form in ("303", "304", "718", "719"):
        # A period starts with its first day, a zone stands at the end.
        text = text[: {"303": 12, "304": 14, "718": 8, "719": 12}[form]]
    if not form and len(text) in (10, 12, 14):
        pattern = {10: "%y%m%d%H%M", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}[len(text)]
    return _parse(text, pattern, text).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_edifact_date(text: str, form: str) -> str:
    """Read a date of C507 as ``2026-03-02``."""
    return read_edifact_moment(text, form)[:10]


def write_date(text: str) -> str:
    """Return a canonical date, or the day of a moment, as CCYYMMDD."""
    try:
        return datetime.fromisoformat(text[:10]).strftime("%Y%m%d")
    except ValueError:
        raise ValueProblem("invalid_date", f'"{text[:40]}" is not a date.') from None


def write_time(text: str) -> str:
    """Return the time of a canonical moment as HHMM; a date has none."""
    return text[11:16].replace(":", "")


def write_edifact_moment(text: str) -> tuple[str, str]:
    """Return a canonical date or moment as value and format: 102 without time, 203 with one."""
    clock = write_time(text)
    return (write_date(text) + clock, "203") if clock and clock != "0000" else (write_date(text), "102")


def _parse(text: str, pattern: str | None, shown: str, more: str = "") -> datetime:
    text += more
    expected = None if pattern is None else len(datetime(2000, 11, 22, 13, 44, 55).strftime(pattern))
    if pattern and text.isascii() and text.isdigit() and len(text) == expected:
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            pass
    raise ValueProblem("invalid_date", f'"{shown[:40]}" is not a date.')


def gtin_14(code: str) -> str | None:
    """Return a GTIN-8, -12, -13 or -14 as GTIN-14, None when its length or check digit is wrong.

    Source: GS1 General Specifications, section 7.9.
    """
    if not (code.isascii() and code.isdigit() and len(code) in (8, 12, 13, 14)):
        return None
    return code.zfill(14) if has_check_digit(code) else None


def short_gtin(gtin: str) -> str:
    """Return a GTIN-14 with 12, 13 or 14 digits, as few as it needs."""
    digits = gtin.lstrip("0")
    return digits.zfill(next(size for size in (12, 13, max(14, len(digits))) if len(digits) <= size))


def has_check_digit(code: str) -> bool:
    """Whether the last digit of a GTIN, GLN or SSCC is right."""
    digits = [int(digit) for digit in reversed(code)]
    return sum(digit * (3 if position % 2 else 1) for position, digit in enumerate(digits)) % 10 == 0
