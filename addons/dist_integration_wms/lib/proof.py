"""Proof of delivery: files that come inside a message."""

from __future__ import annotations

import base64
import binascii

MAX_BYTES = 500_000
# how a file of each kind begins: what a sender calls it proves nothing
BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "application/pdf": (b"%PDF-",),
}
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "application/pdf": "pdf"}


class InvalidProof(ValueError):
    """A file cannot be taken.

    :param code: ``not_base64``, ``too_large`` or ``not_its_type``
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_document(content: str, media_type: str) -> bytes:
    """Return the file of a base64 text.

    :raises InvalidProof: not base64, of more than MAX_BYTES, or no file of that type
    """
    if len(content) > MAX_BYTES * 4 // 3 + 4:
        raise InvalidProof("too_large")
    try:
        data = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidProof("not_base64") from error
    if len(data) > MAX_BYTES:
        raise InvalidProof("too_large")
    if not data.startswith(BEGINNINGS[media_type]):
        raise InvalidProof("not_its_type")
    return data


def file_name(name: str | None, media_type: str, number: int) -> str:
    """Return a plain name of a file, with the ending that its type has.

    :param name: as the sender calls it; folders in it are dropped
    :param number: tells files without a name apart
    """
    plain = (name or "").replace("\\", "/").rpartition("/")[2].strip(". ") or f"proof-{number}"
    ending = f".{EXTENSIONS[media_type]}"
    return plain if plain.lower().endswith(ending) else plain + ending
