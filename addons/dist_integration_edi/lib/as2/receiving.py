"""The receiver's part of an exchange: what a request says, what it holds, and the receipt that it gets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate, make_msgid

from . import cms
from .errors import As2Error
from .message import ENVELOPES, Received, mic, unprotect, unquote
from .mime import Entity
from .receipt import Receipt, Wish, write_receipt

MAX_MESSAGE_ID = 255
_MESSAGE_ID = re.compile(r"<?[\x21-\x7e ]+>?")


@dataclass(frozen=True)
class Terms:
    """What was agreed with a sender.

    :ivar pairs: ours, to decrypt with, the one that signs receipts first
    :ivar certificates: the partner's, to check signatures by
    :ivar limit: most bytes of a message
    """

    pairs: Sequence[cms.KeyPair] = field(default=(), repr=False)
    certificates: Sequence[cms.Certificate] = ()
    must_be_signed: bool = True
    must_be_encrypted: bool = True
    limit: int = 10_000_000


@dataclass(frozen=True)
class Incoming:
    """A request of a partner.

    :ivar message_id: with its brackets
    :ivar headers: of the request, names in lower case
    """

    sender: str
    receiver: str
    message_id: str
    headers: Mapping[str, str]

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Incoming:
        """:raises As2Error: a header field that AS2 asks for is missing or cannot be used"""
        given = {name.lower(): value for name, value in headers.items()}
        for name in ("as2-from", "as2-to", "message-id"):
            if not given.get(name, "").strip():
                raise As2Error("unexpected-processing-error", f"The header field {name} is missing.")
        message_id = given["message-id"].strip()
        if len(message_id) > MAX_MESSAGE_ID or not _MESSAGE_ID.fullmatch(message_id):
            raise As2Error("unexpected-processing-error", "The Message-ID cannot be used.")
        return cls(unquote(given["as2-from"]), unquote(given["as2-to"]), message_id, given)

    def entity(self, body: bytes) -> Entity:
        """Return the request as a MIME entity."""
        names = ("content-type", "content-transfer-encoding", "content-disposition")
        fields = [(name, " ".join(self.headers[name].split())) for name in names if self.headers.get(name)]
        return Entity.make(fields, body)

    def take(self, body: bytes, terms: Terms) -> Received:
        """Take the layers off and see whether they are what was agreed.

        :raises As2Error: the message cannot be taken
        """
        entity = self.entity(body)
        try:
            return self._take(entity, terms)
        except As2Error as error:
            error.is_sealed = entity.content_type in ENVELOPES
            raise

    @staticmethod
    def _take(entity: Entity, terms: Terms) -> Received:
        received = unprotect(entity, terms.pairs, terms.certificates, terms.limit)
        if terms.must_be_signed and not received.digest:
            raise As2Error("insufficient-message-security", "The message is not signed.")
        if terms.must_be_encrypted and not received.is_encrypted:
            raise As2Error("insufficient-message-security", "The message is not encrypted.")
        return received

    def accept(self, received: Received, wish: Wish) -> Receipt:
        """Return the receipt of a message that was stored."""
        digest = received.digest or next(iter(wish.digests), "sha1")
        return Receipt(
            self.message_id,
            mic=mic(received.checked, digest),
            digest=digest,
            recipient=self.headers["as2-to"].strip(),
        )

    def refuse(self, error: As2Error) -> Receipt:
        """Return the receipt of a message that cannot be taken."""
        return Receipt.of_error(self.message_id, error.told, self.headers["as2-to"].strip())


def answer(incoming: Incoming, receipt: Receipt, wish: Wish, terms: Terms) -> Entity:
    """Return a receipt with all its header fields, as it was asked for: signed, where there is a key."""
    pair = terms.pairs[0] if wish.is_signed and terms.pairs else None
    entity = write_receipt(receipt, pair, next(iter(wish.digests), "sha256"))
    fields = [
        ("AS2-Version", "1.2"),
        ("AS2-From", incoming.headers["as2-to"].strip()),
        ("AS2-To", incoming.headers["as2-from"].strip()),
        ("Message-ID", make_msgid(domain="as2.receipt")),
        ("Date", formatdate(usegmt=True)),
        ("MIME-Version", "1.0"),
        ("Content-Type", entity.headers["Content-Type"]),
    ]
    return Entity.make(fields, entity.body)
