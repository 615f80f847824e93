"""Element strings of GS1-128 symbols, as on logistic labels.

Source: GS1 General Specifications, sections 3 (application identifiers), 5.4 (GS1-128) and 7.11 (character set 82).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .gs1 import InvalidCodeError

# Function 1, as Code 128 encoders take it: it starts the symbol, and ends what has no fixed length.
FNC1 = "\xf1"
# application identifier to the form of its data and whether its length is one of the predefined ones
_FORMS = {
    "00": (r"\d{18}", True),
    "02": (r"\d{14}", True),
    "10": (r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}", False),
    "17": (r"\d{6}", True),
    "37": (r"\d{1,8}", False),
}


def symbol(elements: Sequence[tuple[str, str]]) -> str:
    """Return what a GS1-128 symbol encodes.

    :param elements: application identifier and data of each, those of fixed length first
    :raises InvalidCodeError: data that its identifier does not take; code ``wrong_form``
    """
    text = FNC1
    for place, (identifier, data) in enumerate(elements, 1):
        form, is_fixed = _FORMS[identifier]
        if not re.fullmatch(form, data, re.ASCII):
            raise InvalidCodeError(f"({identifier}) does not take {data[:40]!r}.", code="wrong_form")
        text += identifier + data + ("" if is_fixed or place == len(elements) else FNC1)
    return text


def readable(elements: Iterable[tuple[str, str]]) -> str:
    """Return the same for people: identifiers in brackets."""
    return " ".join(f"({identifier}) {data}" for identifier, data in elements)
