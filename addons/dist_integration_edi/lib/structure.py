"""The order of segments and loops of a document, and putting segments into it.

A structure is a text: ``BEG! REF* N1*{N3* N4} PO1+{PID*} CTT``. ``!`` is exactly once, nothing at most once, ``*`` any
number, ``+`` at least once; braces hold what follows the segment that starts a loop.

Only the segments that are read or needed are listed. A segment that is not stays where it stands and changes nothing;
within a level order is not enforced, because partners do not keep to it. What closes a loop is a segment that belongs
outside of it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .errors import DeclarationError
from .segment import Segment

_TOKEN = re.compile(r"\s*(?:(?P<tag>[A-Z][A-Z0-9]{1,2})(?P<often>[!*+]?)(?P<open>\{?)|(?P<close>\}))")


@dataclass(frozen=True)
class Item:
    """A segment or loop in a level.

    :ivar level: what follows the segment when it starts a loop
    """

    tag: str
    required: bool = False
    repeated: bool = False
    level: Level | None = None


@dataclass(frozen=True)
class Level:
    """What is in a document or loop, in order."""

    items: tuple[Item, ...]

    @functools.cached_property
    def by_tag(self) -> dict[str, Item]:
        return {item.tag: item for item in self.items}


@dataclass
class Loop:
    """Segments that belong together; the first one started the loop, unless it is the document itself.

    :ivar unread: segments the structure does not know, which stood here
    """

    tag: str = ""
    segments: list[Segment] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    unread: list[Segment] = field(default_factory=list)
    parent: Loop | None = field(default=None, repr=False, compare=False)

    @property
    def trigger(self) -> Segment:
        return self.segments[0]

    def named(self, tag: str) -> list[Segment]:
        """Return the segments of this name here, and those that start a loop of this name."""
        found = [segment for segment in self.segments if segment.tag == tag]
        return found + [loop.trigger for loop in self.loops if loop.tag == tag]

    def walk(self) -> Iterator[Loop]:
        """Yield this loop and all within, from outside to inside."""
        yield self
        for loop in self.loops:
            yield from loop.walk()


@functools.lru_cache(maxsize=256)
def parse_structure(text: str) -> Level:
    """Return the level a text describes.

    :raises DeclarationError: the text is malformed or names a segment twice in a level
    """
    items, position = _parse_level(text.rstrip(), 0, 0)
    if position != len(text.rstrip()):
        raise DeclarationError(f"Structure: a brace too many at {text[position:][:20]!r}.")
    return items


def _parse_level(text: str, position: int, depth: int) -> tuple[Level, int]:
    items: dict[str, Item] = {}
    while position < len(text):
        token = _TOKEN.match(text, position)
        if not token:
            raise DeclarationError(f"Structure: cannot read {text[position:][:20]!r}.")
        if token["close"]:
            if not depth:
                return Level(tuple(items.values())), position
            return Level(tuple(items.values())), token.end()
        position, level = token.end(), None
        if token["open"]:
            level, position = _parse_level(text, position, depth + 1)
        if token["tag"] in items:
            raise DeclarationError(f"Structure: {token['tag']} is twice in a level.")
        often = token["often"]
        items[token["tag"]] = Item(token["tag"], often in ("!", "+"), often in ("*", "+"), level)
    if depth:
        raise DeclarationError("Structure: a brace is not closed.")
    return Level(tuple(items.values())), position


def build_tree(segments: Iterable[Segment], level: Level) -> Loop:
    """Put segments into loops.

    :param segments: without header and trailer
    :return: the document as a loop without tag
    """
    root = Loop()
    # innermost last, each with the names of what stands in it
    stack: list[tuple[Loop, Level, set[str]]] = [(root, level, set())]
    for segment in segments:
        tag = segment.tag
        depth = len(stack) - 1
        while depth >= 0 and not _belongs(stack[depth], tag):
            depth -= 1
        if depth < 0:
            stack[-1][0].unread.append(segment)
            continue
        del stack[depth + 1 :]
        loop, here, present = stack[-1]
        inner = here.by_tag[tag].level
        if inner is None:
            loop.segments.append(segment)
            present.add(tag)
            continue
        opened = Loop(tag, [segment], parent=loop)
        loop.loops.append(opened)
        stack.append((opened, inner, {tag}))
    return root


def _belongs(entry: tuple[Loop, Level, set[str]], tag: str) -> bool:
    loop, level, present = entry
    item = level.by_tag.get(tag)
    if item is None:
        return False
    # A single segment that is there already belongs further out: AMT of the document behind AMT of the last line.
    return item.repeated or item.level is not None or tag not in present or not loop.tag


def in_order(root: Loop, level: Level) -> Iterator[Segment]:
    """Yield the segments of a tree in the order of the structure, those of one name as they were added."""
    placed = {item.tag for item in level.items}
    if root.tag:
        yield root.trigger
    rest = root.segments[1:] if root.tag else root.segments
    for item in level.items:
        if item.level is None:
            yield from (segment for segment in rest if segment.tag == item.tag)
        else:
            for loop in root.loops:
                if loop.tag == item.tag:
                    yield from in_order(loop, item.level)
    yield from (segment for segment in rest if segment.tag not in placed)
