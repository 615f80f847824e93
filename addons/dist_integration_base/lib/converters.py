"""Built-in converters of a mapping: how a partner's spelling of a value becomes ours.

Each takes ``(value, argument)`` and returns the canonical value, or raises :class:`ConversionError` with a
detail that reads on after the name of the field ("is not a date"). Nothing is guessed: where a spelling could
mean two things, the argument has to say which.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

from .errors import IntegrationError

MAX_DIGITS = 40


class ConversionError(IntegrationError):
    """A value cannot be read the way the mapping says."""

    code = "conversion"


@dataclass(frozen=True)
class _BuiltIn:
    convert: Callable[[Any, str], Any]
    check_argument: Callable[[str], None]

    def __call__(self, value: Any, argument: str = "") -> Any:
        return self.convert(value, argument)

    def check(self, argument: str) -> None:
        """Raise ``ValueError`` with a reason when the converter cannot work with *argument*."""
        self.check_argument(argument)


def _no_argument(argument: str) -> None:
    if argument:
        raise ValueError("takes nothing in brackets")


def _length_argument(argument: str) -> None:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", argument):
        raise ValueError("needs a number of characters in brackets")


def _scale_argument(argument: str) -> None:
    if not re.fullmatch(r"[0-9]|1[0-8]", argument):
        raise ValueError("needs a number of decimals, 0 to 18, in brackets")


def _decimal_argument(argument: str) -> None:
    if argument not in ("", "point", "comma"):
        raise ValueError("takes point or comma in brackets")


def _date_argument(argument: str) -> None:
    for pattern in filter(None, argument.split(";")):
        _check_pattern(pattern)


def _datetime_argument(argument: str) -> None:
    pattern, _semicolon, zone = argument.partition(";")
    if pattern and pattern not in ("unix", "iso"):
        _check_pattern(pattern)
    if zone:
        _zone(zone)


def _boolean_argument(argument: str) -> None:
    if argument and argument.count(";") != 1:
        raise ValueError("takes the words for yes and no, such as J;N")


def _check_pattern(pattern: str) -> None:
    if "%" not in pattern:
        raise ValueError(f'"{pattern[:30]}" is not a pattern such as %d.%m.%Y')
    try:
        sample = datetime(2024, 5, 31, 13, 45, tzinfo=timezone.utc)
        datetime.strptime(sample.strftime(pattern), pattern)
    except ValueError:
        raise ValueError(f'"{pattern[:30]}" is not a pattern such as %d.%m.%Y') from None


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name.strip())
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{name[:40]}" is not a time zone such as Europe/Berlin') from None


# -- text ----------------------------------------------------------------------------------------------------


def text(value: Any, argument: str = "") -> str:
    """Return *value* as text without blanks around it; whole numbers and decimals are written out."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ConversionError("is not a text")
    return format(_bounded(Decimal(value)), "f")


def upper(value: Any, argument: str = "") -> str:
    """Return :func:`text` in capitals."""
    return text(value).upper()


def lower(value: Any, argument: str = "") -> str:
    """Return :func:`text` in small letters."""
    return text(value).lower()


def cut(value: Any, argument: str) -> str:
    """Return the first *argument* characters of :func:`text`."""
    return text(value)[: int(argument)].rstrip()


# -- numbers -------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[,' \u00a0\u202f\u2019][0-9]{3})+(?:\.[0-9]+)?")
_SWAP = str.maketrans(",.", ".,")


def decimal(value: Any, argument: str = "") -> str:
    """Return a decimal string: no grouping, no exponent, decimals as given.

    :param value: text, int, Decimal or finite float; a minus may stand behind, as SAP writes it
    :param argument: ``point`` reads 1,234.50, ``comma`` reads 1.234,50; when empty, a point is the decimal
        sign and any grouping is refused, because 1,234 means two different numbers
    """
    return format(_read_decimal(value, argument), "f")


def quantity(value: Any, argument: str = "") -> str:
    """Return :func:`decimal` without needless zeros: 12.000 becomes 12."""
    number = _read_decimal(value, argument)
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "") else plain


def integer(value: Any, argument: str = "") -> int:
    """Return a whole number; 12.00 is one, 12.5 is not."""
    number = _read_decimal(value, argument)
    if number != number.to_integral_value():
        raise ConversionError("is not a whole number")
    return int(number)


def implied_decimal(value: Any, argument: str) -> str:
    """Return a decimal string from digits whose last *argument* are decimals: 0001250 with 2 is 12.50.

    This is X12's type Nn. A decimal sign in the text is an error.
    """
    negative, digits = _sign(text(value))
    if not re.fullmatch(f"[0-9]{{1,{MAX_DIGITS}}}", digits):
        raise ConversionError("is not a number with implied decimals")
    # Built from its parts: scaling would round to the 28 digits of the decimal context.
    coefficient = tuple(map(int, str(int(digits))))
    sign = int(bool(negative) and coefficient != (0,))
    return format(Decimal((sign, coefficient, -int(argument))), "f")


def _read_decimal(value: Any, argument: str) -> Decimal:
    if isinstance(value, bool):
        raise ConversionError("is not a number")
    if isinstance(value, float):
        # The shortest text that gives the same float is what was meant: 0.1 and not 0.1000000000000000055.
        value = Decimal(repr(value))
    if isinstance(value, (int, Decimal)):
        return _bounded(Decimal(value))
    if not isinstance(value, str):
        raise ConversionError("is not a number")
    negative, digits = _sign(value.strip())
    if argument == "comma":
        digits = digits.translate(_SWAP)
    if argument and _GROUPED.fullmatch(digits):
        digits = re.sub(r"[,' \u00a0\u202f\u2019]", "", digits)
    if not _PLAIN.fullmatch(digits) or not digits.isascii():
        hint = "" if argument or "," not in digits else ": say whether its comma is a decimal sign"
        raise ConversionError(f"is not a number{hint}")
    return _bounded(Decimal(negative + digits))


def _sign(written: str) -> tuple[str, str]:
    """Split off a sign before or behind, return ``("-" or "", rest)``."""
    if written[:1] in ("+", "-"):
        return written[0].replace("+", ""), written[1:]
    if written[-1:] in ("+", "-"):
        return written[-1].replace("+", ""), written[:-1].rstrip()
    return "", written


def _bounded(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise ConversionError("is not a number")
    if len(number.as_tuple().digits) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
        raise ConversionError(f"has more than {MAX_DIGITS} digits")
    return number


# -- time ----------------------------------------------------------------------------------------------------


def to_date(value: Any, argument: str = "") -> str:
    """Return ``YYYY-MM-DD``.

    :param argument: patterns as of ``strptime`` separated by semicolons, tried in order; ISO 8601 when empty
    """
    if isinstance(value, datetime) or not isinstance(value, (str, int, date)) or isinstance(value, bool):
        raise ConversionError("is not a date")
    if isinstance(value, date):
        return value.isoformat()
    written = str(value).strip()
    if not argument:
        # fromisoformat reads more forms from Python 3.11 on; a message must mean the same on every server.
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written) and written.isascii():
            try:
                return date.fromisoformat(written).isoformat()
            except ValueError:
                pass
        raise ConversionError("is not a date such as 2024-05-31")
    for pattern in filter(None, argument.split(";")):
        moment = _strptime(written, pattern)
        if moment is not None:
            return moment.date().isoformat()
    raise ConversionError(f"is not a date of the form {argument}")


_ISO_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def to_datetime(value: Any, argument: str = "") -> str:
    """Return ``YYYY-MM-DDTHH:MM:SSZ`` in UTC.

    :param argument: ``pattern;zone``: a ``strptime`` pattern, ``iso`` (also when empty) or ``unix``; the zone
        is that of a time which names none. Without one such a time is refused: nobody should guess an hour.
    """
    pattern, _semicolon, zone = argument.partition(";")
    moment = value if isinstance(value, datetime) else _read_datetime(value, pattern)
    if moment.tzinfo is None:
        if not zone:
            raise ConversionError("has no time zone, and the mapping names none")
        moment = moment.replace(tzinfo=_zone(zone))
    try:
        moment = moment.astimezone(timezone.utc)
    except OverflowError:
        raise ConversionError("is out of range") from None
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _read_datetime(value: Any, pattern: str) -> datetime:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ConversionError("is not a date and time")
    written = str(value).strip()
    if pattern == "unix":
        if not re.fullmatch(r"-?[0-9]{1,11}", written):
            raise ConversionError("is not a time in Unix seconds")
        return datetime.fromtimestamp(int(written), tz=timezone.utc)
    if pattern in ("", "iso"):
        return _read_iso_datetime(written)
    moment = _strptime(written, pattern)
    if moment is None:
        raise ConversionError(f"is not a date and time of the form {pattern}")
    return moment


def _read_iso_datetime(written: str) -> datetime:
    match = _ISO_DATETIME.fullmatch(written)
    if match and written.isascii():
        zone = match["zone"] or ""
        body = written[: len(written) - len(zone)]
        if "." in body:
            # Python 3.10 reads 3 or 6 decimals only.
            body, _point, fraction = body.partition(".")
            body += "." + fraction[:6].ljust(6, "0")
        offset = "+00:00" if zone == "Z" else zone if ":" in zone or not zone else f"{zone[:3]}:{zone[3:]}"
        try:
            return datetime.fromisoformat(body + offset)
        except ValueError:
            pass
    raise ConversionError("is not a date and time such as 2024-05-31T13:45:00Z")


def _strptime(written: str, pattern: str) -> datetime | None:
    if len(written) > 100 or not written.isascii():
        return None
    try:
        moment = datetime.strptime(written, pattern)
        adjacent = re.search(r"%[A-Za-z]%[A-Za-z]", pattern) and "%z" not in pattern
        # Without separators strptime lets digits slip from one field to the next: 2024131 under %Y%m%d.
        # (strftime may write years before 1000 without leading zeros; nobody ships then.)
        if adjacent and moment.strftime(pattern) != written:
            return None
    except (ValueError, OverflowError):
        return None
    return moment


# -- yes and no ----------------------------------------------------------------------------------------------

_YES = frozenset(("true", "1", "yes", "y", "t", "on"))
_NO = frozenset(("false", "0", "no", "n", "f", "off"))


def boolean(value: Any, argument: str = "") -> bool:
    """Return True or False.

    :param argument: the words for yes and no, ``J;N``; several of one kind separated by commas; English when
        empty
    """
    if isinstance(value, bool):
        return value
    word = text(value).lower()
    yes, no = _YES, _NO
    if argument:
        yes, no = (
            frozenset(part.strip().lower() for part in half.split(",")) for half in argument.split(";")
        )
    if word in yes:
        return True
    if word in no:
        return False
    raise ConversionError("is neither yes nor no")


BUILT_IN: dict[str, _BuiltIn] = {
    "text": _BuiltIn(text, _no_argument),
    "upper": _BuiltIn(upper, _no_argument),
    "lower": _BuiltIn(lower, _no_argument),
    "cut": _BuiltIn(cut, _length_argument),
    "decimal": _BuiltIn(decimal, _decimal_argument),
    "quantity": _BuiltIn(quantity, _decimal_argument),
    "integer": _BuiltIn(integer, _decimal_argument),
    "implied_decimal": _BuiltIn(implied_decimal, _scale_argument),
    "date": _BuiltIn(to_date, _date_argument),
    "datetime": _BuiltIn(to_datetime, _datetime_argument),
    "boolean": _BuiltIn(boolean, _boolean_argument),
}
