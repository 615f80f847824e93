"""A segment and its elements."""

from __future__ import annotations

from typing import Any, NamedTuple

from .errors import Position
from .separators import Separators

# Released characters are moved here while a text is split, so that they separate nothing; RELEASE stands for the
# release character itself, so that the text keeps its length.
SHIFT = 0x100
RELEASE = chr(0x200)

Composite = list[str]
Element = Any  # str, a Composite, or a tuple of these where the element is repeated


class Segment(NamedTuple):
    """One segment.

    :ivar parts: the tag and the elements, so that ``parts[n]`` is element n. An element is a text, a list of texts when
        it has components, a tuple of either when it is repeated. A part that is empty is ``""``.
    :ivar number: of the segment in its file, from 1
    :ivar offset: byte at which it starts
    :ivar text: as it was, without terminator, released characters shifted; empty when it was made here
    """

    parts: list[Element]
    number: int = 0
    offset: int = 0
    text: str = ""

    @property
    def tag(self) -> str:
        """Such as ``PO1``."""
        tag = self.parts[0]
        return tag if tag.__class__ is str else first_text(tag)

    def get(self, element: int, component: int = 1, repetition: int = 1) -> str:
        """Return a value, ``""`` where there is none. All numbers count from 1."""
        try:
            part = self.parts[element]
            if part.__class__ is tuple:
                part = part[repetition - 1]
            elif repetition > 1:
                return ""
            if part.__class__ is list:
                return part[component - 1]
            return part if component == 1 else ""
        except IndexError:
            return ""

    def repetitions(self, element: int) -> int:
        """How often an element is there; 0 when the segment ends before it."""
        if element >= len(self.parts):
            return 0
        part = self.parts[element]
        return len(part) if part.__class__ is tuple else 1

    def position(
        self,
        element: int | None = None,
        component: int | None = None,
        separators: Separators | None = None,
        repetition: int | None = None,
        in_transaction: int | None = None,
        loop: str | None = None,
    ) -> Position:
        """Return where something in this segment is; with *separators* to the byte."""
        start, end = self.offset, self.offset + len(self.text)
        if separators is not None and element is not None and self.text:
            start, end = self.span(separators, element, component, repetition)
        return Position(
            self.number, self.tag, element, component, repetition, in_transaction, loop, start, end
        )

    def span(
        self,
        separators: Separators,
        element: int,
        component: int | None = None,
        repetition: int | None = None,
    ) -> tuple[int, int]:
        """Return first byte and byte behind an element or component; where it is missing, the segment's end."""
        start, end = 0, len(self.text)
        wanted = [(separators.element, element + 1)]
        if separators.repetition and repetition:
            wanted.append((separators.repetition, repetition))
        if component and self.tag != "ISA":
            wanted.append((separators.component, component))
        for mark, number in wanted:
            start, end = _nth(self.text, mark, number, start, end)
        return self.offset + start, self.offset + end

    def raw(self, separators: Separators) -> bytes | None:
        """Return the bytes it was read from, without terminator; None when it was made here."""
        if not self.text:
            return None
        text = self.text
        if separators.release and RELEASE in text:
            text = unshift(text, separators.release)
        return text.encode("latin-1")


def unshift(text: str, release: str) -> str:
    """Put released characters back; *release* stands in front of each, empty for plain values."""
    return text.translate({ord(RELEASE): release, **{SHIFT + byte: chr(byte) for byte in range(256)}})


def first_text(part: Element) -> str:
    """Return the first component of an element's first repetition."""
    while part.__class__ is not str:
        part = part[0]
    return part


def _nth(text: str, mark: str, number: int, start: int, end: int) -> tuple[int, int]:
    for _count in range(number - 1):
        found = text.find(mark, start, end)
        if found < 0:
            return end, end
        start = found + 1
    found = text.find(mark, start, end)
    return start, end if found < 0 else found
