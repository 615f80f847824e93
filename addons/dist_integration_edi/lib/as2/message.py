"""Layers of an AS2 message: compressed, signed, encrypted (RFC 4130, 2.4; RFC 5402), put on and taken off."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import cms
from .errors import As2Error
from .mime import Entity

CRLF = b"\r\n"
MIXED = "application/pkcs7-mime"
SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
ENVELOPES = (MIXED, "application/x-pkcs7-mime")
MAX_LAYERS = 4
_NAME = re.compile(r"[\x20-\x7e]{1,128}")


@dataclass(frozen=True)
class Protection:
    """What is done to a message before it leaves.

    :ivar digest: one of cms.HASHES; empty when it is not signed
    :ivar cipher: one of cms.CIPHERS; empty when it is not encrypted
    """

    digest: str = "sha256"
    cipher: str = "aes256"
    compressed: bool = False


@dataclass(frozen=True)
class Received:
    """A message without its layers.

    :ivar content: the document
    :ivar digest: of the signature; empty when it was not signed
    :ivar checked: bytes that the integrity check is made of
    """

    content: bytes
    content_type: str
    file_name: str
    digest: str
    is_encrypted: bool
    is_compressed: bool
    checked: bytes


def is_name(text: str) -> bool:
    """Whether a text can be an AS2 name (RFC 4130, 6.2)."""
    return bool(_NAME.fullmatch(text)) and text == unquote(text)


def quote(name: str) -> str:
    """Return an AS2 name as it stands in a header field."""
    if not re.search(r'[\\" ]', name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquote(text: str) -> str:
    """Return the AS2 name that a header field means. Some stations (pyAS2) quote in receipts what is quoted already."""
    text = text.strip()
    while len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def mic(content: bytes, digest: str) -> str:
    """Return the message integrity check of a content in base64."""
    return base64.b64encode(cms.digest_of(content, digest)).decode()


def get_mics(content: bytes) -> dict[str, str]:
    """Return the integrity checks of a content by every digest that a receipt may be made with."""
    return {digest: mic(content, digest) for digest in cms.HASHES}


# putting on


def make_content(body: bytes, content_type: str, file_name: str = "") -> Entity:
    """Return a document as a MIME entity, the same at every call. It is binary: nothing on the way may touch its
    line ends, and so both sides check the same bytes.
    """
    fields = [("Content-Type", content_type), ("Content-Transfer-Encoding", "binary")]
    if file_name:
        fields.append(("Content-Disposition", f'attachment; filename="{file_name}"'))
    return Entity.make(fields, body)


def get_checked(content: Entity, protection: Protection) -> bytes:
    """Return what the integrity check of a message is made of (RFC 4130, 7.3.1; RFC 5402, 4)."""
    if protection.digest:
        return (_compress(content) if protection.compressed else content).raw
    return content.raw if protection.cipher or protection.compressed else content.body


def protect(
    content: Entity,
    protection: Protection,
    pair: cms.KeyPair | None = None,
    certificate: cms.Certificate | None = None,
) -> Entity:
    """
    :param pair: ours, to sign with
    :param certificate: the partner's, to encrypt for
    """
    entity = _compress(content) if protection.compressed else content
    if protection.digest:
        entity = sign(entity, pair, protection.digest)
    if protection.cipher:
        encrypted = cms.encrypt(entity.raw, certificate, protection.cipher)
        entity = _wrap(encrypted, "enveloped-data", "smime.p7m")
    return entity


def _compress(content: Entity) -> Entity:
    return _wrap(cms.compress(content.raw), "compressed-data", "smime.p7z")


def _wrap(der: bytes, kind: str, file_name: str) -> Entity:
    fields = [
        ("Content-Type", f"{MIXED}; smime-type={kind}; name={file_name}"),
        ("Content-Transfer-Encoding", "binary"),
        ("Content-Disposition", f"attachment; filename={file_name}"),
    ]
    return Entity.make(fields, der)


def sign(entity: Entity, pair: cms.KeyPair, digest: str) -> Entity:
    """Return an entity with its signature as ``multipart/signed`` (RFC 1847)."""
    fields = [
        ("Content-Type", "application/pkcs7-signature; name=smime.p7s; smime-type=signed-data"),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", "attachment; filename=smime.p7s"),
    ]
    signature = Entity.make(
        fields, base64.encodebytes(cms.sign(entity.raw, pair, digest)).replace(b"\n", CRLF)
    )
    protocol = f'protocol="application/pkcs7-signature"; micalg={digest}'
    return join(f"multipart/signed; {protocol}", [entity, signature])


def join(content_type: str, parts: Sequence[Entity]) -> Entity:
    """Return parts as a multipart; its boundary follows from them, so it cannot stand in one."""
    raws = [part.raw for part in parts]
    boundary = "=_" + cms.digest_of(b"".join(raws), "sha256").hex()
    mark = b"--" + boundary.encode()
    body = b"".join(mark + CRLF + raw + CRLF for raw in raws) + mark + b"--" + CRLF
    return Entity.make([("Content-Type", f'{content_type}; boundary="{boundary}"')], body)


# taking off


def unprotect(
    entity: Entity, pairs: Sequence[cms.KeyPair], certificates: Sequence[cms.Certificate], limit: int
) -> Received:
    """
    :param pairs: ours, to decrypt with
    :param certificates: the partner's, to check the signature by
    :param limit: most bytes that may come of a compressed message
    :raises As2Error: a layer cannot be taken off
    """
    digest, checked, is_encrypted, is_compressed = "", None, False, False
    for _layer in range(MAX_LAYERS):
        if entity.content_type == "multipart/signed":
            entity, checked, digest = open_signed(entity, certificates)
        elif entity.content_type in ENVELOPES:
            kind = cms.kind_of(entity.content)
            if kind == "enveloped_data":
                is_encrypted = True
                entity = Entity.parse(cms.decrypt(entity.content, pairs))
            elif kind == "compressed_data":
                is_compressed = True
                entity = Entity.parse(cms.decompress(entity.content, limit))
            else:
                raise As2Error("unsupported format", f"Content of the kind {kind} is not taken.")
        else:
            break
    else:
        raise As2Error("unsupported format", f"A message has at most {MAX_LAYERS} layers.")
    if checked is None:
        checked = entity.raw if is_encrypted or is_compressed else entity.content
    return Received(
        content=entity.content,
        content_type=entity.content_type,
        file_name=entity.file_name,
        digest=digest,
        is_encrypted=is_encrypted,
        is_compressed=is_compressed,
        checked=checked,
    )


def open_signed(entity: Entity, certificates: Sequence[cms.Certificate]) -> tuple[Entity, bytes, str]:
    """Check a ``multipart/signed``.

    :return: (what was signed, the bytes that were signed, name of the digest)
    :raises As2Error: the signature is not the partner's, or of something else
    """
    parts = entity.parts()
    if len(parts) != 2 or parts[1].content_type not in SIGNATURES:
        raise As2Error(
            "unexpected-processing-error", "A signed message is not of a content and its signature."
        )
    content, signature = parts
    checked, digest = cms.verify(signature.content, (content.raw, content.canonical), certificates)
    return content, checked, digest
