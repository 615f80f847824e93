"""Encryption of credentials at rest: Fernet (AES-128-CBC and HMAC-SHA256) with keys that rotate.

The keys live in the configuration file or the environment, never in the database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from .errors import ConfigurationError, IntegrationError


class DecryptionError(IntegrationError):
    """A stored secret cannot be read with the configured keys."""

    code = "undecryptable"


def generate_key() -> str:
    """Return a new key to put in the configuration: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode("ascii")


class KeyRing:
    """Keys in order: the first encrypts, all decrypt.

    :param keys: from :func:`generate_key`, newest first; empty entries are skipped
    :raises ConfigurationError: code ``no_key`` or ``invalid_key``; the key itself is not repeated
    """

    def __init__(self, keys: Sequence[str]) -> None:
        given = [key.strip() for key in keys if key and key.strip()]
        if not given:
            raise ConfigurationError("No encryption key is configured.", code="no_key")
        self._raw = [_check_key(position, key) for position, key in enumerate(given, 1)]
        self._fernets = [Fernet(base64.urlsafe_b64encode(raw)) for raw in self._raw]
        self._multi = MultiFernet(self._fernets)

    def encrypt(self, text: str) -> str:
        """Return *text* encrypted with the first key, as ASCII."""
        return self._multi.encrypt(text.encode("utf-8")).decode("ascii")

    def decrypt(self, token: str) -> str:
        """Return the text of *token*; :class:`DecryptionError` when no key reads it or it was altered."""
        try:
            return self._multi.decrypt(_token_bytes(token)).decode("utf-8")
        except InvalidToken:
            raise DecryptionError(
                "The secret cannot be read: its key is not configured, or it was altered."
            ) from None

    def rotate(self, token: str) -> str:
        """Return *token* encrypted anew with the first key; :class:`DecryptionError` as for
        :meth:`decrypt`.
        """
        return self.encrypt(self.decrypt(token))

    def is_current(self, token: str) -> bool:
        """Whether the first key reads *token*, so that it needs no rotation."""
        try:
            self._fernets[0].decrypt(_token_bytes(token))
        except InvalidToken:
            return False
        return True

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that name the first key without giving it away."""
        return hashlib.sha256(b"dist_integration key fingerprint" + self._raw[0]).hexdigest()[:16]


def _check_key(position: int, key: str) -> bytes:
    try:
        raw = base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ConfigurationError(
            f"Encryption key {position} is malformed: it must be 32 bytes in URL-safe base64.",
            code="invalid_key",
        )
    return raw


def _token_bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
