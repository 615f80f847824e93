"""Receipts: message disposition notifications (RFC 8098) as AS2 has them (RFC 4130, 7)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesHeaderParser
from urllib.parse import urlsplit

from . import cms
from .errors import As2Error
from .message import join, open_signed, sign
from .mime import Entity

REPORT = "multipart/report"
NOTIFICATION = "message/disposition-notification"
PROCESSED = "processed"
DUPLICATE = "duplicate-document"
USER_AGENT = "Odoo-Dist-Integration"
_DISPOSITION = re.compile(
    r"[^;]*;\s*(?P<kind>[a-z-]+)\s*(?:/\s*(?P<modifier>[a-z-]+)\s*)?(?::\s*(?P<detail>.*))?", re.IGNORECASE
)


@dataclass(frozen=True)
class Wish:
    """Which receipt a sender asks for.

    :ivar is_wanted: whether there is to be one
    :ivar digests: names of digests in the order of preference, as far as they are known; empty when the receipt is
        not to be signed
    :ivar address: where it is to be sent to; empty when it is the answer
    :ivar unknown: names of digests one of which is required, when none of them is known
    """

    is_wanted: bool = False
    is_signed: bool = False
    digests: tuple[str, ...] = ()
    address: str = ""
    unknown: tuple[str, ...] = ()

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Wish:
        """:param headers: of the request, names in any case (RFC 4130, 7.3)"""
        given = {name.lower(): value for name, value in headers.items()}
        options = _read_options(given.get("disposition-notification-options", ""))
        importance, *names = options.get("signed-receipt-micalg", ["optional"])
        digests = tuple(name for name in map(normalize, names) if name in cms.HASHES)
        return cls(
            is_wanted="disposition-notification-to" in given,
            is_signed="pkcs7-signature" in options.get("signed-receipt-protocol", []),
            digests=digests,
            address=given.get("receipt-delivery-option", "").strip(),
            unknown=tuple(names) if importance == "required" and not digests else (),
        )

    @property
    def host(self) -> str | None:
        """The host of the address; None when it cannot be read."""
        try:
            return urlsplit(self.address).hostname
        except ValueError:
            return None

    def check(self) -> None:
        """:raises As2Error: ``unsupported MIC-algorithms``"""
        if self.unknown:
            raise As2Error("unsupported MIC-algorithms", f"None of {', '.join(self.unknown)} is known.")


def _read_options(text: str) -> dict[str, list[str]]:
    found = {}
    for option in text.split(";"):
        name, _equals, values = option.partition("=")
        found[name.strip().lower()] = [value.strip().lower() for value in values.split(",")]
    return found


def normalize(digest: str) -> str:
    """Return the name of a digest as HASHES has it: partners write sha-256 and SHA1."""
    return digest.strip().lower().replace("-", "")


def make_wish(digest: str, is_signed: bool, address: str = "") -> dict[str, str]:
    """Return the header fields that ask for a receipt.

    :param address: where it is to be sent to; empty when it is the answer
    """
    fields = {"Disposition-Notification-To": "edi@localhost"}
    if is_signed:
        fields["Disposition-Notification-Options"] = (
            f"signed-receipt-protocol=required, pkcs7-signature; signed-receipt-micalg=optional, {digest}"
        )
    if address:
        fields["Receipt-Delivery-Option"] = address
    return fields


@dataclass(frozen=True)
class Receipt:
    """What the receiver of a message says of it.

    :ivar message_id: of the message it is for, with its brackets
    :ivar kind: ``processed`` or ``failed``
    :ivar modifier: ``error``, ``failure``, ``warning`` or empty
    :ivar reason: such as ``decryption-failed``, empty when all is well
    :ivar mic: integrity check of what was received, empty when it is not told
    :ivar digest: by which it was made
    """

    message_id: str
    kind: str = PROCESSED
    modifier: str = ""
    reason: str = ""
    mic: str = ""
    digest: str = ""
    recipient: str = ""
    text: str = ""
    is_signed: bool = False

    @property
    def is_positive(self) -> bool:
        """Whether the receiver has the message. One that it had before is there as well."""
        if self.reason.lower() == DUPLICATE:
            return True
        return self.kind == PROCESSED and self.modifier in ("", "warning")

    @property
    def disposition(self) -> str:
        """As it is written."""
        kind = f"{self.kind}/{self.modifier}" if self.modifier else self.kind
        return f"{kind}: {self.reason}" if self.reason else kind

    @classmethod
    def of_error(cls, message_id: str, error: As2Error, recipient: str) -> Receipt:
        """Return the receipt of a message that cannot be taken."""
        kind, modifier = error.disposition.partition(":")[0].split("/")
        return cls(message_id, kind, modifier, error.code, recipient=recipient, text=error.detail)


def write_receipt(receipt: Receipt, pair: cms.KeyPair | None = None, digest: str = "sha256") -> Entity:
    """
    :param pair: ours, to sign with; None for a receipt that is not signed
    """
    text = receipt.text or "The message was received and stored."
    lines = [
        f"Reporting-UA: {USER_AGENT}",
        f"Original-Recipient: rfc822; {receipt.recipient}",
        f"Final-Recipient: rfc822; {receipt.recipient}",
        f"Original-Message-ID: {receipt.message_id}",
        f"Disposition: automatic-action/MDN-sent-automatically; {receipt.disposition}",
    ]
    if receipt.mic:
        lines.append(f"Received-Content-MIC: {receipt.mic}, {receipt.digest}")
    parts = [
        Entity.make([("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit")],
                    f"{text}\r\n".encode()),
        Entity.make([("Content-Type", NOTIFICATION), ("Content-Transfer-Encoding", "7bit")],
                    "".join(f"{line}\r\n" for line in lines).encode()),
    ]  # fmt: skip
    report = join(f"{REPORT}; report-type=disposition-notification", parts)
    return sign(report, pair, digest) if pair else report


def is_receipt(entity: Entity) -> bool:
    """Whether an entity is a receipt rather than a message."""
    if entity.content_type == "multipart/signed":
        try:
            return entity.parts()[0].content_type == REPORT
        except As2Error:
            return False
    return entity.content_type == REPORT


def read_receipt(entity: Entity, certificates: Sequence[cms.Certificate]) -> Receipt:
    """
    :param certificates: the partner's, to check a signature by
    :raises As2Error: it is no receipt, or its signature is not the partner's
    """
    if entity.content_type == "multipart/signed":
        report, _checked, _digest = open_signed(entity, certificates)
        return replace(_read_report(report), is_signed=True)
    return _read_report(entity)


def read_disposition(raw: bytes) -> str:
    """Return what a receipt says that was checked when it came."""
    entity = Entity.parse(raw)
    report = entity.parts()[0] if entity.content_type == "multipart/signed" else entity
    return _read_report(report).disposition


def _read_report(entity: Entity) -> Receipt:
    if entity.content_type != REPORT:
        raise As2Error("unexpected-processing-error", "The answer is no receipt.")
    fields, text = None, ""
    for part in entity.parts():
        if part.content_type == NOTIFICATION:
            fields = BytesHeaderParser().parsebytes(part.content.lstrip())
        elif part.content_type == "text/plain":
            text = part.content.decode("utf-8", "replace").strip()
    match = _DISPOSITION.match(_field(fields, "Disposition")) if fields else None
    if not match:
        raise As2Error("unexpected-processing-error", "The receipt does not say what became of the message.")
    mic, _comma, digest = _field(fields, "Received-Content-MIC").partition(",")
    return Receipt(
        message_id=_field(fields, "Original-Message-ID"),
        kind=match["kind"].lower(),
        modifier=(match["modifier"] or "").lower(),
        reason=(match["detail"] or "").strip(),
        mic=mic.strip(),
        digest=normalize(digest),
        recipient=_field(fields, "Final-Recipient").rpartition(";")[2].strip(),
        text=text,
    )


def _field(fields: Message, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())


@dataclass(frozen=True)
class Verdict:
    """What a receipt means for the message it is for.

    :ivar outcome: ``success``, ``retryable`` or ``rejected``
    :ivar code: stable machine code, empty when all is well
    :ivar detail: a sentence for a person
    """

    outcome: str
    code: str = ""
    detail: str = ""


def judge(
    receipt: Receipt, message_id: str, mics: Mapping[str, Sequence[str]], wants_signed: bool
) -> Verdict:
    """
    :param message_id: of the message that was sent
    :param mics: its integrity checks: name of the digest to what it may be
    :param wants_signed: whether the receipt has to be signed
    """
    if receipt.message_id.strip("<>") != message_id.strip("<>"):
        return Verdict("retryable", "receipt_of_other", "The receipt is for another message.")
    if wants_signed and not receipt.is_signed:
        return Verdict("retryable", "receipt_unsigned", "The receipt is not signed, which was asked for.")
    if not receipt.is_positive:
        detail = f"The partner's receipt says {receipt.disposition}."
        return Verdict("rejected", "receipt_negative", f"{detail} {receipt.text}"[:500].strip())
    if not receipt.mic:
        if receipt.reason.lower() == DUPLICATE or not wants_signed:
            return Verdict("success")
        return Verdict("rejected", "mic_missing", "The receipt does not say what was received.")
    if receipt.mic not in mics.get(receipt.digest, ()):
        return Verdict("rejected", "mic_differs", "The partner received something else than was sent.")
    return Verdict("success")
