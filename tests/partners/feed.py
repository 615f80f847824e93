"""A partner whose changes are fetched: a feed with pages, cursors and entity tags, behind OAuth 2.0 if wanted."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

from partners.server import PartnerServer, Request, Response

TOKEN_PATH = "/token"
FEED_PATH = "/changes"


class Feed:
    """Serves ``GET /changes?cursor=N`` in pages.

    :param page: items on a page
    :param link: whether the next page is named by a ``Link`` header instead of in the body
    :param client: (id, secret) of OAuth 2.0 client credentials, None when anybody may read
    """

    def __init__(self, page: int = 10, link: bool = False, client: tuple[str, str] | None = None) -> None:
        self.items: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.tokens_given = 0
        self.unchanged = 0
        self.token_seconds = 3600
        self.token_padding = 0
        self._page, self._link, self._client = page, link, client
        self._tokens: set[str] = set()
        self.server = PartnerServer(self._handle, 0)

    @property
    def url(self) -> str:
        """Address of the feed."""
        return self.server.url + FEED_PATH

    @property
    def token_url(self) -> str:
        """Address that gives tokens."""
        return self.server.url + TOKEN_PATH

    def __enter__(self) -> Feed:
        self.server.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.server.stop()

    def revoke(self) -> None:
        """Make every token invalid that was given so far."""
        self._tokens.clear()

    def _handle(self, request: Request) -> Response:
        if request.path == TOKEN_PATH:
            return self._give_token(request)
        if request.path != FEED_PATH:
            return Response(404, {"error": "not found"})
        token = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self._client and token not in self._tokens:
            return Response(401, {"error": "invalid_token"})
        if request.method == "POST":
            self.items.append(request.json())
            return Response(204)
        return self._give_page(request)

    def _give_token(self, request: Request) -> Response:
        expected = base64.b64encode(":".join(self._client or ()).encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return Response(401, {"error": "invalid_client"})
        if b"grant_type=client_credentials" not in request.body:
            return Response(400, {"error": "unsupported_grant_type"})
        token = secrets.token_hex(16) + "x" * self.token_padding
        self._tokens.add(token)
        self.tokens_given += 1
        return Response(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds}
        )

    def _give_page(self, request: Request) -> Response:
        start = int(request.query.get("cursor", 0))
        self.requests.append(request.query.get("cursor", ""))
        items = self.items[start : start + self._page]
        end = start + len(items)
        full = len(items) == self._page
        body: dict[str, Any] = {"items": items}
        headers = {}
        if full and self._link:
            headers["Link"] = f'<{FEED_PATH}?cursor={end}>; rel="next"'
        elif full:
            body["next"] = str(end)
        tag = '"' + hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16] + '"'
        if request.headers.get("If-None-Match") == tag:
            self.unchanged += 1
            return Response(304)
        return Response(200, body, {**headers, "ETag": tag})
