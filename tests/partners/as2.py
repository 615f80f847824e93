"""A trading partner's AS2 station: pyas2lib (GPL), another implementation of RFC 4130."""

from __future__ import annotations

import re
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock


def _load():
    """Import pyas2lib.

    The oscrypto that it asks for takes a version of OpenSSL with a patch number of two digits, such as 3.0.19, for
    none at all: it is shown one digit of it.
    """
    search = re.search

    def tolerant(pattern, text, *flags):
        if isinstance(text, str) and text.startswith("OpenSSL "):
            text = re.sub(r"(\d\.\d\.\d)\d+", r"\1", text)
        return search(pattern, text, *flags)

    with mock.patch("re.search", tolerant):
        import oscrypto.asymmetric  # noqa: F401
    from pyas2lib import as2

    return as2


as2 = _load()


class Station:
    """
    :ivar seen: message ids that came before, with their partner
    """

    def __init__(self, name, pair, partner_name, certificate, mdn_url=None, **agreed):
        """
        :param pair: PEM of our certificate and its key
        :param certificate: PEM of the partner's certificate
        :param agreed: options of pyas2lib's Partner, such as sign, encrypt, compress, mdn_mode
        """
        key = pair.encode()
        self.organization = as2.Organization(
            as2_name=name, sign_key=key, decrypt_key=key, mdn_url=mdn_url, domain="partner.example"
        )
        self.partner = as2.Partner(
            as2_name=partner_name,
            verify_cert=certificate.encode(),
            encrypt_cert=certificate.encode(),
            validate_certs=False,
            **agreed,
        )
        self.seen = {}

    def build(self, body, **options):
        """:return: (pyas2lib Message, headers, body) of a document"""
        message = as2.Message(self.organization, self.partner)
        message.build(body, **{"content_type": "application/edi-x12", **options})
        return message, dict(message.headers), message.content

    def parse(self, headers, body):
        """Take a message.

        :return: (status, pyas2lib Message, pyas2lib Mdn or None)
        """
        message = as2.Message()
        status, (error, _trace), mdn = message.parse(
            _raw(headers, body),
            lambda name: self.organization if name == self.organization.as2_name else None,
            lambda name: self.partner if name == self.partner.as2_name else None,
            lambda message_id, partner: (message_id, partner) in self.seen,
        )
        if not error:
            self.seen[message.message_id, self.partner.as2_name] = message
        return status, message, mdn

    def read_receipt(self, headers, body, message):
        """:return: (status, detail) of a receipt for a message"""
        return as2.Mdn().parse(_raw(headers, body), lambda message_id, recipient: message)


def _raw(headers, body):
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n" + body


class StationServer:
    """A station that answers over HTTP, and sends asynchronous receipts by itself.

    :ivar documents: Message-ID to what was taken
    :ivar receipts: what came as asynchronous receipts: (headers, body)
    """

    def __init__(self):
        self.station = None
        self.documents, self.receipts = {}, []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers, text = server._answer(dict(self.headers), body)
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_arguments):
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/as2"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, headers, body):
        if b"disposition-notification" in body:
            self.receipts.append((headers, body))
            return {}, b""
        status, message, mdn = self.station.parse(headers, body)
        if status == "processed":
            self.documents[message.message_id] = message.payload.get_payload(decode=True)
        if mdn.mdn_mode == "ASYNC":
            threading.Timer(0.5, post, (mdn.mdn_url, dict(mdn.headers), mdn.content)).start()
            return {}, b""
        return dict(mdn.headers), mdn.content


def post(url, headers, body):
    """:return: (status, headers, body) of the answer"""
    single = {name: " ".join(value.split()) for name, value in headers.items()}
    with urllib.request.urlopen(urllib.request.Request(url, body, single), timeout=30) as answer:
        return answer.status, dict(answer.headers), answer.read()
