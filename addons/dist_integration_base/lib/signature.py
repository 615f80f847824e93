"""Standard Webhooks 1.0.0 signatures.

Source: the specification of https://www.standardwebhooks.com (sections "Signature scheme" and "Verifying").
The signed content is ``{id}.{timestamp}.{raw body}``. ``v1`` is HMAC-SHA256 with a ``whsec_`` secret, ``v1a``
is Ed25519 with a ``whsk_`` private key, verified with a ``whpk_`` public key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets as _random
import time
from collections.abc import Iterable, Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .errors import InvalidSecretError, SignatureError

HEADER_ID = "webhook-id"
HEADER_TIMESTAMP = "webhook-timestamp"
HEADER_SIGNATURE = "webhook-signature"

SECRET_PREFIX = "whsec_"
PRIVATE_KEY_PREFIX = "whsk_"
PUBLIC_KEY_PREFIX = "whpk_"

MIN_SECRET_BYTES = 24
MAX_SECRET_BYTES = 64
# A header with hundreds of signatures only buys the sender our processor time.
MAX_SIGNATURES = 16

# The dot separates the signed fields, so an id must not hold one; blanks would not survive a header.
_MESSAGE_ID = re.compile(r"[!-\-/-~]{1,255}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def new_secret() -> str:
    """Return a new symmetric secret: ``whsec_`` and the base64 of 32 random bytes."""
    return SECRET_PREFIX + _b64(_random.token_bytes(32))


def new_signing_key_pair() -> tuple[str, str]:
    """Return a new Ed25519 pair ``('whsk_...', 'whpk_...')``.

    The private half is 64 bytes, seed then public key, the form that the specification's vector has.
    """
    private = Ed25519PrivateKey.generate()
    seed = private.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    public = _public_bytes(private.public_key())
    return PRIVATE_KEY_PREFIX + _b64(seed + public), PUBLIC_KEY_PREFIX + _b64(public)


def public_key_of(private_key: str) -> str:
    """Return the ``whpk_`` key to hand to the receiver of what *private_key* (``whsk_``) signs."""
    return PUBLIC_KEY_PREFIX + _b64(_public_bytes(_load_private(private_key).public_key()))


def check_secret(secret: str) -> None:
    """Raise :class:`InvalidSecretError` unless *secret* is a usable ``whsec_``, ``whsk_`` or ``whpk_``."""
    if secret.startswith(PRIVATE_KEY_PREFIX):
        _load_private(secret)
    elif secret.startswith(PUBLIC_KEY_PREFIX):
        _load_public(secret)
    else:
        _load_symmetric(secret)


def sign(message_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return the three headers that sign one attempt.

    :param message_id: the same for every retry of a message; printable ASCII without blank or dot
    :param timestamp: Unix seconds of this attempt
    :param body: the exact bytes that go on the wire
    :param secrets: ``whsec_`` gives ``v1``, ``whsk_`` gives ``v1a``; old and new together while rotating
    :raises InvalidSecretError: no secret, or one is malformed
    :raises ValueError: the id or the timestamp cannot be signed
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("The message id must be 1 to 255 printable ASCII characters without blank or dot.")
    if isinstance(timestamp, bool) or not isinstance(timestamp, int) or not 0 <= timestamp < 10**12:
        raise ValueError("The timestamp must be a whole number of Unix seconds.")
    if not secrets:
        raise InvalidSecretError("There is no secret to sign with.")
    content = _signed_content(message_id, str(timestamp), body)
    return {
        HEADER_ID: message_id,
        HEADER_TIMESTAMP: str(timestamp),
        HEADER_SIGNATURE: " ".join(_sign_one(content, secret) for secret in secrets),
    }


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    now: int | None = None,
    tolerance: int = 300,
) -> str:
    """Check the signature of a received message and return its ``webhook-id``.

    :param headers: of the request, names in any case
    :param body: the raw bytes received, before any parsing
    :param secrets: accepted ones; ``whsec_`` verifies ``v1``, ``whpk_`` or ``whsk_`` verifies ``v1a``
    :param now: Unix seconds, the present when None
    :param tolerance: seconds that the timestamp may differ from *now*, either way
    :raises SignatureError: with code ``missing_header``, ``malformed_header``, ``timestamp_too_old``,
        ``timestamp_too_new`` or ``no_match``
    :raises InvalidSecretError: our own secrets are unusable, which is not the sender's fault
    """
    if not secrets:
        raise InvalidSecretError("There is no secret to verify with.")
    message_id, timestamp, signature = _read_headers(headers)
    _check_timestamp(int(timestamp), int(time.time()) if now is None else now, tolerance)
    content = _signed_content(message_id, timestamp, body)
    candidates = _candidates(signature)
    # Every secret is tried against every signature: how long it takes says nothing about which one was close.
    matches = [_matches(content, secret, candidates) for secret in secrets]
    if not any(matches):
        raise SignatureError("No signature of the message matches.", code="no_match")
    return message_id


def _read_headers(headers: Mapping[str, str]) -> tuple[str, str, str]:
    lowered = {str(name).lower(): value for name, value in headers.items()}
    found = []
    for name in (HEADER_ID, HEADER_TIMESTAMP, HEADER_SIGNATURE):
        value = lowered.get(name)
        if not value:
            raise SignatureError(f"The header {name} is missing.", code="missing_header")
        found.append(value)
    message_id, timestamp, signature = found
    if not _MESSAGE_ID.fullmatch(message_id):
        raise SignatureError(f"The header {HEADER_ID} is not a valid id.", code="malformed_header")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureError(
            f"The header {HEADER_TIMESTAMP} is not in Unix seconds.", code="malformed_header"
        )
    return message_id, timestamp, signature


def _check_timestamp(timestamp: int, now: int, tolerance: int) -> None:
    if timestamp < now - tolerance:
        raise SignatureError(f"The message is older than {tolerance} seconds.", code="timestamp_too_old")
    if timestamp > now + tolerance:
        raise SignatureError(
            f"The message is more than {tolerance} seconds in the future.", code="timestamp_too_new"
        )


def _candidates(signature: str) -> list[tuple[str, bytes]]:
    """Split ``v1,<base64> v1a,<base64>``; unknown versions are kept out, as the specification asks."""
    pieces = signature.split()
    if not pieces or len(pieces) > MAX_SIGNATURES:
        raise SignatureError(
            f"The header {HEADER_SIGNATURE} holds none or too many signatures.", code="malformed_header"
        )
    found = []
    for piece in pieces:
        version, comma, value = piece.partition(",")
        if not comma or not version or not value:
            raise SignatureError(
                f"The header {HEADER_SIGNATURE} is not a list of version,signature.", code="malformed_header"
            )
        if version in ("v1", "v1a"):
            found.append((version, value.encode("utf-8", "surrogateescape")))
    return found


def _matches(content: bytes, secret: str, candidates: Iterable[tuple[str, bytes]]) -> bool:
    if secret.startswith(PUBLIC_KEY_PREFIX):
        public = _load_public(secret)
    elif secret.startswith(PRIVATE_KEY_PREFIX):
        public = _load_private(secret).public_key()
    else:
        expected = _b64(_hmac(secret, content)).encode()
        return any([hmac.compare_digest(expected, value) for version, value in candidates if version == "v1"])
    return any(
        [_ed25519_matches(public, content, value) for version, value in candidates if version == "v1a"]
    )


def _ed25519_matches(public: Ed25519PublicKey, content: bytes, value: bytes) -> bool:
    try:
        public.verify(base64.b64decode(value, validate=True), content)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _sign_one(content: bytes, secret: str) -> str:
    if secret.startswith(PRIVATE_KEY_PREFIX):
        return "v1a," + _b64(_load_private(secret).sign(content))
    if secret.startswith(PUBLIC_KEY_PREFIX):
        raise InvalidSecretError("A public key (whpk_) cannot sign; give the private key (whsk_).")
    return "v1," + _b64(_hmac(secret, content))


def _signed_content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode("ascii") + body


def _hmac(secret: str, content: bytes) -> bytes:
    return hmac.new(_load_symmetric(secret), content, hashlib.sha256).digest()


def _load_symmetric(secret: str) -> bytes:
    raw = _decode(secret, SECRET_PREFIX, "signing secret")
    if not MIN_SECRET_BYTES <= len(raw) <= MAX_SECRET_BYTES:
        raise InvalidSecretError(
            f"A signing secret holds {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes, this one {len(raw)}."
        )
    return raw


def _load_private(secret: str) -> Ed25519PrivateKey:
    raw = _decode(secret, PRIVATE_KEY_PREFIX, "private key")
    if len(raw) not in (32, 64):
        raise InvalidSecretError(f"A private key holds 32 or 64 bytes, this one {len(raw)}.")
    private = Ed25519PrivateKey.from_private_bytes(raw[:32])
    if len(raw) == 64 and _public_bytes(private.public_key()) != raw[32:]:
        raise InvalidSecretError("The two halves of the private key do not belong together.")
    return private


def _load_public(secret: str) -> Ed25519PublicKey:
    raw = _decode(secret, PUBLIC_KEY_PREFIX, "public key")
    if len(raw) != 32:
        raise InvalidSecretError(f"A public key holds 32 bytes, this one {len(raw)}.")
    return Ed25519PublicKey.from_public_bytes(raw)


def _decode(secret: str, prefix: str, what: str) -> bytes:
    if not secret.startswith(prefix):
        raise InvalidSecretError(f"A {what} starts with {prefix}.")
    try:
        return base64.b64decode(secret[len(prefix) :], validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSecretError(f"The {what} is not base64 after {prefix}.") from None


def _public_bytes(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
