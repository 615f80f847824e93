"""Separators of an interchange, found in its first bytes.

Text here is Latin-1 of the bytes, one character a byte, so that positions in it are byte offsets.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .charset import DEFAULT, codec_of
from .errors import WARNING, EdiSyntaxError, Issue, Position

X12 = "X12"
EDIFACT = "EDIFACT"

ISA_ELEMENTS = 16
ISA_WIDTH = 106
# ISA12 from which ISA11 is the repetition separator
FIRST_WITH_REPETITION = "00402"
# Longer than any header with room to spare, so that a wrong file is refused soon.
MAX_HEADER = 2000
BLANK = " \t\r\n"
_UNB_SYNTAX = re.compile(r"UNB(.)(UNO[A-Z]|[A-Z]{4})(?:(.)([0-9]))?", re.DOTALL)


@dataclass(frozen=True)
class Separators:
    """How the parts of an interchange are told apart; each a single character, empty where there is none.

    :ivar standard: ``X12`` or ``EDIFACT``
    :ivar suffix: line break written behind each terminator
    :ivar una: whether EDIFACT starts with UNA
    :ivar una_text: the UNA of a file as it was, its reserved position included
    :ivar decimal: decimal mark
    :ivar codec: Python's name of the character set
    """

    standard: str
    element: str
    component: str
    terminator: str
    repetition: str = ""
    release: str = ""
    decimal: str = "."
    suffix: str = ""
    una: bool = False
    una_text: str = field(default="", compare=False)
    codec: str = DEFAULT

    def special(self) -> str:
        """All characters that have a meaning of their own."""
        return self.terminator + self.element + self.component + self.repetition + self.release

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return asdict(self)


X12_DEFAULT = Separators(X12, "*", ">", "~", suffix="\n")
EDIFACT_DEFAULT = Separators(EDIFACT, "+", ":", "'", release="?", una=True, codec="iso8859-1")


@dataclass(frozen=True)
class Detected:
    """Separators of an interchange that starts at *start*, and where its first segment starts."""

    separators: Separators
    start: int
    issues: tuple[Issue, ...] = ()


def detect(text: str, start: int = 0, base: int = 0) -> Detected:
    """Find the separators of the interchange at *start*.

    :param text: Latin-1 of the bytes, with the whole header when there is one
    :param base: byte offset of ``text[0]`` in the file
    :raises EdiSyntaxError: neither ISA, UNA nor UNB, or the separators cannot be
    """
    head = text[start : start + 3]
    if head == "ISA":
        return _detect_x12(text, start, base)
    if head == "UNA":
        return _detect_una(text, start, base)
    if head == "UNB":
        syntax = _UNB_SYNTAX.match(text, start)
        if not syntax or syntax[1] != "+":
            raise _error(
                "bad_header",
                "The interchange starts with UNB but not with UNA and not with UNB+.",
                base + start,
            )
        separators = _with_syntax(EDIFACT_DEFAULT, syntax, False)
        first_end = text.find(separators.terminator, start, start + MAX_HEADER) + 1
        return Detected(replace(separators, suffix=_suffix(text, first_end) if first_end else ""), start)
    raise _error("not_edi", _no_header(text[start : start + 3]), base + start)


def _no_header(found: str) -> str:
    if found in ("UNH", "UNG"):
        return "There is no interchange header: the file starts with a message where UNB is expected."
    if found[:2] in ("ST", "GS"):
        return f"There is no interchange header: the file starts with {found[:2]} where ISA is expected."
    return "This is neither X12 nor EDIFACT: it does not start with ISA, UNA or UNB."


def _error(code: str, detail: str, offset: int) -> EdiSyntaxError:
    return EdiSyntaxError(detail, code=code, position=Position(offset=offset))


def _detect_x12(text: str, start: int, base: int) -> Detected:
    element = text[start + 3 : start + 4]
    _check_separator(element, "element separator", base + start)
    header = text[start : start + MAX_HEADER]
    parts = header.split(element, ISA_ELEMENTS)
    if len(parts) <= ISA_ELEMENTS or len(parts[ISA_ELEMENTS]) < 2:
        raise _error(
            "bad_header", "The ISA segment does not have 16 elements and a terminator.", base + start
        )
    component, terminator = parts[ISA_ELEMENTS][0], parts[ISA_ELEMENTS][1]
    if any(character in BLANK for part in parts[1:ISA_ELEMENTS] for character in part.replace(" ", "")):
        raise _error("bad_header", "The ISA segment does not have 16 elements.", base + start)
    _check_separator(terminator, "segment terminator", base + start)
    version, mark = parts[12], parts[11]
    repetition = mark if version >= FIRST_WITH_REPETITION and _may_separate(mark) else ""
    separators = Separators(X12, element, component, terminator, repetition=repetition)
    _check_distinct(separators, base + start)
    width = len(header) - len(parts[ISA_ELEMENTS]) + 2
    return Detected(
        replace(separators, suffix=_suffix(text, start + width)),
        start,
        () if width == ISA_WIDTH else (_width_issue(width, base + start),),
    )


def _width_issue(width: int, offset: int) -> Issue:
    return Issue(
        "header_width",
        f"The ISA segment has {width} characters instead of {ISA_WIDTH}: padding was lost on the way.",
        Position(segment=1, tag="ISA", offset=offset, end=offset + width),
        WARNING,
    )


def _may_separate(mark: str) -> bool:
    return len(mark) == 1 and not mark.isalnum() and mark not in BLANK


def _suffix(text: str, position: int) -> str:
    end = position
    while end < len(text) and text[end] in "\r\n":
        end += 1
    return text[position:end]


def _check_separator(mark: str, what: str, offset: int) -> None:
    if not mark or mark == " " or (mark.isascii() and mark.isalnum()):
        raise _error("bad_separators", f'The {what} cannot be "{mark}".', offset)


def _check_distinct(separators: Separators, offset: int) -> None:
    marks = separators.special()
    if len(set(marks)) != len(marks):
        raise _error("bad_separators", "Two separators are the same character.", offset)


def _detect_una(text: str, start: int, base: int) -> Detected:
    una = text[start + 3 : start + 9]
    if len(una) < 6:
        raise _error("truncated", "The file ends within UNA.", base + start)
    component, element, decimal, release, repetition, terminator = una
    for mark, what in (
        (component, "component separator"),
        (element, "element separator"),
        (terminator, "terminator"),
    ):
        _check_separator(mark, what, base + start)
    position = start + 9
    suffix = _suffix(text, position)
    position += len(suffix)
    while position < len(text) and text[position] in BLANK:
        position += 1
    separators = Separators(
        EDIFACT,
        element,
        component,
        terminator,
        repetition="" if repetition == " " else repetition,
        release="" if release == " " else release,
        decimal=decimal if decimal in ".," else ".",
        suffix=suffix,
        una=True,
        una_text=una,
    )
    if not text.startswith("UNB", position):
        found = text[position : position + 3]
        detail = _no_header(found) if found in ("UNH", "UNG") else "UNA is not followed by UNB."
        raise _error("bad_header" if found not in ("UNH", "UNG") else "not_edi", detail, base + position)
    syntax = re.compile(
        rf"UNB({re.escape(element)})([A-Z]{{4}})?(?:({re.escape(component)})([0-9]))?", re.DOTALL
    ).match(text, position)
    if not syntax:
        raise _error("bad_header", "UNB does not use the element separator of UNA.", base + position)
    separators = _with_syntax(separators, syntax, True)
    _check_distinct(separators, base + start)
    return Detected(separators, position)


def _with_syntax(separators: Separators, syntax: re.Match, una: bool) -> Separators:
    version = int(syntax[4] or 1)
    # Before version 4 the fifth character of UNA is reserved: senders put an asterisk there and mean nothing.
    repetition = (separators.repetition if una else "*") if version >= 4 else ""
    return replace(separators, repetition=repetition, una=una, codec=codec_of(syntax[2] or ""))
