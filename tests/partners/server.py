"""The HTTP side of a stand-in: a small threaded server that can be made to fail in the ways real ones do."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"
MAX_BODY = 10_000_000
#: Where a `redirect` fault points. Whoever comes here has followed a redirect with a signed body.
TRAP_PATH = "/trap"


@dataclass(frozen=True)
class Request:
    """A request as received."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON data."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """A response to send; *data* is sent as JSON."""

    status: int = 200
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the bytes to send."""
        return b"" if self.data is None else json.dumps(self.data).encode()


@dataclass
class Fault:
    """A way to misbehave.

    :ivar mode: ``down`` (connections are refused), ``slow`` (answers late), ``500``, ``429``, ``410``, ``redirect``,
        ``close`` (the connection ends in the middle of the answer) or ``drip`` (one byte at a time)
    :ivar seconds: how long it lasts; None means until cleared
    :ivar times: how many requests it hits; None means any number
    :ivar delay: seconds that ``slow`` waits and that pass between two bytes of ``drip``
    :ivar retry_after: what ``429`` asks for, in seconds
    :ivar applied: whether ``500`` and ``429`` fail after having done what was asked, the worst of both worlds
    """

    mode: str
    seconds: float | None = None
    times: int | None = None
    delay: float = 5
    retry_after: int = 2
    applied: bool = False

    MODES = ("down", "slow", "500", "429", "410", "redirect", "close", "drip")

    def __post_init__(self) -> None:
        if self.mode not in self.MODES:
            raise ValueError(f"A fault is one of {', '.join(self.MODES)}.")


class Faults:
    """The fault in force, if any, and how often each kind has struck."""

    def __init__(self) -> None:
        self.struck: dict[str, int] = {}
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._until = 0.0

    def set(self, fault: Fault | None) -> None:
        """Put *fault* in force; None ends the one that is."""
        with self._lock:
            self._fault = fault
            self._until = time.monotonic() + fault.seconds if fault and fault.seconds else float("inf")

    def take(self) -> Fault | None:
        """Return the fault that hits the present request."""
        with self._lock:
            fault = self._fault
            if not fault or time.monotonic() > self._until or fault.times == 0:
                return None
            if fault.times:
                fault.times -= 1
            self.count(fault.mode)
            return fault

    def count(self, mode: str) -> None:
        """Note that a fault of this kind struck."""
        self.struck[mode] = self.struck.get(mode, 0) + 1

    def summary(self) -> dict[str, Any]:
        """Return the fault in force and the hits by kind as plain data."""
        with self._lock:
            return {"fault": asdict(self._fault) if self._fault else None, "struck": dict(self.struck)}


class PartnerServer:
    """A threaded HTTP server that can leave the network and come back on the same port.

    :param handle: answers a request
    :param port: 0 for any free one
    """

    def __init__(self, handle: Callable[[Request], Response], port: int = 0) -> None:
        self.handle = handle
        self.faults = Faults()
        self.trapped = 0
        self._lock = threading.RLock()
        self._socket = _bind(port)
        self.port: int = self._socket.getsockname()[1]
        self._http: _Server | None = None
        self._comeback: threading.Timer | None = None

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Accept connections."""
        with self._lock:
            if self._http:
                return
            self._http = _Server(self, self._socket)
            threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Leave for good."""
        with self._lock:
            self._cancel_comeback()
            self._leave()
            self._socket.close()

    def fail(self, fault: Fault | None) -> None:
        """Put a fault in force, or end it with None."""
        with self._lock:
            self._cancel_comeback()
            if not fault or fault.mode != "down":
                self.faults.set(fault)
                self.start()
                return
            self.faults.set(None)
            self.faults.count("down")
            self._leave()
            if fault.seconds:
                self._comeback = threading.Timer(fault.seconds, self.start)
                self._comeback.daemon = True
                self._comeback.start()

    def _cancel_comeback(self) -> None:
        if self._comeback:
            self._comeback.cancel()
            self._comeback = None

    def _leave(self) -> None:
        """Close the listening socket and every connection; keep the port by a socket that does not listen."""
        if not self._http:
            return
        self._http.shutdown()
        self._http.cut_connections()
        self._http.server_close()
        self._http = None
        self._socket = _bind(self.port)


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, partner: PartnerServer, bound: socket.socket) -> None:
        super().__init__((HOST, partner.port), _Handler, bind_and_activate=False)
        self.partner = partner
        self._connections: set[socket.socket] = set()
        self.socket.close()
        self.socket = bound
        self.server_activate()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        for connection in list(self._connections):
            _cut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # Headers and body leave in one packet each without waiting for the other side's acknowledgement.
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        partner = self.server.partner
        request = self._read()
        if not request:
            return
        if request.path == TRAP_PATH:
            partner.trapped += 1
        fault = partner.faults.take()
        if not fault:
            self._answer(_handle(partner, request))
        elif fault.mode == "slow":
            response = _handle(partner, request)
            time.sleep(fault.delay)
            self._answer(response)
        elif fault.mode in ("500", "429", "410"):
            if fault.applied:
                _handle(partner, request)
            headers = {"Retry-After": str(fault.retry_after)} if fault.mode == "429" else {}
            self._answer(Response(int(fault.mode), {"error": "fault injected"}, headers))
        elif fault.mode == "redirect":
            self._answer(Response(302, None, {"Location": partner.url + TRAP_PATH}))
        else:
            body = self._head(_handle(partner, request), padding=100)
            if fault.mode == "drip":
                for index in range(len(body)):
                    self.wfile.write(body[index : index + 1])
                    time.sleep(fault.delay)
            else:
                self.wfile.write(body[: len(body) // 2])
            _cut(self.connection)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def do_OPTIONS(self) -> None:
        """Say what may be sent here, as a test of the connection asks."""
        self._answer(Response(200, None, {"Allow": "OPTIONS, POST"}))

    def _read(self) -> Request | None:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True
            self._answer(Response(413, {"error": "send a body of at most ten megabytes with its length"}))
            return None
        target = urlsplit(self.path)
        body = self.rfile.read(int(length))
        return Request(self.command, target.path, dict(parse_qsl(target.query)), self.headers, body)

    def _answer(self, response: Response) -> None:
        self.wfile.write(self._head(response))

    def _head(self, response: Response, padding: int = 0) -> bytes:
        """Send status and headers; return the body, *padding* bytes longer than what the handler said."""
        body = response.body() + b" " * padding
        self.send_response(response.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        return body

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the journal says what came in."""


def _handle(partner: PartnerServer, request: Request) -> Response:
    try:
        return partner.handle(request)
    except Exception:  # a stand-in that breaks must say so to the test, through the status
        traceback.print_exc()
        return Response(500, {"error": "the stand-in itself is broken, see its output"})


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may be gone already
        connection.shutdown(socket.SHUT_RDWR)
