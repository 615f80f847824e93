"""A client of the distributor's API, as a partner's developer would write it from the OpenAPI file."""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

#: Worth another attempt: in flight elsewhere, asked to slow down, or a fault on the way.
RETRIED = frozenset({409, 429, 500, 502, 503, 504})
#: The only conflict that passes by itself; any other 409 is an answer.
IN_FLIGHT = frozenset({"in_flight"})


class UnreachableError(Exception):
    """No answer within the client's patience."""


@dataclass(frozen=True)
class Answer:
    """What the API answered, and what it took to get it."""

    status: int
    headers: Mapping[str, str]
    body: Any
    raw: bytes
    attempts: int
    seconds: float
    trace_id: str

    @property
    def ok(self) -> bool:
        """Whether the request was taken."""
        return 200 <= self.status < 300

    @property
    def problem(self) -> dict[str, Any] | None:
        """The problem details (RFC 9457) of a refusal, None when the answer is not one."""
        is_problem = self.headers.get("content-type", "").startswith("application/problem+json")
        return self.body if is_problem and isinstance(self.body, dict) else None

    @property
    def code(self) -> str:
        """The machine-readable code of a refusal, or nothing."""
        problem = self.problem or {}
        return problem.get("code") or problem.get("type", "").rsplit("/", 1)[-1]


class ApiClient:
    """Sends requests with a bearer key, an idempotency key and a trace, and repeats what is safe to repeat.

    :param url: root of the distributor's server, the API being below ``/dist/v1``
    :param key: API key
    :param timeout: seconds for one attempt
    :param patience: seconds after which no further attempt is made
    """

    def __init__(self, url: str, key: str, timeout: float = 30, patience: float = 120) -> None:
        self.root = url.rstrip("/") + "/dist/v1"
        self.timeout = timeout
        self.patience = patience
        self.key = key
        # Odoo is called directly: a proxy of the environment is for the outside world.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str, **options: Any) -> Answer:
        """Read a resource."""
        return self.request("GET", path, **options)

    def post(self, path: str, payload: Any, idempotency_key: str | None = None, **options: Any) -> Answer:
        """Send a message; under the same *idempotency_key* it takes effect once."""
        return self.request("POST", path, payload, idempotency_key or secrets.token_hex(16), **options)

    def put(self, path: str, payload: Any, idempotency_key: str | None = None, **options: Any) -> Answer:
        """Create or update a resource under an id of ours."""
        return self.request("PUT", path, payload, idempotency_key or secrets.token_hex(16), **options)

    def request(
        self,
        method: str,
        path: str,
        payload: Any = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> Answer:
        """Send a request until it is answered for good.

        :param path: below the API's root, or a full path as found in a ``Location`` header
        :param payload: JSON data, or bytes to send as they are
        :param patience: overrides the client's own; 0 makes one attempt only
        :raises UnreachableError: every attempt failed without an answer
        """
        body = payload if isinstance(payload, bytes | None) else json.dumps(payload).encode()
        trace_id = secrets.token_hex(16)
        sent = {
            "Authorization": f"Bearer {self.key}",
            "Accept": "application/json, application/problem+json",
            "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01",
        }
        if body is not None:
            sent["Content-Type"] = "application/json"
        if idempotency_key:
            sent["Idempotency-Key"] = idempotency_key
        sent.update(headers or {})
        start = time.monotonic()
        deadline = start + (self.patience if patience is None else patience)
        attempts = 0
        while True:
            attempts += 1
            answer, wait = None, min(0.2 * 1.6**attempts, 5)
            try:
                status, received, raw = self._send(method, self._address(path), sent, body)
            except (OSError, HTTPException) as error:
                failure = error
            else:
                seconds = time.monotonic() - start
                answer = Answer(status, received, _parse(raw, received), raw, attempts, seconds, trace_id)
                if not self._is_passing(answer):
                    return answer
                wait = _retry_after(answer) or wait
            if time.monotonic() + wait > deadline:
                if answer:
                    return answer
                raise UnreachableError(f"{method} {path}: {failure}") from failure
            time.sleep(wait)

    def _address(self, path: str) -> str:
        if path.startswith("/dist/"):
            return self.root.removesuffix("/dist/v1") + path
        return path if path.startswith("http") else self.root + path

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
        try:
            response = self._opener.open(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            received = {name.lower(): value for name, value in response.headers.items()}
            return response.status, received, response.read()

    @staticmethod
    def _is_passing(answer: Answer) -> bool:
        if answer.status == 409:
            return answer.code in IN_FLIGHT
        return answer.status in RETRIED


def _parse(raw: bytes, headers: Mapping[str, str]) -> Any:
    if "json" not in headers.get("content-type", ""):
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _retry_after(answer: Answer) -> float:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else 0
