"""Keys of inbound API clients.

A key reads ``dik_<environment>_<prefix>_<secret><checksum>``: the prefix (8 characters) finds the row without
telling anything, the secret is 43 base62 characters (256 bits), the checksum (6 characters, CRC-32) shows a
mistyped or cut key without a look in the database. No hyphen, so a double click selects all of it; the fixed
start lets secret scanners find a leaked one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib

from .errors import IntegrationError

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ENVIRONMENTS = ("live", "test")
PREFIX_LENGTH = 8
SECRET_LENGTH = 43
CHECKSUM_LENGTH = 6
_KEY = re.compile(
    r"dik_(?P<environment>live|test)_(?P<prefix>[0-9A-Za-z]{8})_(?P<secret>[0-9A-Za-z]{43})(?P<checksum>[0-9A-Za-z]{6})"
)


class InvalidKeyError(IntegrationError):
    """The text is not a key of ours (wrong form or checksum). The detail never repeats it."""

    code = "invalid_key"


def generate(environment: str = "live") -> tuple[str, str]:
    """Return ``(full_key, prefix)``; the full key is shown once and never stored.

    :param environment: ``live`` or ``test``
    """
    if environment not in ENVIRONMENTS:
        raise ValueError("The environment of a key is live or test.")
    prefix = _random_text(PREFIX_LENGTH)
    start = f"dik_{environment}_{prefix}_{_random_text(SECRET_LENGTH)}"
    return start + _checksum(start), prefix


def split_prefix(key: str) -> str:
    """Return the prefix of *key*; :class:`InvalidKeyError` when its form or checksum is wrong."""
    return _read(key)["prefix"]


def environment_of(key: str) -> str:
    """Return ``live`` or ``test``; :class:`InvalidKeyError` when the form or checksum is wrong."""
    return _read(key)["environment"]


def hash_key(full_key: str) -> str:
    """Return what to store: SHA-256 in hexadecimal.

    A slow hash (argon2, PBKDF2) protects secrets that people choose, which can be guessed. This one has 256
    random bits: nobody can try them all, however fast the hash, and every request must check one.
    """
    return hashlib.sha256(full_key.encode("utf-8", "surrogatepass")).hexdigest()


def matches(full_key: str, stored_hash: str) -> bool:
    """Whether *full_key* is the one of *stored_hash*, in a time that does not depend on where they differ."""
    return hmac.compare_digest(hash_key(full_key).encode(), stored_hash.encode())


def _read(key: str) -> dict[str, str]:
    match = _KEY.fullmatch(key)
    if not match:
        raise InvalidKeyError("This is not a complete API key.")
    # A checksum is no secret, so an ordinary comparison is enough.
    if _checksum(key[:-CHECKSUM_LENGTH]) != match["checksum"]:
        raise InvalidKeyError("The API key has a typing error: its checksum does not fit.")
    return match.groupdict()


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode("ascii"))
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits
