"""Bytes to segments, in blocks of bounded size.

The text is Latin-1 of the bytes while it is split, so that a position is a byte offset and splitting is done by
``str.split``. Only segments that hold other than ASCII or a released character are looked at more closely.
"""

from __future__ import annotations

import functools
import io
import itertools
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from .charset import decode
from .errors import WARNING, EdiSyntaxError, Issue, Position
from .segment import RELEASE, SHIFT, Element, Segment
from .separators import BLANK, EDIFACT, MAX_HEADER, X12, Separators, detect

# Small, so that a block and what is made of it stay in the processor's cache.
BLOCK = 4 * 1024
MAX_SEGMENT = 1024 * 1024
TRAILERS = {X12: "IEA", EDIFACT: "UNZ"}
# what may stand in front of and behind an interchange: blanks, NUL, end-of-file mark
_PADDING = BLANK + "\x00\x1a"
_NO_PADDING = re.compile(f"[{re.escape(_PADDING)}]*")
_BOM = "\xef\xbb\xbf"
_BOM_16 = ("\xff\xfe", "\xfe\xff")

_UNSHIFT = {ord(RELEASE): None, **{SHIFT + byte: chr(byte) for byte in range(256)}}

# what a segment is made of: parts, number, offset, text
Row = tuple[list[Element], int, int, str]
make_segment = functools.partial(tuple.__new__, Segment)


class Tokenizer:
    """The segments of all interchanges in *source*.

    :param source: bytes, or a file opened for reading bytes; it is read once, from where it stands
    :ivar separators: those of the interchange that is being read
    :ivar issues: what was odd about the form of this interchange so far
    :ivar tags: first parts of the segments of the last batch
    """

    def __init__(self, source: bytes | BinaryIO) -> None:
        self._file = io.BytesIO(source) if isinstance(source, (bytes, bytearray, memoryview)) else source
        # The part of the file in hand; what is before _position has been dealt with.
        self._text = ""
        self._position = 0
        self._base = 0
        # up to where no terminator was found, in the file
        self._searched = 0
        self._number = 0
        self._ended = False
        self.separators: Separators | None = None
        self.issues: list[Issue] = []
        self.tags: list[Element] = []

    def __iter__(self) -> Iterator[Segment]:
        """Go through the segments one by one; see :meth:`batches`."""
        for batch in self.batches():
            yield from map(make_segment, batch)

    def batches(self) -> Iterator[list[Row]]:
        """Yield segments in lists, none of which reaches over the end of an interchange; as plain tuples,
        which are what
        most of them are ever needed as. :data:`make_segment` makes a segment of one.

        :raises EdiSyntaxError: the bytes are no interchange, or end within a segment
        """
        if not self._skip_padding():
            raise EdiSyntaxError("The file is empty.", code="empty")
        while True:
            self._have(MAX_HEADER)
            found = detect(self._text, self._position, self._base)
            self.separators = found.separators
            self.issues = list(found.issues)
            self._position = found.start
            yield from self._interchange()
            if not self._skip_padding():
                return

    # -- reading ---------------------------------------------------------------------------------------------

    def _have(self, length: int) -> bool:
        """Have at least *length* characters ahead when there are so many; tell whether there are."""
        if len(self._text) - self._position >= length:
            return True
        if self._position:
            self._base += self._position
            self._text = self._text[self._position :]
            self._position = 0
        while len(self._text) < length and not self._ended:
            block = self._file.read(BLOCK)
            self._ended = not block
            self._text += block.decode("latin-1")
        return len(self._text) >= length

    def _have_more(self) -> bool:
        """Have more than now, when there is more.

        Twice as much at a time, so that a long segment is not searched anew with every block.
        """
        ahead = len(self._text) - self._position
        self._have(max(1, 2 * ahead))
        return len(self._text) - self._position > ahead

    def _skip_padding(self) -> bool:
        """Go to what is not padding; tell whether there is something."""
        if not self._base and not self._position:
            self._have(len(_BOM))
            if self._text.startswith(_BOM_16):
                raise EdiSyntaxError("The file is UTF-16; EDI files are plain bytes.", code="not_edi")
            if self._text.startswith(_BOM):
                self._position = len(_BOM)
        while self._have(1):
            self._position = _NO_PADDING.match(self._text, self._position).end()
            if self._position < len(self._text):
                return True
        return False

    # -- splitting -------------------------------------------------------------------------------------------

    def _interchange(self) -> Iterator[list[Row]]:
        trailer = TRAILERS[self.separators.standard]
        shift = _shifter(self.separators)
        while True:
            end = self._end_of_batch(trailer + self.separators.element)
            if end < 0:
                if len(self._text) - self._position > MAX_SEGMENT:
                    raise self._error("segment_too_long", f"A segment is longer than {MAX_SEGMENT} bytes.")
                if self._have_more():
                    continue
                end = self._end_without_terminator(trailer)
                if end < 0:
                    return
            chunk = self._text[self._position : end]
            if "\0" in chunk:
                raise self._zero_error(chunk)
            batch = self._split(shift(chunk) if shift else chunk, self._base + self._position)
            self._position = min(end + 1, len(self._text))
            if batch:
                yield batch
                if self.tags[-1] == trailer:
                    return

    def _end_of_batch(self, trailer: str) -> int:
        """Where the terminator is up to which segments can be split: the next trailer's, else the last one."""
        text, start = self._text, self._position
        hint = text.find(trailer, start)
        terminator, release = self.separators.terminator, self.separators.release
        # what was searched in vain before more was read is not searched again
        unsearched = max(start, self._searched - self._base)
        if hint >= 0:
            end = text.find(terminator, max(hint, unsearched))
            while end >= 0 and _released(text, start, end, release):
                end = text.find(terminator, end + 1)
            if end >= 0:
                return end
        end = text.rfind(terminator, unsearched)
        while end >= 0 and _released(text, start, end, release):
            end = text.rfind(terminator, unsearched, end)
        if end < 0:
            self._searched = self._base + len(text)
        return end

    def _split(self, chunk: str, offset: int) -> list[Row]:
        """Split what is between two terminators.

        :param offset: of the chunk in the file
        """
        stripped = chunk.lstrip(BLANK)
        offset += len(chunk) - len(stripped)
        separators = self.separators
        repetition = separators.repetition
        if not stripped.isascii() or (repetition and repetition in stripped):
            return self._split_irregular(stripped, offset)
        element, component, end = (
            separators.element,
            separators.component,
            separators.terminator + separators.suffix,
        )
        pieces = stripped.split(end)
        if component in stripped:
            table = [
                _compound(piece, element, component) if component in piece else piece.split(element)
                for piece in pieces
            ]
        else:
            table = [piece.split(element) for piece in pieces]
        self.tags = tags = [parts[0] for parts in table]
        # Other line breaks than the usual one stand in front of a tag, or a terminator was left within a piece.
        if stripped.count(separators.terminator) >= len(pieces) or _has_blank(tags):
            return self._split_irregular(stripped, offset)
        step = len(end)
        offsets = itertools.accumulate([len(piece) + step for piece in pieces], initial=offset)
        first = self._number + 1
        self._number += len(pieces)
        return list(zip(table, itertools.count(first), offsets, pieces))

    def _split_irregular(self, chunk: str, offset: int) -> list[Row]:
        separators = self.separators
        number = self._number
        batch = []
        for piece in chunk.split(separators.terminator):
            body = piece.lstrip(BLANK)
            if separators.terminator == "\n":
                body = body.rstrip("\r")
            if body:
                number += 1
                here = offset + len(piece) - len(piece.lstrip(BLANK))
                parts = _parts(body, separators) if body.isascii() else self._decoded(body, number, here)
                batch.append((parts, number, here, body))
            offset += len(piece) + 1
        self._number = number
        self.tags = [row[0][0] for row in batch]
        return batch

    def _decoded(self, body: str, number: int, offset: int) -> list[Element]:
        """Split a segment that holds released characters or other than ASCII, and decode its values."""
        separators = self.separators
        parts = _parts(body, separators)
        codec = separators.codec
        well = True

        def clean(value: str) -> str:
            nonlocal well
            if value.isascii():
                return value
            text, good = decode(value.translate(_UNSHIFT).encode("latin-1"), codec)
            well = well and good
            return text

        parts = [_each(part, clean) for part in parts]
        if not well and not any(issue.code == "charset" for issue in self.issues):
            tag = body[:3]
            self.issues.append(
                Issue(
                    "charset",
                    f"There are characters outside the announced character set ({codec}).",
                    Position(number, tag, offset=offset, end=offset + len(body)),
                    WARNING,
                )
            )
        return parts

    def _end_without_terminator(self, trailer: str) -> int:
        """Where the file ends when only the terminator of the trailer was lost, -1 when nothing is left.

        :raises EdiSyntaxError: code ``truncated``
        """
        rest = self._text[self._position :]
        body = rest.strip(_PADDING)
        if not body:
            return -1
        if not body.startswith(trailer + self.separators.element):
            raise self._error("truncated", "The file ends within a segment; the rest of it is missing.")
        start = self._base + self._position
        position = Position(self._number + 1, trailer, offset=start, end=start + len(rest))
        self.issues.append(
            Issue("missing_terminator", f"The last segment ({trailer}) has no terminator.", position, WARNING)
        )
        return self._position + len(rest.rstrip(_PADDING))

    def _zero_error(self, chunk: str) -> EdiSyntaxError:
        """A byte of zero within an interchange: no character set has it, and no database takes it."""
        before = chunk[: chunk.index("\0")]
        segments = before.split(self.separators.terminator)
        position = Position(
            self._number + len(segments),
            segments[-1].lstrip(BLANK).partition(self.separators.element)[0] or None,
            element=segments[-1].count(self.separators.element) or None,
            offset=self._base + self._position + len(before),
        )
        return EdiSyntaxError("There is a byte of zero.", code="control_character", position=position)

    def _error(self, code: str, detail: str) -> EdiSyntaxError:
        position = Position(segment=self._number + 1, offset=self._base + self._position)
        return EdiSyntaxError(detail, code=code, position=position)


def _shifter(separators: Separators) -> Callable[[str], str] | None:
    """Return what moves released characters out of the way; the text keeps its length."""
    release = separators.release
    if not release:
        return None
    pattern = re.compile(re.escape(release) + "(.)", re.DOTALL)

    def shift(text: str) -> str:
        if release not in text:
            return text
        return pattern.sub(lambda found: RELEASE + chr(ord(found[1]) + SHIFT), text)

    return shift


def _released(text: str, start: int, end: int, release: str) -> bool:
    """Whether the character at *end* has an odd number of release characters before it."""
    if not release:
        return False
    first = end
    while first > start and text[first - 1] == release:
        first -= 1
    return (end - first) % 2 == 1


def _has_blank(tags: list[Element]) -> bool:
    try:
        return any(not tag or tag[0] in BLANK for tag in set(tags))
    except TypeError:  # a tag with components, which is as rare as it is legal
        return True


def _compound(piece: str, element: str, component: str) -> list[Element]:
    parts = piece.split(element)
    if parts[0] == "ISA":
        return parts
    return [part.split(component) if component in part else part for part in parts]


def _parts(body: str, separators: Separators) -> list[Element]:
    parts: list[Element] = body.split(separators.element)
    component, repetition = separators.component, separators.repetition
    if parts[0] == "ISA":
        return parts
    for number, part in enumerate(parts):
        if repetition and repetition in part:
            parts[number] = tuple(_components(one, component) for one in part.split(repetition))
        elif component in part:
            parts[number] = part.split(component)
    return parts


def _components(part: str, component: str) -> Element:
    return part.split(component) if component in part else part


def _each(part: Element, clean: Callable[[str], str]) -> Element:
    if isinstance(part, str):
        return clean(part)
    return type(part)(_each(one, clean) for one in part)
