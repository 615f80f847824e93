"""HTTP(S): webhooks out, feeds in."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import jmespath
from jmespath.exceptions import JMESPathError

from .. import signature, strict_json
from ..errors import ConfigurationError, ProtocolError, Refused
from ..network import IPNetwork
from ..oauth import ClientCredentials, TokenCache
from ..transport import HttpSession, Response, classify, split_url
from .base import Batch, Doubtful, FileBody, Item, Outgoing, Result, Session, Source
from .files import readable, safe_name

USER_AGENT = "Odoo-Dist-Integration/1.0"
EXCERPT = 2000
# of a file in one call: it is signed as a whole
MAX_FILE = 25_000_000
PAGES = 100


@dataclass(frozen=True)
class HttpSettings:
    """
    :ivar url: where messages go, or the feed
    :ivar headers: that authenticate a call
    :ivar secrets: Standard Webhooks secrets that sign, newest first; empty when nothing is signed
    :ivar oauth: how a bearer token is fetched, None without
    :ivar timeout: seconds of a whole exchange
    :ivar networks: private ranges that may be called
    :ivar verify: True, or the PEM text of authorities to trust instead of the system's
    :ivar certificate: PEM text of client certificate and key, None without
    :ivar max_bytes: of a page of a feed
    :ivar items: JMESPath to a page's items; empty: the page is one item
    :ivar item_id: JMESPath to an item's id
    :ivar next: JMESPath to the cursor or address of the next page
    :ivar cursor_parameter: query parameter that takes a cursor
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)
    oauth: ClientCredentials | None = None
    timeout: float = 15.0
    networks: Sequence[str | IPNetwork] = ()
    verify: bool | str = True
    certificate: str | None = field(default=None, repr=False)
    max_bytes: int = 10_000_000
    items: str = "items"
    item_id: str = "id"
    next: str = "next"
    cursor_parameter: str = "cursor"

    def open(self) -> WebhookSession:
        """Return a session that posts messages."""
        return WebhookSession(self)

    def open_source(self, state: Mapping[str, Any]) -> FeedSource:
        """Return a source that reads the feed on from *state*."""
        return FeedSource(self, state)


class Caller:
    """Calls with the endpoint's authentication; a bearer token that is refused is fetched anew once."""

    def __init__(self, settings: HttpSettings, max_bytes: int) -> None:
        self._settings = settings
        self._http = HttpSession(
            settings.timeout,
            settings.networks,
            settings.verify,
            settings.certificate,
            max_response_bytes=max_bytes,
        )

    def call(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Response:
        sent = {"User-Agent": USER_AGENT, **self._settings.headers, **(headers or {})}
        if self._settings.oauth is None:
            return self._http.request(method, url, sent, body)
        token = TokenCache.shared.get(self._settings.oauth, self._http)
        response = self._http.request(method, url, {**sent, "Authorization": f"Bearer {token}"}, body)
        if response.status != 401:
            return response
        token = TokenCache.shared.get(self._settings.oauth, self._http, refused=token)
        return self._http.request(method, url, {**sent, "Authorization": f"Bearer {token}"}, body)

    def close(self) -> None:
        self._http.close()


class WebhookSession(Session):
    """Posts messages, signed to Standard Webhooks 1.0.0."""

    def __init__(self, settings: HttpSettings) -> None:
        super().__init__(settings)
        self._caller = Caller(settings, EXCERPT)

    def _send(self, message: Outgoing) -> Result:
        body = message.body.read_all(MAX_FILE) if isinstance(message.body, FileBody) else message.body
        response = self._caller.call("POST", self.settings.url, self._get_headers(message, body), body)
        outcome = classify(response.status, response.headers)
        failed = outcome.kind != "success"
        return Result(
            outcome.kind,
            status=response.status,
            code=f"http_{response.status}" if failed else "",
            detail=f"Answered {response.status}" if failed else "",
            excerpt=response.text,
            retry_after=outcome.retry_after_seconds,
        )

    def _get_headers(self, message: Outgoing, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": message.content_type}
        if message.traceparent:
            headers["traceparent"] = message.traceparent
        if message.file_name:
            headers["Content-Disposition"] = f'attachment; filename="{safe_name(message.file_name)}"'
        if message.replayed:
            headers["webhook-replayed"] = "true"
        if self.settings.secrets:
            headers.update(signature.sign(message.uuid, int(time.time()), body, self.settings.secrets))
        else:
            headers["webhook-id"] = message.uuid
        return headers

    def check(self) -> str:
        started = time.monotonic()
        response = self._caller.call("OPTIONS", self.settings.url)
        text = f"status {response.status} in {int((time.monotonic() - started) * 1000)} ms"
        return text if takes_messages(response) else Doubtful(text)

    def close(self) -> None:
        self._caller.close()


def takes_messages(response: Response) -> bool:
    """Tell by the answer to OPTIONS whether an address is likely to take a POST.

    Most receivers know nothing but POST and say 405, which RFC 9110 (15.5.6) has them back with ``Allow``; then, and
    for 2xx, it decides where it is given. Everything else - no such address, refused, redirected, not implemented -
    is what a message would be answered as well.
    """
    if response.status != 405 and not 200 <= response.status < 300:
        return False
    allowed = {method.strip().upper() for method in response.headers.get("allow", "").split(",")}
    return allowed == {""} or "POST" in allowed


class FeedSource(Source):
    """Reads a partner's feed page by page: cursor, ``Link: rel=next`` (RFC 8288) and ``ETag`` (RFC 9110).

    The place in the feed is part of each batch's state: whoever stores the items stores it with them.

    :param state: ``{"url": ..., "etag": ...}`` of the last page that was stored, empty at the start
    """

    def __init__(self, settings: HttpSettings, state: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._caller = Caller(settings, settings.max_bytes)
        self._url = state.get("url") or settings.url
        self._etag = state.get("etag") or ""

    def batches(self, wanted: Any) -> Iterator[Batch]:
        for _page in range(PAGES):
            response = self._get_page()
            if response.status == 304:
                return
            document = self._read(response)
            items = self._get_items(document)
            following = self._get_next(response, document)
            # A feed that always names a next page has ended where that page is empty.
            ended = not following or following == self._url or not items
            self._etag = "" if following else response.headers.get("etag", "")
            self._url = following or self._url
            yield Batch(items, {"url": self._url, "etag": self._etag})
            if ended:
                return
        self.unfinished = True

    def _get_page(self) -> Response:
        headers = {"Accept": "application/json"}
        if self._etag:
            headers["If-None-Match"] = self._etag
        response = self._caller.call("GET", self._url, headers)
        if response.status != 304 and classify(response.status, response.headers).kind != "success":
            raise Refused(f"The feed answered {response.status}.", code=f"http_{response.status}")
        if response.truncated:
            raise Refused(
                f"A page of the feed has more than {self.settings.max_bytes} bytes.", code="too_large"
            )
        return response

    def _read(self, response: Response) -> Any:
        try:
            # an item that holds what cannot be stored is refused by itself, when it is read
            return strict_json.loads(response.body_excerpt, max_bytes=self.settings.max_bytes, any_text=True)
        except strict_json.StrictJsonError as error:
            raise ProtocolError(f"The feed is not JSON: {error.detail}") from error

    def _get_items(self, document: Any) -> list[Item]:
        if not self.settings.items:
            return [self._get_item(document, "page")]
        found = _search(self.settings.items, document)
        if not isinstance(found, list):
            raise ProtocolError(f'The feed has no list at "{self.settings.items}".')
        return [self._get_item(entry) for entry in found]

    def _get_item(self, entry: Any, unnamed: str = "") -> Item:
        """:param unnamed: series of an item that has no id; empty when such items are no states of one record"""
        body = strict_json.dumps(entry, any_text=True)
        number = _search(self.settings.item_id, entry) if self.settings.item_id else None
        # Under one id a changed record is another message, the same record is the same message.
        digest = hashlib.sha256(body).hexdigest()[:32]
        name = "" if number is None or isinstance(number, dict | list) else readable(str(number))[:100]
        series = name or unnamed
        return Item(key=f"{series} {digest}", name=name, body=body, series=series)

    def _get_next(self, response: Response, document: Any) -> str:
        link = _next_link(response.headers.get("link", ""))
        named = _search(self.settings.next, document) if self.settings.next and not link else None
        if named is not None and not isinstance(named, str | int):
            raise ProtocolError(f'The feed\'s next page at "{self.settings.next}" is no text.')
        following = link or str(named or "")
        if readable(following) != following:
            raise ProtocolError("The feed's next page has a name that is no text.")
        if not following:
            return ""
        if not link and "/" not in following and "?" not in following:
            return _with_parameter(self.settings.url, self.settings.cursor_parameter, following)
        address = urljoin(self._url, following)
        # The credential goes with the call: a feed must not send it elsewhere.
        if split_url(address)[:3] != split_url(self.settings.url)[:3]:
            raise ProtocolError("The feed's next page is on another server.")
        return address

    def check(self) -> str:
        document = self._read(self._get_page())
        return f"{len(self._get_items(document))} items"

    def close(self) -> None:
        self._caller.close()


def check_expression(expression: str) -> None:
    """:raises ConfigurationError: it is not JMESPath"""
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        raise ConfigurationError(
            f'"{expression}" is not a JMESPath expression.', code="invalid_path"
        ) from error


def _search(expression: str, document: Any) -> Any:
    try:
        return jmespath.search(expression, document)
    except JMESPathError as error:
        raise ConfigurationError(f'"{expression}" cannot be applied: {error}', code="invalid_path") from error


def _next_link(header: str) -> str:
    """Return the target with ``rel=next`` of a ``Link`` header, or an empty text."""
    for part in header.split(",<"):
        target, _, parameters = part.strip().lstrip("<").partition(">")
        relations = [text.strip().lower().replace('"', "") for text in parameters.split(";")]
        if any(text.startswith("rel=") and "next" in text[4:].split() for text in relations):
            return target
    return ""


def _with_parameter(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, value)])))


def to_json(document: Any) -> bytes:
    """Return a JSON document as it is signed and sent."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
