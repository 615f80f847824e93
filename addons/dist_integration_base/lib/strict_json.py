"""JSON as it may come from anybody (RFC 8259, the stricter I-JSON of RFC 7493), and one canonical way to
write it.

What parsers read differently is refused, because a signature or an idempotency hash then means the same to
both sides: duplicate names, NaN, other encodings. What PostgreSQL cannot store is refused before it fails an
insert. Numbers never become binary floats.
"""

from __future__ import annotations

import collections
import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from .errors import IntegrationError

MAX_BYTES = 20_000_000
MAX_DEPTH = 64
MAX_ITEMS = 1_000_000
MAX_DIGITS = 40
MAX_EXPONENT = 60
# The parser of the standard library recurses once per level; this stays far below its limit.
_DEPTH_CEILING = 200

# The closing quote is optional so that an unterminated string still is one match: a pattern that fails there
# would start again at every escaped quote, quadratic on hostile input.
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
# NUL and surrogates can only come in through an escape: raw ones fail as control characters or as UTF-8.
_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NESTING = {"{": 1, "[": 1, "}": -1, "]": -1}


class StrictJsonError(IntegrationError):
    """The bytes are not JSON that is accepted here.

    Codes: ``too_large``, ``empty``, ``encoding``, ``syntax``, ``too_deep``, ``too_many_items``,
    ``duplicate_key``, ``not_a_number``, ``number_too_long``, ``forbidden_character``, ``not_serializable``.

    :ivar line: from 1, when the place is known in the text
    :ivar column: from 1, in characters
    :ivar pointer: RFC 6901 pointer, when the place is known in the document
    :ivar predicate: what is wrong there, for who names the place otherwise; the whole sentence when it is not known
    """

    code = "syntax"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        line: int | None = None,
        column: int | None = None,
        pointer: str | None = None,
        predicate: str | None = None,
    ) -> None:
        super().__init__(detail, code=code)
        self.predicate = predicate or detail
        self.line = line
        self.column = column
        self.pointer = pointer


class _Refused:
    """Stands in the parsed document for a value that is refused, until its pointer is known."""

    def __init__(self, code: str, detail: str, key: str | None = None) -> None:
        self.code = code
        self.detail = detail
        self.key = key


def loads(
    raw: bytes,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    max_items: int = MAX_ITEMS,
    max_digits: int = MAX_DIGITS,
    max_exponent: int = MAX_EXPONENT,
    any_text: bool = False,
) -> Any:
    """Parse *raw* and return dict, list, str, int, Decimal, bool or None.

    :param raw: UTF-8, a byte order mark is skipped
    :param max_bytes: length of *raw*
    :param max_depth: nested objects and arrays, at most 200
    :param max_items: values in the document, counted as separators and openings
    :param max_digits: digits of one number, before any exponent
    :param max_exponent: absolute decimal exponent of one number
    :param any_text: whether texts pass that PostgreSQL cannot store: for who keeps the parts apart and has each
        refused by itself
    :raises StrictJsonError: the first thing found wrong
    """
    text = _decode(raw, max_bytes)
    _check_structure(text, min(max_depth, _DEPTH_CEILING), max_items)
    refused: list[_Refused] = []

    def refuse(code: str, detail: str, key: str | None = None) -> _Refused:
        refused.append(_Refused(code, detail, key))
        return refused[-1]

    def parse_int(literal: str) -> Any:
        if len(literal.lstrip("-")) > max_digits:
            return refuse("number_too_long", f"has more than {max_digits} digits")
        return int(literal)

    def parse_float(literal: str) -> Any:
        mantissa = re.split("[eE]", literal)[0]
        if sum(map(str.isdigit, mantissa)) > max_digits:
            return refuse("number_too_long", f"has more than {max_digits} digits")
        exponent = literal[len(mantissa) + 1 :]
        # Written out in full, 1e999999999 would fill the memory.
        if len(exponent) > 8 or (exponent and abs(int(exponent)) > max_exponent):
            return refuse("number_too_long", f"has an exponent beyond {max_exponent}")
        return Decimal(literal)

    def parse_constant(name: str) -> Any:
        return refuse("not_a_number", f"is {name}, which JSON does not have")

    def parse_object(pairs: list[tuple[str, Any]]) -> Any:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        counts = collections.Counter(key for key, _member in pairs)
        key = next(key for key, count in counts.items() if count > 1)
        return refuse("duplicate_key", "stands twice in one object", key)

    try:
        document = json.loads(
            text,
            parse_int=parse_int,
            parse_float=parse_float,
            parse_constant=parse_constant,
            object_pairs_hook=parse_object,
        )
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise StrictJsonError(
            f"Not JSON at line {error.lineno}, column {error.colno}: {reason}.",
            line=error.lineno,
            column=error.colno,
        ) from None
    if refused or (not any_text and _SUSPECT_ESCAPE.search(text)):
        _raise_first_refused(document)
    return document


def _decode(raw: bytes, max_bytes: int) -> str:
    if len(raw) > max_bytes:
        raise StrictJsonError(f"The body is larger than {max_bytes} bytes.", code="too_large")
    try:
        text = bytes(raw).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StrictJsonError(f"The body is not UTF-8 (byte {error.start + 1}).", code="encoding") from None
    if not text.strip(" \t\r\n"):
        raise StrictJsonError("The body is empty.", code="empty")
    return text


def _check_structure(text: str, max_depth: int, max_items: int) -> None:
    """Bound nesting and size before the recursive parser sees the text; linear, whatever the text."""
    bare = _STRING.sub("", text)
    if bare.count(",") + bare.count("[") + bare.count("{") > max_items:
        raise StrictJsonError(f"The document holds more than {max_items} values.", code="too_many_items")
    if bare.count("[") + bare.count("{") <= max_depth:
        return
    brackets = re.sub(r"[^\[\]{}]+", "", bare)
    if max(itertools.accumulate(map(_NESTING.__getitem__, brackets))) > max_depth:
        raise StrictJsonError(f"The document is nested more than {max_depth} levels deep.", code="too_deep")


def _raise_first_refused(document: Any) -> None:
    for pointer, value in _walk(document):
        if isinstance(value, _Refused):
            if value.key is not None:
                pointer = f"{pointer}/{_escape(value.key)}"
            raise StrictJsonError(
                _sentence(pointer, value.detail),
                code=value.code,
                pointer=_printable(pointer),
                predicate=pointer and value.detail,
            )
        if isinstance(value, str) and (bad := _forbidden(value)):
            raise StrictJsonError(
                _sentence(pointer, bad),
                code="forbidden_character",
                pointer=_printable(pointer),
                predicate=pointer and bad,
            )


def _walk(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield ``(pointer, value)`` of every scalar and of every name, without recursion, in document order."""
    stack = [("", document)]
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, dict):
            children = [(f"{pointer}/{_escape(key)}", member) for key, member in value.items()]
            yield from ((path, key) for (path, _member), key in zip(children, value, strict=True))
            stack.extend(reversed(children))
        elif isinstance(value, list):
            stack.extend((f"{pointer}/{index}", item) for index, item in reversed(list(enumerate(value))))
        else:
            yield pointer, value


def _forbidden(text: str) -> str | None:
    if "\x00" in text:
        return "holds the character U+0000"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "holds half of a surrogate pair"
    return None


def _sentence(pointer: str, detail: str) -> str:
    return f"{_printable(pointer) or 'The document'} {detail}."


def _printable(pointer: str) -> str:
    # The pointer itself may hold what is refused; it must not travel on into a log or the answer.
    return pointer.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")[:500]


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def dumps(value: Any, any_text: bool = False) -> bytes:
    """Write *value* the one canonical way: sorted names, no blanks, UTF-8, Decimal as a string without
    exponent.

    :param value: dict with str keys, list, tuple, str, int, finite float, Decimal, bool, None
    :param any_text: whether halves of surrogate pairs pass, escaped as they came
    :raises StrictJsonError: code ``not_serializable``
    """
    try:
        text = json.dumps(
            _checked_keys(value),
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
            default=_default,
        )
        if any_text:
            text = _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise StrictJsonError("A text holds half of a surrogate pair.", code="not_serializable") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise StrictJsonError(
            f"The value cannot be written as JSON: {error}.", code="not_serializable"
        ) from None


def _checked_keys(value: Any) -> Any:
    """Refuse names that are not text: json would write 1, true and null as "1", "true" and "null"."""
    stack, seen = [value], set()
    while stack:
        item = stack.pop()
        if not isinstance(item, (dict, list, tuple)) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            for key in item:
                if not isinstance(key, str):
                    raise TypeError(f"the name {key!r} is not text")
            stack.extend(item.values())
        else:
            stack.extend(item)
    return value


def _default(value: Any) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        if abs(value.adjusted()) > 1000:
            raise ValueError("a number has an exponent beyond 1000")
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def body_hash(method: str, path: str, body: bytes) -> str:
    """Return the SHA-256 (hexadecimal) that tells whether two requests with one idempotency key are the same.

    :param method: in any case
    :param path: path and query as received
    :param body: raw bytes as received
    """
    return hashlib.sha256(f"{method.upper()}\n{path}\n".encode() + bytes(body)).hexdigest()
