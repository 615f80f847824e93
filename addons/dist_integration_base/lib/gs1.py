"""GS1 identification keys: check digits, GTIN in its 14-digit form, SSCC.

Source: GS1 General Specifications, sections 7.9 (check digit) and 3.3 (GTIN, SSCC).
"""

from __future__ import annotations

from .errors import IntegrationError

GTIN_LENGTHS = (8, 12, 13, 14)
SSCC_LENGTH = 18
GLN_LENGTH = 13


class InvalidCodeError(IntegrationError):
    """The text is not a GS1 key. Codes: ``not_digits``, ``wrong_length``, ``wrong_check_digit``."""

    code = "invalid_code"


def check_digit(digits: str) -> int:
    """Return the check digit that follows *digits*.

    :param digits: the key without its check digit
    :raises InvalidCodeError: not only digits 0 to 9
    """
    _check_digits(digits, "code")
    # Weights 3 and 1 alternate, and the digit beside the check digit always has 3, whatever the length.
    total = sum(
        int(digit) * (3 if position % 2 == 0 else 1) for position, digit in enumerate(reversed(digits))
    )
    return -total % 10


def is_valid(code: str) -> bool:
    """Whether the last digit of *code* is the check digit of the others."""
    return len(code) > 1 and code.isascii() and code.isdigit() and check_digit(code[:-1]) == int(code[-1])


def normalize_gtin(code: str) -> str:
    """Return *code* as GTIN-14, zeros in front: GTIN-8, UPC-A (12), EAN-13 and ITF-14 of one item become
    equal.

    :param code: blanks and hyphens are skipped
    :raises InvalidCodeError: length, digits or check digit
    """
    digits = _clean(code)
    _check_digits(digits, "GTIN")
    if len(digits) not in GTIN_LENGTHS:
        raise InvalidCodeError(
            f"A GTIN has 8, 12, 13 or 14 digits, this one {len(digits)}.", code="wrong_length"
        )
    _check_last(digits, "GTIN")
    return digits.zfill(14)


def validate_sscc(code: str) -> str:
    """Return the 18 digits of an SSCC; blanks, hyphens and the application identifier ``(00)`` are skipped.

    :raises InvalidCodeError: length, digits or check digit
    """
    digits = _clean(code)
    if digits.startswith("(00)"):
        digits = digits[4:]
    elif len(digits) == SSCC_LENGTH + 2 and digits.startswith("00"):
        digits = digits[2:]
    return _fixed(digits, SSCC_LENGTH, "SSCC")


def validate_gln(code: str) -> str:
    """Return the 13 digits of a GLN (a party or a place); :class:`InvalidCodeError` otherwise."""
    return _fixed(_clean(code), GLN_LENGTH, "GLN")


def build_sscc(extension_digit: int, company_prefix: str, serial: int) -> str:
    """Return an SSCC: extension digit, company prefix, serial number padded to fit, check digit.

    :param extension_digit: 0 to 9, chosen by the company
    :param company_prefix: GS1 company prefix, 4 to 12 digits
    :param serial: number of the package, from 0
    :raises InvalidCodeError: code ``not_digits`` or ``wrong_length``, also when the serial number no longer
        fits
    """
    _check_digits(company_prefix, "company prefix")
    if not 4 <= len(company_prefix) <= 12:
        raise InvalidCodeError("A GS1 company prefix has 4 to 12 digits.", code="wrong_length")
    if not 0 <= extension_digit <= 9:
        raise InvalidCodeError("The extension digit is 0 to 9.", code="wrong_length")
    room = SSCC_LENGTH - 2 - len(company_prefix)
    if serial < 0 or len(str(serial)) > room:
        raise InvalidCodeError(f"The serial number does not fit in {room} digits.", code="wrong_length")
    start = f"{extension_digit}{company_prefix}{serial:0{room}d}"
    return start + str(check_digit(start))


def _clean(code: str) -> str:
    return code.replace(" ", "").replace("-", "")


def _fixed(digits: str, length: int, what: str) -> str:
    _check_digits(digits, what)
    if len(digits) != length:
        raise InvalidCodeError(f"A {what} has {length} digits, this one {len(digits)}.", code="wrong_length")
    _check_last(digits, what)
    return digits


def _check_digits(digits: str, what: str) -> None:
    # isdigit alone lets through digits of other scripts.
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidCodeError(f"A {what} holds only the digits 0 to 9.", code="not_digits")


def _check_last(digits: str, what: str) -> None:
    expected = check_digit(digits[:-1])
    if expected != int(digits[-1]):
        raise InvalidCodeError(
            f"The check digit of the {what} is {digits[-1]}, it should be {expected}.",
            code="wrong_check_digit",
        )
