"""Segments to bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .errors import EdiWriteError
from .segment import Element, Segment
from .separators import X12, Separators

_CONTROL = re.compile("[\x00-\x1f\x7f]")


def serialize(segments: Iterable[Segment], separators: Separators, keep_original: bool = True) -> bytes:
    """Return the bytes of segments, UNA in front where there is one.

    :param keep_original: write a segment that was read as it was, byte for byte
    :raises EdiWriteError: code ``not_encodable``: a character is not in the character set, or a separator is in a value
        of X12, which has no way to release it; see :func:`scrub`
    """
    end = (separators.terminator + separators.suffix).encode("latin-1")
    return b"".join(_pieces(segments, separators, end, keep_original))


def _pieces(
    segments: Iterable[Segment], separators: Separators, end: bytes, keep_original: bool
) -> Iterator[bytes]:
    if separators.una:
        una = separators.una_text or una_of(separators)
        yield f"UNA{una}{separators.suffix}".encode("latin-1")
    for segment in segments:
        raw = segment.raw(separators) if keep_original else None
        yield raw if raw is not None else encode_segment(segment, separators)
        yield end


def una_of(separators: Separators) -> str:
    """Return the six characters behind ``UNA``."""
    return (
        separators.component
        + separators.element
        + separators.decimal
        + (separators.release or " ")
        + (separators.repetition or " ")
        + separators.terminator
    )


def encode_segment(segment: Segment, separators: Separators) -> bytes:
    """Return the bytes of a segment without terminator. Empty elements at its end are written when they are there.

    :raises EdiWriteError: code ``not_encodable``
    """
    if segment.parts[0] == "ISA":
        # Its own separators stand in it.
        text = separators.element.join(segment.parts)
    else:
        text = separators.element.join(_element(part, separators) for part in segment.parts)
    return _encode(text, separators)


def _encode(text: str, separators: Separators) -> bytes:
    # A separator is a single byte, whatever the set of the values.
    codec = separators.codec if separators.special().isascii() else "latin-1"
    try:
        return text.encode(codec)
    except UnicodeEncodeError as error:
        found = text[error.start : error.start + 1]
        detail = f'The character "{found}" is not in the character set {codec} of this partner.'
        raise EdiWriteError(detail, code="not_encodable") from None


def _element(part: Element, separators: Separators) -> str:
    if part.__class__ is tuple:
        if not separators.repetition:
            raise EdiWriteError("This version does not repeat elements.", code="not_encodable")
        return separators.repetition.join(_composite(one, separators) for one in part)
    return _composite(part, separators)


def _composite(part: Element, separators: Separators) -> str:
    if part.__class__ is list:
        return separators.component.join(_value(value, separators) for value in part)
    return _value(part, separators)


def _value(value: str, separators: Separators) -> str:
    special = separators.special()
    if not any(mark in value for mark in special):
        return value
    if not separators.release:
        found = next(mark for mark in special if mark in value)
        raise EdiWriteError(f'The value holds the separator "{found}".', code="not_encodable")
    for mark in separators.release + special.replace(separators.release, ""):
        value = value.replace(mark, separators.release + mark)
    return value


def scrub(segments: Iterable[Segment], separators: Separators) -> list[Segment]:
    """Return segments whose values can be written: in X12 a blank stands for each separator, in both control characters
    and empty parts at the end of a segment or composite are taken out.

    :param segments: made by :mod:`.writing`, without ISA
    """
    marks = separators.special() if separators.standard == X12 else ""
    table = {ord(mark): " " for mark in marks}

    def clean(value: str) -> str:
        return _CONTROL.sub(" ", value.translate(table) if table else value).strip()

    return [Segment(_trim([_each(part, clean) for part in segment.parts])) for segment in segments]


def _each(part: Element, clean: object) -> Element:
    if isinstance(part, str):
        return clean(part)
    return type(part)(_each(one, clean) for one in part)


def _trim(parts: list[Element]) -> list[Element]:
    trimmed = [_trim_composite(part) for part in parts]
    while len(trimmed) > 1 and trimmed[-1] == "":
        trimmed.pop()
    return trimmed


def _trim_composite(part: Element) -> Element:
    if isinstance(part, list):
        while part and part[-1] == "":
            part.pop()
        return part[0] if len(part) == 1 else part or ""
    return part
