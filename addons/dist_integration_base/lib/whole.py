"""Find addresses, numbers and names in texts as wholes: within a longer one they stand for somebody else."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cached_property

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]{2,}")
# dates with or without a time, amounts, addresses of networks: numbers that stand for nobody
COMMON = re.compile(
    r"\d{4}-\d{1,2}(-\d{1,2}([T ].*)?)?|\d{1,2}([./])\d{1,2}\3\d{4}|[+-]?\d+[.,]\d{1,6}|\d+(\.\d+){3}(:\d+)?"
)
# what people put into a number to read it better
GAPS = " \t./()-\u00a0\u2010\u2011\u2012\u2013"
_GAP = f"[{re.escape(GAPS)}]{{0,3}}"
# shorter numbers are only looked for as they are written
FEWEST_DIGITS_GAPPED = 7
# from here on hardly a telephone number goes on, whatever follows
DIGITS_COMPLETE = 11
# digits that a text goes on with as in +33 6 12 34 56 78, rather than with a date or a time
_GOES_ON = r"(?! \d{2,4}(?![\d:./-]))"
# a line break or a sign that JSON escapes ends in a letter or digit that belongs to no word
_ESCAPED = r"(?<=\\[nrtbf])|(?<=\\u00[0-3][0-9a-f])|(?<=\\u00a0)|(?<=\\u20[0-9a-f]{2})"
_WORD = (rf"(?:(?<!\w)|{_ESCAPED})", r"(?!\w)")
# where EDIFACT has an address, behind the separator of its elements
_EDIFACT = r"(?<=\bCOM\+)"
_IN_ADDRESS = r"[.%+'\-]"
_ADDRESS = (
    rf"(?:(?<!\w)(?<!\w{_IN_ADDRESS})(?<!\w[.%'\-]{{2}})|{_ESCAPED}|(?<=\\[nrtbf]{_IN_ADDRESS})|{_EDIFACT})",
    r"(?!-{0,2}\w)(?!\.\w)",
)


class Person:
    """What a person is known by.

    :param identifiers: texts that stand for nobody else
    :param names: texts that stand for the person together with one of *places*
    """

    def __init__(
        self, identifiers: Collection[str], names: Collection[str] = (), places: Collection[str] = ()
    ) -> None:
        self.identifiers, self.names, self.places = identifiers, names, places

    def is_identified(self, text: str | None) -> bool:
        """Tell whether an identifier stands in *text*."""
        return bool(text and self._identified and self._identified.search(text))

    def is_in(self, text: str | None) -> bool:
        """Tell whether *text* is about the person."""
        if self.is_identified(text):
            return True
        patterns = self._named
        return bool(text) and all(pattern and pattern.search(text) for pattern in patterns)

    @cached_property
    def _identified(self) -> re.Pattern[str] | None:
        return compile_whole(self.identifiers)

    @cached_property
    def _named(self) -> tuple[re.Pattern[str] | None, ...]:
        return compile_whole(self.names), compile_whole(self.places)


def compile_whole(values: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern of *values* as wholes, in any case and spelling; None when there is nothing to look for.

    An e-mail address is not found within a longer one, a number not within a longer number, a word not within a longer
    word. Numbers are found with other separators too, telephone numbers with ``00`` for ``+``.
    """
    addresses, numbers, words = set(), set(), set()
    for value in filter(None, values):
        if EMAIL.fullmatch(value):
            addresses |= spellings(value)
        elif plain := to_plain_number(value):
            numbers.add(_get_number(plain, value.lstrip().startswith("+")))
        else:
            words |= spellings(value)
    found = [_join(addresses, *_ADDRESS), *sorted(numbers, key=len, reverse=True), _join(words, *_WORD)]
    pattern = "|".join(filter(None, found))
    return re.compile(pattern, re.IGNORECASE) if pattern else None


def to_plain_number(text: str) -> str | None:
    """Return a telephone number, or the number of an account or a tax, without separators, in small letters; None when
    it is none, or too short to be read with other separators.
    """
    if COMMON.fullmatch(text):
        return None
    plain = text.strip().removeprefix("+").translate(dict.fromkeys(map(ord, GAPS)))
    digits = sum(character.isdigit() for character in plain)
    if digits < FEWEST_DIGITS_GAPPED or not (plain.isascii() and plain.isalnum()):
        return None
    return plain.lower()


def spellings(text: str) -> set[str]:
    """Return *text* as it may be written: in composed and decomposed characters (NFC, NFD), in HTML, and in JSON."""
    forms = {text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD"))}
    forms |= {html.escape(form, quote=False) for form in forms}
    return forms | {json.dumps(form)[1:-1] for form in forms}


def _join(texts: Collection[str], before: str, after: str) -> str:
    """Return a pattern of *texts*, the longest first."""
    words = "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))
    return f"{before}(?:{words}){after}" if words else ""


def _get_number(plain: str, is_international: bool) -> str:
    """Return a pattern of a number with any separators."""
    before, after = _WORD
    written = _GAP.join(plain)
    if not plain.isdigit():
        return f"{before}{written}{after}"
    before, after = rf"{before}(?<!\d[-./])", rf"{after}(?![-./]\d)"
    if len(plain) < DIGITS_COMPLETE:
        after += _GOES_ON
    country = rf"(?:\+|00{_GAP})?" if is_international else r"\+?"
    return f"{before}{country}{written}{after}"
