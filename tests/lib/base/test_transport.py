import contextlib
import datetime
import errno
import gzip
import ipaddress
import os
import socket
import ssl
import tempfile
import threading
import time
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from dist_integration_base.lib import errors, transport
from dist_integration_base.lib.transport import HttpSession, classify
from hypothesis import given
from hypothesis import strategies as st

LOCAL = ["127.0.0.0/8", "::1/128"]


class Server:
    """A server of one behaviour: *script* gets each accepted connection and the number of the connection."""

    def __init__(self, script, context=None):
        self.script = script
        self.context = context
        self.requests = []
        self.connections = 0
        self.names = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.stopped = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ssl.SSLError, ValueError), connection:
            connection.settimeout(10)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                self.script(self, connection)

    def read(self, connection):
        """Read one request and return it, None when the client hung up."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return None
            data += piece
        head, _blank, body = data.partition(b"\r\n\r\n")
        fields = dict(
            line.decode("latin-1").split(": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
        )
        while len(body) < int(fields.get("Content-Length", 0)):
            body += connection.recv(65536)
        self.requests.append((head.split(b"\r\n")[0].decode(), fields, body))
        return self.requests[-1]

    def drip(self, connection, data, pause):
        for position in range(len(data)):
            if self.stopped.wait(pause):
                return
            connection.sendall(data[position : position + 1])


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:

        def start(script, context=None):
            server = Server(script, context)
            stack.callback(server.listener.close)
            stack.callback(server.stopped.set)
            return server

        yield start


def always(answer):
    def script(server, connection):
        while server.read(connection):
            connection.sendall(answer)

    return script


def http(status=200, body=b"ok", headers=()):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def session(timeout=5.0, **options):
    return HttpSession(timeout, options.pop("allowed", LOCAL), **options)


def failing(kind, url, timeout=5.0, headers=None, body=None, **options):
    with session(timeout, **options) as http_session, pytest.raises(kind) as caught:
        http_session.request("POST", url, headers or {}, body if body is not None else b"{}")
    assert type(caught.value) is kind
    return caught.value


# -- the ordinary case ---------------------------------------------------------------------------------------


def test_request_and_response(serve):
    server = serve(always(http(201, b"made", ["X-Two: a", "X-Two: b", "Content-Type: text/plain"])))
    with session() as http_session:
        answer = http_session.request(
            "POST", f"http://127.0.0.1:{server.port}/in?x=1#part", {"Content-Type": "a/b"}, b'{"a":1}'
        )
    line, fields, body = server.requests[0]
    assert line == "POST /in?x=1 HTTP/1.1"
    assert body == b'{"a":1}'
    assert fields["Host"] == f"127.0.0.1:{server.port}"
    assert fields["Content-Type"] == "a/b"
    assert fields["Content-Length"] == "7"
    assert fields["Accept-Encoding"] == "identity"
    assert (answer.status, answer.body_excerpt, answer.truncated) == (201, b"made", False)
    assert answer.headers["x-two"] == "a, b"
    assert 0 <= answer.elapsed_ms < 5000


def test_connection_is_kept_alive(serve):
    server = serve(always(http()))
    with session() as http_session:
        for _ in range(5):
            assert http_session.request("GET", f"http://127.0.0.1:{server.port}/").status == 200
    assert server.connections == 1
    assert len(server.requests) == 5


def test_connection_closed_between_calls_is_opened_anew(serve):
    def script(server, connection):
        server.read(connection)
        connection.sendall(http())

    server = serve(script)
    with session() as http_session:
        for _ in range(3):
            assert http_session.request("POST", f"http://127.0.0.1:{server.port}/", {}, b"1").status == 200
            time.sleep(0.05)
    assert [body for _line, _fields, body in server.requests] == [b"1"] * 3


def test_request_is_never_sent_twice_by_itself(serve):
    """A server that dies after reading may have acted: only the queue may decide to send again."""

    def script(server, connection):
        server.read(connection)
        connection.sendall(http())
        server.read(connection)

    server = serve(script)
    with session() as http_session:
        http_session.request("POST", f"http://127.0.0.1:{server.port}/", {}, b"1")
        with pytest.raises(errors.ConnectError) as caught:
            http_session.request("POST", f"http://127.0.0.1:{server.port}/", {}, b"2")
    assert caught.value.request_sent
    assert [body for _line, _fields, body in server.requests] == [b"1", b"2"]


def test_empty_answer_and_chunked_answer(serve):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    server = serve(always(chunked))
    empty = serve(always(b"HTTP/1.1 204 No Content\r\n\r\n"))
    with session() as http_session:
        for _ in range(2):
            assert http_session.request("GET", f"http://127.0.0.1:{server.port}/").body_excerpt == b"abcde"
            assert http_session.request("GET", f"http://127.0.0.1:{empty.port}/").body_excerpt == b""
    assert server.connections == empty.connections == 1


def test_nothing_comes_from_the_environment(serve, monkeypatch, tmp_path):
    server, proxy = serve(always(http())), serve(always(http(500)))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with session() as http_session:
        assert http_session.request("GET", f"http://127.0.0.1:{server.port}/").status == 200
    assert proxy.connections == 0
    assert "Authorization" not in server.requests[0][1]


def test_cookies_are_not_kept(serve):
    server = serve(always(http(headers=["Set-Cookie: a=b"])))
    with session() as http_session:
        for _ in range(2):
            http_session.request("GET", f"http://127.0.0.1:{server.port}/")
    assert "Cookie" not in server.requests[1][1]


def test_redirect_is_an_answer_and_is_not_followed(serve):
    target = serve(always(http()))
    server = serve(always(http(302, b"", [f"Location: http://127.0.0.1:{target.port}/"])))
    with session() as http_session:
        answer = http_session.request("POST", f"http://127.0.0.1:{server.port}/", {}, b"x")
    assert answer.status == 302
    assert target.connections == 0
    assert classify(answer.status, answer.headers).kind == "rejected"


# -- hostile and broken servers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["head", "body", "chunk", "until close"],
)
def test_slow_drip_ends_at_the_deadline(serve, start):
    def script(server, connection):
        server.read(connection)
        connection.sendall(start)
        server.drip(connection, b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1000, pause=0.1)

    server = serve(script)
    started = time.monotonic()
    error = failing(errors.DeliveryTimeout, f"http://127.0.0.1:{server.port}/", timeout=0.8)
    assert 0.7 < time.monotonic() - started < 6
    assert error.retryable
    assert error.request_sent
    assert error.code == "timeout"


def test_silent_server(serve):
    server = serve(lambda server, connection: server.stopped.wait(10))
    started = time.monotonic()
    error = failing(errors.DeliveryTimeout, f"http://127.0.0.1:{server.port}/", timeout=(5, 0.3, 10))
    assert time.monotonic() - started < 6
    assert "127.0.0.1" in error.detail


def test_server_that_does_not_read(serve):
    server = serve(lambda server, connection: server.stopped.wait(10))
    started = time.monotonic()
    failing(errors.DeliveryTimeout, f"http://127.0.0.1:{server.port}/", timeout=0.6, body=b"x" * 30_000_000)
    assert time.monotonic() - started < 6


def test_endless_interim_answers(serve):
    def script(server, connection):
        server.read(connection)
        while not server.stopped.is_set():
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)

    server = serve(script)
    started = time.monotonic()
    failing(errors.DeliveryTimeout, f"http://127.0.0.1:{server.port}/", timeout=0.6)
    assert time.monotonic() - started < 6


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 OK 200\r\n\r\n",
        b"220 smtp.example ESMTP\r\n",
        b"\x16\x03\x01\x02\x00" * 10,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
    ],
)
def test_not_a_complete_http_answer(serve, answer):
    def script(server, connection):
        server.read(connection)
        connection.sendall(answer)

    server = serve(script)
    error = failing(errors.ProtocolError, f"http://127.0.0.1:{server.port}/")
    assert (error.code, error.retryable, error.request_sent) == ("protocol", True, True)


def test_closed_without_an_answer(serve):
    server = serve(lambda server, connection: server.read(connection))
    error = failing(errors.ConnectError, f"http://127.0.0.1:{server.port}/")
    assert (error.code, error.request_sent) == ("cut", True)


@pytest.mark.parametrize("moment", ["connect", "recv_into"])
def test_network_failure_says_whether_the_request_may_have_arrived(serve, monkeypatch, moment):
    def unreachable(*args, **kwargs):
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    server = serve(always(http()))
    monkeypatch.setattr(transport._DeadlineSocket, moment, unreachable)
    error = failing(errors.ConnectError, f"http://127.0.0.1:{server.port}/")
    assert (error.code, error.request_sent) == (
        ("cut", True) if moment == "recv_into" else ("connect", False)
    )
    assert "No route to host" in error.detail


def test_early_refusal_of_a_large_body_is_heard(serve):
    def script(server, connection):
        connection.recv(1000)
        # Closing with bytes unread resets the connection while the client is still sending.
        connection.sendall(http(413, b"too large"))

    server = serve(script)
    with session() as http_session:
        answer = http_session.request("POST", f"http://127.0.0.1:{server.port}/", {}, b"x" * 20_000_000)
    assert (answer.status, answer.body_excerpt) == (413, b"too large")


def test_rest_of_a_cut_body_is_not_taken_for_the_next_answer(serve):
    def script(server, connection):
        server.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 11)
        if server.read(connection):
            connection.sendall(b"x" * 1989 + http(body=b"second"))

    server = serve(script)
    with session(max_response_bytes=10) as http_session:
        for _ in range(2):
            answer = http_session.request("GET", f"http://127.0.0.1:{server.port}/")
            assert (answer.body_excerpt, answer.truncated) == (b"x" * 10, True)
    assert server.connections == 2


def test_huge_body_is_cut(serve):
    sent = []

    def script(server, connection):
        server.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for _ in range(15_000):
            connection.sendall(b"x" * 65536)
            sent.append(65536)

    server = serve(script)
    with session(max_response_bytes=1000) as http_session:
        answer = http_session.request("GET", f"http://127.0.0.1:{server.port}/")
        again = http_session.request("GET", f"http://127.0.0.1:{server.port}/")
    assert answer.body_excerpt == again.body_excerpt == b"x" * 1000
    assert answer.truncated
    assert server.connections == 2
    assert sum(sent) < 100_000_000


def test_body_of_exactly_the_limit_is_whole(serve):
    server = serve(always(http(body=b"x" * 1000)))
    with session(max_response_bytes=1000) as http_session:
        answer = http_session.request("GET", f"http://127.0.0.1:{server.port}/")
        assert (len(answer.body_excerpt), answer.truncated) == (1000, False)
        http_session.request("GET", f"http://127.0.0.1:{server.port}/")
    assert server.connections == 1


def test_gzip_bomb_stays_small(serve):
    bomb = gzip.compress(b"\0" * 50_000_000)
    server = serve(always(http(body=bomb, headers=["Content-Encoding: gzip"])))
    with session(max_response_bytes=65536) as http_session:
        answer = http_session.request("GET", f"http://127.0.0.1:{server.port}/")
    assert answer.body_excerpt == b"\0" * 65536
    assert answer.truncated


def test_gzip_within_the_limit_is_readable_and_a_lie_is_left_alone(serve):
    plain = serve(always(http(body=gzip.compress(b"hello"), headers=["Content-Encoding: gzip"])))
    lie = serve(always(http(body=b"hello", headers=["Content-Encoding: gzip"])))
    with session() as http_session:
        for server in (plain, lie):
            answer = http_session.request("GET", f"http://127.0.0.1:{server.port}/")
            assert (answer.body_excerpt, answer.truncated) == (b"hello", False)


# -- addresses -----------------------------------------------------------------------------------------------


def test_private_address_is_refused_before_connecting(serve):
    server = serve(always(http()))
    for host in ("127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        error = failing(errors.AddressRefused, f"http://{host}:{server.port}/", allowed=[])
        assert (error.code, error.retryable, error.request_sent) == ("address_refused", False, False)
    assert server.connections == 0


def resolving(monkeypatch, *answers):
    """Each look-up gets the next of *answers*, a list of addresses; the last one repeats."""
    calls = []

    def getaddrinfo(host, port, *args, **kwargs):
        calls.append(host)
        found = answers[min(len(calls), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return calls


def test_dns_rebinding_has_no_second_look_up(serve, monkeypatch):
    """The checked address is the one connected to: a name that changes in between gains nothing."""
    inside, outside = serve(always(http(body=b"inside"))), serve(always(http(body=b"outside")))
    calls = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    with session() as http_session:
        for _ in range(2):
            answer = http_session.request("GET", f"http://partner.example:{outside.port}/")
            assert answer.body_excerpt == b"outside"
    assert calls == ["partner.example"]
    assert outside.requests[0][1]["Host"] == f"partner.example:{outside.port}"
    assert inside.connections == 0


def test_rebound_name_is_checked_again_in_the_next_session(serve, monkeypatch):
    server = serve(always(http()))
    resolving(monkeypatch, ["127.0.0.2"], ["10.0.0.1"])
    url = f"http://partner.example:{server.port}/"
    failing(errors.ConnectError, url)
    failing(errors.AddressRefused, url)


def test_second_address_is_tried_when_the_first_is_down(serve, monkeypatch):
    server = serve(always(http()))
    resolving(monkeypatch, ["127.0.0.9", "127.0.0.1"])
    with session() as http_session:
        assert http_session.request("GET", f"http://partner.example:{server.port}/").status == 200


def test_unknown_name(monkeypatch):
    def getaddrinfo(*args, **kwargs):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    error = failing(errors.DnsError, "https://partner.example/")
    assert (error.code, error.retryable, error.request_sent) == ("dns", True, False)


def test_name_is_looked_up_again_after_a_failed_connection(serve, monkeypatch):
    server = serve(always(http()))
    calls = resolving(monkeypatch, ["127.0.0.9"], ["127.0.0.1"])
    with session() as http_session:
        with pytest.raises(errors.ConnectError) as caught:
            http_session.request("GET", f"http://partner.example:{server.port}/")
        assert not caught.value.request_sent
        assert http_session.request("GET", f"http://partner.example:{server.port}/").status == 200
    assert len(calls) == 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com/",
        "example.com",
        "http://",
        "http:///path",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://@example.com/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:x/",
        "http://exa mple.com/",
        "http://example.com/a b",
        "http://example.com/\r\nX: y",
        "http://example.com/\ta",
        "http://example.com\\@127.0.0.1/",
        "http://[::1/",
        "http://ex%61mple.com/",
        "http://example.com/" + "a" * 8000,
        "\x00http://example.com/",
    ],
)
def test_invalid_url(url):
    error = failing(errors.InvalidUrl, url)
    assert (error.code, error.retryable) == ("invalid_url", False)
    assert "secret" not in error.detail


def test_split_url():
    assert transport.split_url("https://Bücher.Example./a/é?q=ü&x=%20#f") == (
        "https",
        "xn--bcher-kva.example",
        443,
        "/a/%C3%A9?q=%C3%BC&x=%20",
    )
    assert transport.split_url("http://[::1]:8069?x") == ("http", "::1", 8069, "/?x")


def test_ipv6_host_header(monkeypatch):
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    seen = []

    def run():
        connection, _address = listener.accept()
        with connection:
            seen.append(connection.recv(65536))
            connection.sendall(http())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    with listener, session() as http_session:
        assert http_session.request("GET", f"http://[::1]:{port}/").status == 200
    assert f"Host: [::1]:{port}".encode() in seen[0]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "b\r\nX-C: d"},
        {"X-A": "b\nX-C: d"},
        {"X-A": "b\r\n folded"},
        {"X-A": "b\x00"},
        {"X-A": "é"},
        {"X-A": 5},
        {"X-A\r\nX-B": "c"},
        {"X A": "b"},
        {"": "b"},
        {"X-A:": "b"},
        {"Host": "other.example"},
        {"content-length": "5"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "close"},
        {"Expect": "100-continue"},
    ],
)
def test_header_injection_is_refused_before_connecting(serve, headers):
    server = serve(always(http()))
    error = failing(errors.InvalidRequest, f"http://127.0.0.1:{server.port}/", headers=headers)
    assert not error.retryable
    assert server.connections == 0


@pytest.mark.parametrize("method", ["", "get", "GET / HTTP/1.1\r\nX: y", "GET "])
def test_method_is_checked(method):
    with session() as http_session, pytest.raises(errors.InvalidRequest):
        http_session.request(method, "http://127.0.0.1:1/")


def test_caller_replaces_the_default_headers(serve):
    server = serve(always(http()))
    with session() as http_session:
        http_session.request("GET", f"http://127.0.0.1:{server.port}/", {"user-agent": "mine"})
    fields = {name.lower(): value for name, value in server.requests[0][1].items()}
    assert fields["user-agent"] == "mine"


def test_refused_connection():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failing(errors.ConnectError, f"http://127.0.0.1:{port}/")
    assert (error.code, error.retryable, error.request_sent) == ("connect", True, False)


# -- TLS -----------------------------------------------------------------------------------------------------


def make_certificate(folder, name, names=(), issuer=None, days=(-1, 2), client=False):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=not issuer, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if issuer:
        public = issuer[1].public_key()
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False
        )
    else:
        usage = [True if field in (5, 6) else False for field in range(9)]
        builder = builder.add_extension(x509.KeyUsage(*usage), critical=True)
    if client:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(usage, critical=False)
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    text = certificate.public_bytes(serialization.Encoding.PEM)
    text += key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(text)
    return certificate, key, str(path)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("ca"), "Test authority")


@pytest.fixture(scope="module")
def partner(authority, tmp_path_factory):
    names = [x509.DNSName("partner.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return make_certificate(tmp_path_factory.mktemp("partner"), "partner", names, authority)


def tls(certificate, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[2])
    for name, value in options.items():
        setattr(context, name, value)
    return context


def test_tls_keeps_name_while_connecting_to_the_checked_address(serve, monkeypatch, authority, partner):
    names = []
    context = tls(partner)
    context.sni_callback = lambda sock, name, context: names.append(name)
    server = serve(always(http()), context)
    resolving(monkeypatch, ["127.0.0.1"])
    with session(verify=authority[2]) as http_session:
        for _ in range(3):
            answer = http_session.request(
                "POST", f"https://Partner.Example.:{server.port}/", {}, b"x" * 100_000
            )
            assert answer.status == 200
    assert names == ["partner.example"]
    assert server.connections == 1
    assert server.requests[0][1]["Host"] == f"partner.example:{server.port}"
    assert len(server.requests[2][2]) == 100_000


def test_tls_with_an_address_in_the_url(serve, authority, partner):
    server = serve(always(http()), tls(partner))
    with session(verify=authority[2]) as http_session:
        assert http_session.request("GET", f"https://127.0.0.1:{server.port}/").status == 200


def test_tls_bundle_as_text(serve, authority, partner):
    server = serve(always(http()), tls(partner))
    text = authority[0].public_bytes(serialization.Encoding.PEM).decode()
    with session(verify=text) as http_session:
        assert http_session.request("GET", f"https://127.0.0.1:{server.port}/").status == 200


def test_tls_self_signed_is_refused(serve, tmp_path):
    own = make_certificate(tmp_path, "own", [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    server = serve(always(http()), tls(own))
    error = failing(errors.TlsError, f"https://127.0.0.1:{server.port}/")
    assert (error.code, error.retryable, error.request_sent) == ("tls", True, False)
    assert "self" in error.detail and "signed" in error.detail
    assert server.requests == []


def test_tls_wrong_name_is_refused(serve, monkeypatch, authority, partner):
    server = serve(always(http()), tls(partner))
    resolving(monkeypatch, ["127.0.0.1"])
    error = failing(errors.TlsError, f"https://other.example:{server.port}/", verify=authority[2])
    assert "other.example" in error.detail
    assert server.requests == []


def test_tls_expired_is_refused(serve, authority, tmp_path):
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    old = make_certificate(tmp_path, "old", names, authority, days=(-3, -1))
    server = serve(always(http()), tls(old))
    assert (
        "expired" in failing(errors.TlsError, f"https://127.0.0.1:{server.port}/", verify=authority[2]).detail
    )


def test_tls_old_versions_are_refused(serve, authority, partner):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = tls(partner, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
        lenient = ssl.create_default_context(cafile=authority[2])
        lenient.minimum_version = ssl.TLSVersion.TLSv1
    for each in (context, lenient):
        each.set_ciphers("ALL:@SECLEVEL=0")
    server = serve(always(http()), context)
    try:
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            lenient.wrap_socket(plain, server_hostname="127.0.0.1").close()
    except ssl.SSLError:
        pytest.skip("this OpenSSL has no TLS 1.1")
    failing(errors.TlsError, f"https://127.0.0.1:{server.port}/", verify=authority[2])
    assert server.requests == []


def test_tls_against_a_plain_server(serve):
    def script(server, connection):
        connection.recv(1000)
        connection.sendall(http(400))

    server = serve(script)
    failing(errors.TlsError, f"https://127.0.0.1:{server.port}/")


def test_tls_handshake_that_never_ends(serve):
    server = serve(
        lambda server, connection: server.drip(connection, b"\x16\x03\x03\x40\x00" + b"\0" * 999, 0.1)
    )
    started = time.monotonic()
    failing(errors.DeliveryTimeout, f"https://127.0.0.1:{server.port}/", timeout=0.6)
    assert time.monotonic() - started < 6


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"], ids=["head", "body"]
)
def test_tls_slow_drip_ends_at_the_deadline(serve, authority, partner, start):
    def script(server, connection):
        server.read(connection)
        connection.sendall(start)
        server.drip(connection, b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1000, pause=0.1)

    server = serve(script, tls(partner))
    started = time.monotonic()
    url = f"https://127.0.0.1:{server.port}/"
    error = failing(errors.DeliveryTimeout, url, timeout=0.8, verify=authority[2])
    assert time.monotonic() - started < 6
    assert error.request_sent


def test_tls_cut_in_the_body(serve, authority, partner):
    def script(server, connection):
        server.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

    server = serve(script, tls(partner))
    failing(errors.ProtocolError, f"https://127.0.0.1:{server.port}/", verify=authority[2])


@pytest.mark.parametrize("form", ["path", "pair", "text"])
def test_client_certificate(serve, authority, partner, tmp_path, monkeypatch, form):
    _certificate, _key, path = make_certificate(tmp_path, "us", (), authority, client=True)
    context = tls(partner, verify_mode=ssl.CERT_REQUIRED)
    context.load_verify_locations(authority[2])
    server = serve(always(http()), context)
    given_form = {"path": path, "pair": (path, path), "text": open(path).read()}[form]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with session(verify=authority[2], client_certificate=given_form) as http_session:
        assert http_session.request("GET", f"https://127.0.0.1:{server.port}/").status == 200
    assert os.listdir(scratch) == []


def test_missing_client_certificate(serve, authority, partner):
    context = tls(partner, verify_mode=ssl.CERT_REQUIRED)
    context.load_verify_locations(authority[2])
    server = serve(always(http()), context)
    with session(verify=authority[2]) as http_session:
        with pytest.raises((errors.TlsError, errors.ConnectError)) as caught:
            http_session.request("GET", f"https://127.0.0.1:{server.port}/")
    assert caught.value.retryable
    assert server.requests == []


@pytest.mark.parametrize(
    "options",
    [
        {"verify": False},
        {"verify": ""},
        {"verify": "/nowhere/ca.pem"},
        {"verify": "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----"},
        {"client_certificate": "/nowhere/client.pem"},
        {"client_certificate": "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----"},
        {"timeout": 0},
        {"timeout": (1, -1, 5)},
    ],
)
def test_unusable_configuration(options):
    with pytest.raises(errors.ConfigurationError):
        HttpSession(**options)


# -- what a status means -------------------------------------------------------------------------------------

NOW = 1_700_000_000  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("status", "headers", "kind", "retry_after"),
    [
        (200, {}, "success", None),
        (204, {"Retry-After": "5"}, "success", None),
        (299, {}, "success", None),
        (301, {}, "rejected", None),
        (304, {}, "rejected", None),
        (400, {}, "rejected", None),
        (401, {"Retry-After": "5"}, "rejected", None),
        (404, {}, "rejected", None),
        (408, {}, "retryable", None),
        (409, {}, "rejected", None),
        (410, {}, "gone", None),
        (422, {}, "rejected", None),
        (425, {}, "retryable", None),
        (429, {}, "throttled", None),
        (429, {"retry-after": "7"}, "throttled", 7),
        (500, {}, "retryable", None),
        (500, {"RETRY-AFTER": "7"}, "retryable", 7),
        (502, {}, "retryable", None),
        (502, {"Retry-After": "1"}, "throttled", 1),
        (503, {"Retry-After": "Tue, 14 Nov 2023 22:14:20 GMT"}, "throttled", 60),
        (504, {"Retry-After": "nonsense"}, "retryable", None),
        (599, {}, "retryable", None),
    ],
)
def test_classify(status, headers, kind, retry_after):
    assert classify(status, headers, NOW) == transport.Outcome(kind, retry_after)


@pytest.fixture
def tokyo(monkeypatch):
    """A server whose own clock is not in UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        (" 120 ", 120),
        ("1.5", 1.5),
        ("-30", 0),
        ("0", 0),
        ("99999999999999999999", 86400),
        ("9" * 5000, None),
        ("1e9", None),
        ("nan", None),
        ("inf", None),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30),
        ("Tuesday, 14-Nov-23 22:13:50 GMT", 30),
        ("Tue Nov 14 22:13:50 2023", 30),
        ("Tue, 14 Nov 2022 22:13:50 GMT", 0),
        ("Tue, 14 Nov 9999 22:13:50 GMT", 86400),
        ("Tue, 99 Nov 2023 99:13:50 GMT", None),
        ("Tue, 14 Nov 99999999999999999999 22:13:50 GMT", None),
    ],
)
def test_parse_retry_after(value, expected, tokyo):
    assert transport.parse_retry_after(value, NOW) == expected


@given(st.text(max_size=60), st.integers(0, 2**33))
def test_retry_after_never_raises_and_is_bounded(value, now):
    found = transport.parse_retry_after(value, now)
    assert found is None or 0 <= found <= 86400
