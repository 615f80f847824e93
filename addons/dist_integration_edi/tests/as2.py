"""A trading partner's AS2 station, on the suite's own library; tests/lib lets pyas2lib be the partner."""

import functools
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from odoo.addons.dist_integration_base.lib.tls import split_pair

from ..lib.as2 import cms, message
from ..lib.as2.errors import As2Error
from ..lib.as2.mime import Entity
from ..lib.as2.receipt import Wish, make_wish, read_receipt
from ..lib.as2.receiving import Incoming, Terms, answer


@functools.cache
def make_pair(name, starts=-1, ends=60):
    """:return: PEM of a certificate that signs itself, valid between two days from now, with its key"""
    key = rsa.generate_private_key(65537, 2048, default_backend())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.utcnow().replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + timedelta(days=starts))
        .not_valid_after(today + timedelta(days=ends))
        .sign(key, hashes.SHA256(), default_backend())
    )
    parts = (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    return b"".join(parts).decode()


def read_pair(pem):
    """:return: lib.as2.cms.KeyPair"""
    certificate, key = split_pair(pem)
    return cms.KeyPair(cms.Certificate(certificate), key)


class Station:
    """
    :ivar taken: Message-ID to the content that was taken; each has one effect
    :ivar calls: list of (Message-ID, status that was answered)
    :ivar receipts: receipts that came to its own address
    :ivar faults: names of what goes wrong at the next calls, in turn
    """

    NAME, PARTNER = "HARBOUR", "OUR HOUSE"

    def __init__(self, pair, certificate):
        self.pair, self.certificate = pair, certificate
        self.taken, self.calls, self.receipts, self.faults, self.wishes = {}, [], [], [], []
        station = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, text = station._answer(dict(self.headers), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_OPTIONS = do_POST

            def log_message(self, *_arguments):
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/as2"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    @property
    def terms(self):
        return Terms([self.pair], [self.certificate], must_be_signed=False, must_be_encrypted=False)

    # as the receiver

    def _answer(self, headers, body):
        fault = self.faults.pop(0) if self.faults else ""
        if "AS2-From" not in headers:
            return 200, {}, b""
        incoming = Incoming.from_headers(headers)
        if fault.isdigit():
            self.calls.append((incoming.message_id, int(fault)))
            return int(fault), {}, b"no"
        entity = incoming.entity(body)
        if "multipart/report" in body.decode("latin-1") and "Original-Message-ID" in body.decode("latin-1"):
            self.receipts.append(read_receipt(entity, [self.certificate]))
            return 200, {}, b""
        self.calls.append((incoming.message_id, 200))
        self.wishes.append(Wish.from_headers(headers))
        receipt = self._take(incoming, body, fault)
        if fault == "garbage" or self.wishes[-1].address:
            return 200, {"Content-Type": "text/html"}, b"<p>Thank you</p>"
        return 200, dict(receipt.headers.items()), receipt.body

    def _take(self, incoming, body, fault):
        """:return: Entity of the receipt"""
        wish = Wish.from_headers(incoming.headers)
        try:
            if fault == "refuse":
                raise As2Error("decryption-failed", "The key is in the safe.")
            received = incoming.take(body, self.terms)
            if incoming.message_id in self.taken:
                raise As2Error("duplicate-document", "It is here.")
            self.taken[incoming.message_id] = received.content
            receipt = incoming.accept(received, wish)
            if fault == "wrong mic":
                receipt = incoming.accept(self._change(received), wish)
        except As2Error as error:
            receipt = incoming.refuse(error)
        pair = read_pair(make_pair("Stranger")) if fault == "stranger" else self.pair
        terms = Terms([] if fault == "unsigned" else [pair])
        self.last_receipt = answer(incoming, receipt, wish, terms)
        return self.last_receipt

    def _change(self, received):
        return received.__class__(**{**received.__dict__, "checked": b"something else"})

    # as the sender

    def build(self, body, reference, protection=None, receipt="sync", **options):
        """:return: (headers, body) of a document for the distributor"""
        content = message.make_content(body, "application/edi-x12", "order.edi")
        protection = protection or message.Protection()
        pair = options.get("pair", self.pair)
        certificate = options.get("certificate", self.certificate)
        entity = message.protect(content, protection, pair, certificate)
        address = self.url if receipt == "async" else ""
        wish = make_wish("sha256", True, address) if receipt else {}
        headers = {
            "AS2-From": message.quote(options.get("name", self.NAME)),
            "AS2-To": message.quote(self.PARTNER),
            "Message-ID": reference,
            **wish,
            **dict(entity.headers.items()),
        }
        return headers, entity.body

    def read_receipt(self, response):
        """:return: lib.as2.receipt.Receipt of an answer (requests' response)"""
        fields = [("Content-Type", response.headers["Content-Type"])]
        return read_receipt(Entity.make(fields, response.content), [self.certificate])
