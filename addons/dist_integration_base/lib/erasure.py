"""Take a person's data out of stored texts; what is left stays readable."""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Collection, Iterable, Iterator, Sequence

from .masking import mask, redact
from .whole import COMMON, EMAIL, GAPS, compile_whole, spellings

TOMBSTONE = "[erased]"
SHORTEST_IDENTIFIER = 6
FEWEST_DIGITS = 4
# telephone numbers: what is shorter is the beginning of many
FEWEST_DIGITS_DIALLED = 7
FEWEST_DIGITS_INTERNATIONAL = 8
_DIALLED = re.compile(rf"\+?[\d{re.escape(GAPS)}]+")
# an address of a page, a path, a number of a document such as WH/OUT/00012 or SO12345
_PLACE = re.compile(r".*(://|[^\W\d].*/|/.*[^\W\d]).*|[A-Za-z]{1,3}[-_ ]?\d{4,7}")


def is_identifier(text: str) -> bool:
    """Tell whether *text* looks like what stands for one person only, whoever knows nothing else of them.

    As of `may_identify`, but for what looks like an address of a page or the number of a document.
    """
    return may_identify(text) and not _PLACE.fullmatch(text)


def may_identify(text: str) -> bool:
    """Tell whether *text* may stand for one person only.

    That is an e-mail address; a full name, two or more words of which none begins in small letters but those between
    (``Anna van Berg``); or a number or code of six or more characters, four of them digits, and no date or amount. A
    telephone number is whole: seven digits or more, eight with the ``+`` of a country.
    """
    if EMAIL.fullmatch(text):
        return True
    if len(text) < SHORTEST_IDENTIFIER:
        return False
    digits = sum(character.isdigit() for character in text)
    if _DIALLED.fullmatch(text) and not text.isdigit():
        fewest = FEWEST_DIGITS_INTERNATIONAL if text.startswith("+") else FEWEST_DIGITS_DIALLED
        return digits >= fewest and not COMMON.fullmatch(text)
    if digits:
        return digits >= FEWEST_DIGITS and not COMMON.fullmatch(text)
    words = text.split()
    return len(words) > 1 and all(
        word[0].isalpha() and not word[0].islower() for word in (words[0], words[-1])
    )


def erase_text(text: str | None, values: Collection[str]) -> str | None:
    """Return *text* without *values*; see `redact` for what counts as one."""
    return redact(text, values, TOMBSTONE) if text else text


def erase_document(text: str | None, values: Collection[str], paths: Sequence[str]) -> str | None:
    """Return a JSON text without what stands at *paths*, and without *values* anywhere.

    What is not JSON is replaced as a whole: nobody can say what in it tells of the person.
    """
    document, readable = _read(text)
    if not readable:
        return json.dumps(TOMBSTONE) if text else text
    erased = redact(mask(document, paths, replacement=TOMBSTONE), values, TOMBSTONE)
    return json.dumps(erased, ensure_ascii=False)


def erase_items(
    text: str | None, values: Collection[str], paths: Sequence[str], indexes: Collection[int]
) -> str | None:
    """Return a bulk call, an object with ``items``, without what stands at *paths* of the items at *indexes*."""
    document, readable = _read(text)
    if not readable or not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return json.dumps(TOMBSTONE) if text else text
    items = [
        mask(item, paths, replacement=TOMBSTONE) if index in indexes else item
        for index, item in enumerate(document["items"])
    ]
    return json.dumps(redact({**document, "items": items}, values, TOMBSTONE), ensure_ascii=False)


def erase_answer(text: str | None, values: Collection[str], paths: Sequence[str]) -> str | None:
    """Return an answer to a message without *values*, and without what has the name of a value at *paths*: its
    shape is another than the message's.
    """
    document, readable = _read(text)
    if not readable:
        return erase_text(text, values)
    erased = redact(mask(document, by_name(paths), replacement=TOMBSTONE), values, TOMBSTONE)
    return json.dumps(erased, ensure_ascii=False)


def by_name(paths: Sequence[str]) -> list[str]:
    """Return paths that lead to the names at the end of *paths*, at any depth."""
    names = {path.replace("[]", "").rpartition(".")[2] for path in paths}
    return [f"**.{name}" for name in sorted(names - {"", "*"})]


def holds(blocks: Iterable[bytes], texts: Collection[str]) -> bool:
    """Tell whether one of *texts* stands in a file as a whole, in any case and spelling.

    :param blocks: parts of a file; it is read as UTF-8, and as Latin-1 where that makes a difference
    """
    pattern = compile_whole(texts)
    if not pattern:
        return False
    written = {spelling for text in texts for spelling in spellings(text)}
    charsets = ["utf-8"] if all(map(str.isascii, written)) else ["utf-8", "latin-1"]
    # a number may have gaps between its digits
    searches = [_Search(pattern, charset, 4 * max(map(len, written))) for charset in charsets]
    for block in blocks:
        found = [search.feed(block) for search in searches]
        if any(found):
            return True
    return any(search.finish() for search in searches)


class _Search:
    """Looks for a pattern in a text that comes in parts, and sees beyond their borders."""

    # characters that a pattern looks at before and behind what it finds
    SEEN = 8

    def __init__(self, pattern: re.Pattern[str], charset: str, longest: int) -> None:
        self.pattern, self.longest = pattern, longest
        self.decoder = getincrementaldecoder(charset)("ignore")
        self.text, self.start = "", 0

    def feed(self, block: bytes) -> bool:
        """Return whether it is found where what follows is known too."""
        self.text += self.decoder.decode(block)
        if any(match.end() + self.SEEN <= len(self.text) for match in self._find()):
            return True
        kept = self.longest + 2 * self.SEEN
        if len(self.text) > kept:
            self.text, self.start = self.text[-kept:], self.SEEN
        return False

    def finish(self) -> bool:
        """Return whether it is found at the end."""
        return any(self._find())

    def _find(self) -> Iterator[re.Match[str]]:
        return self.pattern.finditer(self.text, self.start)


def _read(text: str | None) -> tuple[object, bool]:
    try:
        return json.loads(text or ""), True
    except ValueError:
        return None, False
