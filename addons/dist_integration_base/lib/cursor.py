"""Opaque keyset cursors: where the next page starts, signed so that only we can have made one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .errors import IntegrationError

MAX_LENGTH = 2048
MIN_KEY_BYTES = 16
# 128 bits of the HMAC: forging takes as many requests; RFC 2104 allows truncation to half the digest.
_SIGNATURE_BYTES = 16
_CONTEXT = b"dist_integration cursor v1\0"


class InvalidCursorError(IntegrationError):
    """The cursor was not made here, was altered, or belongs to another list."""

    code = "invalid_cursor"


def encode(values: list, key: bytes, context: str = "") -> str:
    """Return the cursor of *values*: URL-safe, no padding.

    :param values: sort values of the last row: str, int, bool, float, Decimal, datetime (naive is kept
        naive), date, None
    :param key: secret of the server, at least 16 bytes
    :param context: what the cursor is for (list, filter, sort): with another one it does not decode
    :raises ValueError: a value has no form in a cursor, the key is short or the cursor would be too long
    """
    payload = json.dumps([_pack(value) for value in values], separators=(",", ":"), allow_nan=False).encode()
    text = base64.urlsafe_b64encode(_signature(payload, key, context) + payload).decode().rstrip("=")
    if len(text) > MAX_LENGTH:
        raise ValueError("The sort values are too long for a cursor.")
    return text


def decode(cursor: str, key: bytes, context: str = "") -> list[Any]:
    """Return the values of *cursor*, with the types they had; :class:`InvalidCursorError` otherwise."""
    if len(cursor) > MAX_LENGTH or not cursor.isascii():
        raise _invalid()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(payload, key, context)):
        raise _invalid()
    # base64 has spare bits at the end, so one payload has several spellings; only ours is a cursor.
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != cursor:
        raise _invalid()
    return [_unpack(value) for value in json.loads(payload)]


def _invalid() -> InvalidCursorError:
    return InvalidCursorError("The cursor is not valid for this list; start again without one.")


def _signature(payload: bytes, key: bytes, context: str) -> bytes:
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"The key of a cursor has at least {MIN_KEY_BYTES} bytes.")
    described = context.encode()
    message = _CONTEXT + len(described).to_bytes(4, "big") + described + payload
    return hmac.new(key, message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _pack(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str, float)):
        return value
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    raise ValueError(f"A value of type {type(value).__name__} cannot be part of a cursor.")


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    return {"n": Decimal, "t": datetime.fromisoformat, "d": date.fromisoformat}[kind](text)
