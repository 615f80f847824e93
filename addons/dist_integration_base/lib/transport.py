"""Calling a partner over HTTP(S) without giving the partner a hold on the server.

A session resolves a host once, checks every address (see :mod:`network`) and connects to a checked address
while ``Host``, SNI and the certificate's name stay those of the URL. It follows no redirect and reads no
proxy, ``.netrc`` or cookie from its surroundings. One deadline covers the whole exchange, so a server that
sends a byte a second cannot keep a worker.

It stands on ``http.client``: the pools of urllib3 1.26 and 2.x differ exactly where this needs a hold
(connecting, time limits), and the standard library has none of the features that would have to be turned off.
"""

from __future__ import annotations

import datetime
import email.utils
import http.client
import re
import selectors
import socket
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from .errors import (
    ConfigurationError,
    ConnectError,
    DeliveryError,
    DeliveryTimeout,
    InvalidRequest,
    InvalidUrl,
    ProtocolError,
    TlsError,
)
from .network import IPNetwork, normalize_host, resolve
from .tls import make_context

USER_AGENT = "dist-integration/1.0"
DEFAULT_CONNECT_TIMEOUT = 10.0
MAX_URL_LENGTH = 8000
MAX_HEADER_VALUE = 8192
MAX_RETRY_AFTER_SECONDS = 24 * 3600
_CHUNK = 16384

_METHOD = re.compile(r"[A-Z]{1,20}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
# RFC 9110 5.5 without obs-text: what every server reads the same way.
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
# The connection decides these; a caller's value would be a way to smuggle a second request.
_OWN_HEADERS = frozenset(
    "host content-length transfer-encoding connection keep-alive te trailer upgrade expect".split()
)
_ZLIB_GZIP_OR_ZLIB = 47


@dataclass(frozen=True)
class Response:
    """One complete answer.

    :ivar status: HTTP status
    :ivar headers: names in lower case, repeated ones joined with ", ", each value cut at 8192 characters
    :ivar body_excerpt: the first ``max_response_bytes`` bytes of the body, decompressed
    :ivar elapsed_ms: whole milliseconds from the start, look-up and connection included
    :ivar truncated: whether the body was longer than the excerpt
    """

    status: int
    headers: dict[str, str]
    body_excerpt: bytes
    elapsed_ms: int
    truncated: bool

    @property
    def text(self) -> str:
        """The excerpt for a person: UTF-8, unreadable bytes replaced."""
        return self.body_excerpt.decode("utf-8", "replace")


@dataclass(frozen=True)
class Outcome:
    """What a status means for the queue.

    :ivar kind: ``success``, ``gone``, ``throttled``, ``retryable`` or ``rejected``
    :ivar retry_after_seconds: the other side's wish, 0 to 86400, None when it has none
    """

    kind: str
    retry_after_seconds: float | None = None


def classify(status: int, headers: Mapping[str, str], now: float | None = None) -> Outcome:
    """Say what an HTTP status means for a delivery (Standard Webhooks, "Delivery"; RFC 9110).

    Only 2xx is success. 410 asks never to be called again. 429, and 502, 503 or 504 with ``Retry-After``, ask
    to slow down. 408, 425 and 5xx are worth another try. The rest, redirects included, fails at once.

    :param headers: of the answer, names in any case
    :param now: Unix seconds, for a ``Retry-After`` given as a date
    """
    raw = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    retry_after = parse_retry_after(raw, time.time() if now is None else now)
    if 200 <= status < 300:
        return Outcome("success")
    if status == 410:
        return Outcome("gone")
    if status == 429 or (status in (502, 503, 504) and retry_after is not None):
        return Outcome("throttled", retry_after)
    if status in (408, 425) or status >= 500:
        return Outcome("retryable", retry_after)
    return Outcome("rejected")


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Read ``Retry-After`` (RFC 9110 10.2.3): seconds or an HTTP date; None when absent or unreadable.

    The result is between 0 (also for negative seconds and dates in the past) and a day: nobody parks a queue
    longer.
    """
    if not value:
        return None
    text = value.strip()
    if re.fullmatch(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?", text):
        seconds = float(text)
    else:
        try:
            moment = email.utils.parsedate_to_datetime(text)
            if moment.tzinfo is None:
                # The asctime form names no zone; RFC 9110 5.6.7 says that it is UTC.
                moment = moment.replace(tzinfo=datetime.timezone.utc)
            seconds = moment.timestamp() - now
        except (TypeError, ValueError, IndexError, OverflowError):
            return None
    return min(max(seconds, 0.0), float(MAX_RETRY_AFTER_SECONDS))


class HttpSession:
    """A kept-alive session for one batch of calls. Not for use by several threads at once.

    :param timeout: seconds for a whole exchange, or ``(connect, read, total)``
    :param allowed_networks: ranges that an administrator opened, see :func:`network.parse_networks`
    :param verify: True for the system's authorities, or a path to (or the text of) a PEM bundle to trust
        instead. There is no way to trust everything.
    :param client_certificate: path or PEM text holding certificate and key, or the pair of both
    :param max_response_bytes: how much of a body is kept and read
    :raises ConfigurationError: a certificate or a time limit is unusable
    """

    def __init__(
        self,
        timeout: float | tuple[float, float, float] = 30.0,
        allowed_networks: Sequence[str | IPNetwork] = (),
        verify: bool | str = True,
        client_certificate: str | tuple[str, str] | None = None,
        max_response_bytes: int = 65536,
    ) -> None:
        self._connect_timeout, self._read_timeout, self._total_timeout = _timeouts(timeout)
        self._allowed_networks = tuple(allowed_networks)
        self._max_response_bytes = max_response_bytes
        self._verify = verify
        self._client_certificate = client_certificate
        self._context: ssl.SSLContext | None = None
        self._addresses: dict[tuple[str, int], list[str]] = {}
        self._connections: dict[tuple[str, str, int], Any] = {}
        if verify is not True or client_certificate:
            self._ssl_context()

    def __enter__(self) -> HttpSession:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection and forget resolved addresses; the session may be used again."""
        for key in list(self._connections):
            self._drop(key)
        self._addresses.clear()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        max_response_bytes: int | None = None,
    ) -> Response:
        """Send one request and return its answer, whatever the status.

        :param method: upper case
        :param url: ``http`` or ``https``, without user information
        :param headers: printable ASCII values; the connection sets ``Host`` and ``Content-Length`` itself
        :param body: the exact bytes to send
        :param max_response_bytes: how much of this answer is kept, None: as of the session
        :raises DeliveryError: a subclass says why there is no answer, ``.code`` and ``.retryable`` what to do
        """
        started = time.monotonic()
        limit = self._max_response_bytes if max_response_bytes is None else max_response_bytes
        scheme, host, port, target = split_url(url)
        prepared = _prepare_headers(method, headers or {})
        deadline = _Deadline(started + self._total_timeout, self._read_timeout)
        key = (scheme, host, port)
        keep = False
        try:
            connection = self._connection(key, deadline)
            connection.request_sent = False
            with _translated(connection, host):
                answer = _exchange(connection, method, target, body, prepared)
                excerpt, truncated = _read_excerpt(answer, limit)
            keep = not truncated and not answer.will_close
        finally:
            if not keep:
                self._drop(key)
        kept_headers = _joined_headers(answer)
        excerpt, cut = _decompress(excerpt, kept_headers.get("content-encoding", ""), limit)
        return Response(
            status=answer.status,
            headers=kept_headers,
            body_excerpt=excerpt,
            elapsed_ms=int((time.monotonic() - started) * 1000),
            truncated=truncated or cut,
        )

    def _connection(self, key: tuple[str, str, int], deadline: _Deadline) -> Any:
        scheme, host, port = key
        connection = self._connections.get(key)
        if connection is not None:
            if not _is_dropped(connection):
                connection.use_deadline(deadline)
                return connection
            # The server hung up between two calls. Opening anew is safe: nothing has been sent on it.
            self._drop(key)
        if (host, port) not in self._addresses:
            limit = min(self._connect_timeout, deadline.remaining())
            self._addresses[host, port] = resolve(host, port, self._allowed_networks, timeout=limit)
        kind = _HttpsConnection if scheme == "https" else _HttpConnection
        connection = kind(host, port)
        connection.addresses = self._addresses[host, port]
        connection.connect_timeout = self._connect_timeout
        connection.ssl_context = self._ssl_context() if scheme == "https" else None
        connection.use_deadline(deadline)
        self._connections[key] = connection
        try:
            with _translated(connection, host):
                connection.connect()
        except DeliveryError:
            # The addresses may have moved: the next try asks the name servers again.
            self._addresses.pop((host, port), None)
            raise
        return connection

    def _drop(self, key: tuple[str, str, int]) -> None:
        connection = self._connections.pop(key, None)
        if connection is not None:
            connection.close()

    def _ssl_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = make_context(self._verify, self._client_certificate)
            self._context.sslsocket_class = _DeadlineSSLSocket
        return self._context


def split_url(url: str) -> tuple[str, str, int, str]:
    """Split *url* into ``(scheme, host, port, target)``; the host is normalized, the target percent-encoded.

    :raises InvalidUrl: not http(s), user information, blanks or control characters, bad port, too long
    """
    if len(url) > MAX_URL_LENGTH:
        raise InvalidUrl(f"The URL is longer than {MAX_URL_LENGTH} characters.")
    # urlsplit silently drops tabs and line breaks; a backslash is a slash to some readers and not to others.
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise InvalidUrl("The URL holds a blank, a control character or a backslash.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidUrl("The URL cannot be read.") from None
    if parts.scheme not in ("http", "https"):
        raise InvalidUrl("The URL must start with https:// or http://.")
    if "@" in parts.netloc:
        raise InvalidUrl("The URL must not hold a user name or a password.")
    if not parts.hostname:
        raise InvalidUrl("The URL has no host.")
    if port == 0:
        raise InvalidUrl("The URL has port 0.")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]|")
    return parts.scheme, normalize_host(parts.hostname), port or _default_port(parts.scheme), target


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _timeouts(timeout: float | tuple[float, float, float]) -> tuple[float, float, float]:
    if isinstance(timeout, tuple):
        connect, read, total = timeout
    else:
        connect, read, total = min(DEFAULT_CONNECT_TIMEOUT, timeout), timeout, timeout
    if min(connect, read, total) <= 0:
        raise ConfigurationError("A time limit must be more than 0 seconds.", code="invalid_timeout")
    return float(connect), float(read), float(total)


def _prepare_headers(method: str, headers: Mapping[str, str]) -> dict[str, str]:
    if not _METHOD.fullmatch(method):
        raise InvalidRequest("The method must be upper-case letters.")
    prepared = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    lowered = {name.lower(): name for name in prepared}
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise InvalidRequest(f"{name[:60]!r} is not a header name.")
        if name.lower() in _OWN_HEADERS:
            raise InvalidRequest(f"The header {name} is set by the connection and cannot be given.")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidRequest(f"The value of the header {name} is not printable ASCII.")
        prepared.pop(lowered.get(name.lower(), ""), None)
        lowered[name.lower()] = name
        prepared[name] = value
    return prepared


# -- the exchange --------------------------------------------------------------------------------------------


def _exchange(
    connection: Any, method: str, target: str, body: bytes | None, headers: dict[str, str]
) -> http.client.HTTPResponse:
    connection.request_sent = True
    try:
        connection.request(method, target, body=body, headers=headers)
    except (BrokenPipeError, ConnectionResetError):
        # A server may answer (413, 401) and hang up before it has read everything: its answer is still there.
        pass
    answer = connection.getresponse()
    if answer.status < 200:
        raise http.client.HTTPException("an interim answer instead of a final one")
    return answer


def _read_excerpt(answer: http.client.HTTPResponse, limit: int) -> tuple[bytes, bool]:
    """Return up to *limit* bytes and whether more follows; raise ``IncompleteRead`` when the body was cut."""
    pieces = []
    size = 0
    while size <= limit:
        piece = answer.read(min(_CHUNK, limit + 1 - size))
        if not piece:
            # Read in pieces, http.client takes a hang-up for the end of the body.
            if answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
            return b"".join(pieces), False
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)[:limit], True


def _decompress(body: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """Decompress what a server compressed unasked, at most *limit* bytes; leave alone what cannot be read."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate") or not body:
        return body, False
    reader = zlib.decompressobj(_ZLIB_GZIP_OR_ZLIB)
    try:
        plain = reader.decompress(body, limit)
    except zlib.error:
        return body, False
    return plain, not reader.eof


def _joined_headers(answer: http.client.HTTPResponse) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in answer.getheaders():
        name = name.lower()
        value = f"{joined[name]}, {value}" if name in joined else value
        joined[name] = value[:MAX_HEADER_VALUE]
    return joined


def _is_dropped(connection: Any) -> bool:
    """Whether the idle connection is closed or has unexpected bytes waiting, either way useless."""
    if connection.sock is None:
        return True
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(connection.sock, selectors.EVENT_READ)
        except (ValueError, OSError):
            return True
        return bool(selector.select(0))


@contextmanager
def _translated(connection: Any, host: str) -> Iterator[None]:
    """Turn what sockets, TLS and HTTP raise into :class:`DeliveryError` subclasses."""
    try:
        yield
    except DeliveryError as error:
        error.request_sent = connection.request_sent
        raise
    except TimeoutError as error:
        raise DeliveryTimeout(
            f"{host} did not answer in time.", request_sent=connection.request_sent
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise TlsError(f"The certificate of {host} was refused: {error.verify_message}.") from error
    except ssl.SSLError as error:
        reason = (error.reason or "TLS failed").replace("_", " ").lower()
        raise TlsError(f"TLS with {host} failed: {reason}.", request_sent=connection.request_sent) from error
    except (http.client.RemoteDisconnected, ConnectionError) as error:
        raise ConnectError(
            f"{host} closed the connection before its answer was complete.",
            code=_code_of_cut(connection),
            request_sent=connection.request_sent,
        ) from error
    except http.client.IncompleteRead as error:
        raise ProtocolError(f"{host} cut its answer short.", request_sent=True) from error
    except (http.client.HTTPException, ValueError) as error:
        raise ProtocolError(
            f"{host} did not answer in HTTP.", request_sent=connection.request_sent
        ) from error
    except OSError as error:
        reason = error.strerror or "network error"
        raise ConnectError(
            f"The connection to {host} failed: {reason}.",
            code=_code_of_cut(connection),
            request_sent=connection.request_sent,
        ) from error


def _code_of_cut(connection: Any) -> str:
    """``connect`` says that the other side cannot know of the request; else it is ``cut``."""
    return "cut" if connection.request_sent else ConnectError.code


# -- connections with a deadline -----------------------------------------------------------------------------


class _Deadline:
    """The moment at which an exchange is over, and the longest wait for one read."""

    def __init__(self, end: float, read_timeout: float) -> None:
        self.end = end
        self.read_timeout = read_timeout

    def remaining(self) -> float:
        left = self.end - time.monotonic()
        if left <= 0:
            raise DeliveryTimeout("The exchange took longer than allowed.")
        return left

    def next_wait(self) -> float:
        return min(self.remaining(), self.read_timeout)


class _DeadlineMixin:
    """A socket that renews its time limit from the deadline before every operation.

    A plain socket timeout starts again with each byte received; here the sum is bounded.
    """

    deadline: _Deadline | None = None

    def _renew(self) -> None:
        if self.deadline is not None:
            self.settimeout(self.deadline.next_wait())  # type: ignore[attr-defined]

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self._renew()
        return super().recv_into(*args, **kwargs)  # type: ignore[misc]

    def recv(self, *args: Any, **kwargs: Any) -> bytes:
        self._renew()
        return super().recv(*args, **kwargs)  # type: ignore[misc]

    def send(self, *args: Any, **kwargs: Any) -> int:
        self._renew()
        return super().send(*args, **kwargs)  # type: ignore[misc]

    def sendall(self, data: Any, flags: int = 0) -> None:
        # In pieces: one sendall has one time limit, a large upload on a slow line needs it per piece.
        view = memoryview(data)
        while view:
            view = view[self.send(view[:_CHUNK]) :]


class _DeadlineSocket(_DeadlineMixin, socket.socket):
    pass


class _DeadlineSSLSocket(_DeadlineMixin, ssl.SSLSocket):
    pass


class _ConnectionMixin:
    addresses: list[str]
    connect_timeout: float
    ssl_context: ssl.SSLContext | None
    request_sent = False
    # http.client would open a lost connection again by itself, past the checks and the deadline.
    auto_open = 0

    def use_deadline(self, deadline: _Deadline) -> None:
        self.deadline = deadline
        if self.sock is not None:  # type: ignore[has-type]
            self.sock.deadline = deadline

    def connect(self) -> None:
        self.sock = self._connect_to_first()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.ssl_context is not None:
            # Inside one handshake OpenSSL's wrapper keeps a single time limit, so a drip does not extend it.
            self.sock.settimeout(self.deadline.next_wait())
            self.sock = self.ssl_context.wrap_socket(self.sock, server_hostname=self.host)  # type: ignore[attr-defined]
        self.sock.deadline = self.deadline

    def _connect_to_first(self) -> _DeadlineSocket:
        failure: OSError | None = None
        for address in self.addresses:
            try:
                return self._connect_to(address)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise DeliveryTimeout(f"Connecting to {self.host} took too long.") from failure  # type: ignore[attr-defined]
        reason = (failure and failure.strerror) or "no address"
        raise ConnectError(f"No connection to {self.host}: {reason}.") from failure  # type: ignore[attr-defined]

    def _connect_to(self, address: str) -> _DeadlineSocket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = _DeadlineSocket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(min(self.connect_timeout, self.deadline.remaining()))
            sock.connect((address, self.port))  # type: ignore[attr-defined]
        except BaseException:
            sock.close()
            raise
        return sock


class _HttpConnection(_ConnectionMixin, http.client.HTTPConnection):
    pass


class _HttpsConnection(_ConnectionMixin, http.client.HTTPConnection):
    # Only the port that may be left out of Host differs: TLS is in connect().
    default_port = http.client.HTTPS_PORT
