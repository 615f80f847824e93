"""AS2 (RFC 4130): a document is posted, and the partner's receipt says what became of it."""

from dataclasses import dataclass, field, replace
from email.utils import formatdate

from odoo.addons.dist_integration_base.lib.transport import classify
from odoo.addons.dist_integration_base.lib.transports import HttpSettings, Result, Session, base
from odoo.addons.dist_integration_base.lib.transports.http import EXCERPT, Caller, takes_messages

from ..lib.as2 import cms, message
from ..lib.as2.errors import As2Error
from ..lib.as2.mime import Entity
from ..lib.as2.receipt import judge, make_wish, read_receipt

MAX_RECEIPT = 200_000
RECEIPT_HEADERS = ("content-type", "content-transfer-encoding", "message-id", "date", "as2-from", "as2-to")


@dataclass(frozen=True)
class As2Settings:
    """
    :ivar http: how the partner's address is called
    :ivar pair: ours, to sign with; None where nothing is signed
    :ivar certificates: the partner's, the one to encrypt for first
    :ivar receipt: ``none``, ``sync`` or ``async``
    :ivar receipt_url: where asynchronous receipts come to
    :ivar file_name: template
    """

    http: HttpSettings
    own_name: str
    partner_name: str
    protection: message.Protection
    pair: cms.KeyPair | None = field(default=None, repr=False)
    certificates: tuple[cms.Certificate, ...] = ()
    receipt: str = "sync"
    receipt_signed: bool = True
    receipt_url: str = ""
    subject: str = ""
    file_name: str = ""

    def open(self):
        """Return a session that sends documents."""
        return As2Session(self)

    def make_content(self, outgoing):
        """Return a document as a MIME entity, the same at every attempt."""
        name = base.fill(self.file_name, outgoing.names) if self.file_name else ""
        return message.make_content(outgoing.body, outgoing.content_type, name)

    def get_checked(self, outgoing):
        """Return the bytes that the integrity check of a document is made of."""
        return message.get_checked(self.make_content(outgoing), self.protection)


class As2Session(Session):
    """Posts documents. ``names["message_id"]`` of a document is its Message-ID, the same at every attempt."""

    def __init__(self, settings):
        super().__init__(settings)
        self._caller = Caller(settings.http, MAX_RECEIPT)

    def _send(self, outgoing):
        content = self.settings.make_content(outgoing)
        certificate = next(iter(self.settings.certificates), None)
        entity = message.protect(content, self.settings.protection, self.settings.pair, certificate)
        headers = {**self._get_headers(outgoing), **dict(entity.headers.items())}
        response = self._caller.call("POST", self.settings.http.url, headers, entity.body)
        outcome = classify(response.status, response.headers)
        if outcome.kind != "success":
            return Result(
                outcome.kind,
                status=response.status,
                code=f"http_{response.status}",
                detail=f"Answered {response.status}",
                excerpt=response.text[:EXCERPT],
                retry_after=outcome.retry_after_seconds,
            )
        if self.settings.receipt != "sync":
            return Result("success", status=response.status)
        return replace(
            self._judge(response, outgoing), status=response.status, excerpt=response.text[:EXCERPT]
        )

    def _get_headers(self, outgoing):
        settings = self.settings
        headers = {
            "AS2-Version": "1.2",
            "AS2-From": message.quote(settings.own_name),
            "AS2-To": message.quote(settings.partner_name),
            "Message-ID": outgoing.names["message_id"],
            "Date": formatdate(usegmt=True),
            "MIME-Version": "1.0",
            "Subject": settings.subject or "EDI",
        }
        if settings.receipt == "none":
            return headers
        address = settings.receipt_url if settings.receipt == "async" else ""
        return {
            **headers,
            **make_wish(settings.protection.digest or "sha256", settings.receipt_signed, address),
        }

    def _judge(self, response, outgoing):
        """:return: Result that follows from the receipt in the partner's answer"""
        fields = [(name, response.headers[name]) for name in RECEIPT_HEADERS if name in response.headers]
        entity = Entity.make(fields, response.body_excerpt)
        try:
            receipt = read_receipt(entity, self.settings.certificates)
        except As2Error as error:
            # the partner may have the document: it is asked again under the same Message-ID
            return Result("retryable", code="receipt_unreadable", detail=error.detail)
        mics = message.get_mics(self.settings.get_checked(outgoing))
        known = {digest: [mic] for digest, mic in mics.items()}
        verdict = judge(receipt, outgoing.names["message_id"], known, self.settings.receipt_signed)
        return Result(verdict.outcome, code=verdict.code, detail=verdict.detail, receipt=entity.raw)

    def check(self):
        response = self._caller.call("OPTIONS", self.settings.http.url)
        text = f"status {response.status} in {response.elapsed_ms} ms"
        return text if takes_messages(response) else base.Doubtful(text)

    def close(self):
        self._caller.close()
