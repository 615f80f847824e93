"""OAuth 2.0 client credentials (RFC 6749 4.4): a bearer token, kept in memory until shortly before it ends."""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from . import strict_json
from .errors import AuthenticationFailed

# A token that ends while the request travels is of no use.
_MARGIN = 30
_DEFAULT_SECONDS = 300
# tokens that tell of the client and its rights are long
_MAX_ANSWER = 65_536


@dataclass(frozen=True)
class ClientCredentials:
    """How a token is asked for.

    :ivar token_url: of the authorization server
    :ivar client_id: name of the client
    :ivar client_secret: its secret
    :ivar scope: space-separated, may be empty
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""


class TokenCache:
    """Tokens of this process. A changed secret, scope or address is another key."""

    shared: TokenCache

    def __init__(self, now: Any = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tokens: dict[ClientCredentials, tuple[str, float]] = {}

    def get(self, credentials: ClientCredentials, http: Any, refused: str = "") -> str:
        """Return a token that is valid now.

        :param http: HttpSession to fetch it over, which checks addresses and certificates
        :param refused: a token that was just refused: it is not given again
        :raises DeliveryError: the authorization server cannot be reached or says no
        """
        with self._lock:
            token, ends = self._tokens.get(credentials, ("", 0.0))
        if token and token != refused and self._now() < ends:
            return token
        token, seconds = _fetch(credentials, http)
        with self._lock:
            self._tokens[credentials] = (token, self._now() + max(seconds - _MARGIN, 1))
        return token


TokenCache.shared = TokenCache()


def _fetch(credentials: ClientCredentials, http: Any) -> tuple[str, float]:
    form = {"grant_type": "client_credentials"}
    if credentials.scope:
        form["scope"] = credentials.scope
    # RFC 6749 2.3.1: both parts are form-encoded before they are joined.
    pair = f"{quote(credentials.client_id, safe='')}:{quote(credentials.client_secret, safe='')}"
    response = http.request(
        "POST",
        credentials.token_url,
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
        },
        urlencode(form).encode(),
        max_response_bytes=_MAX_ANSWER,
    )
    if response.status != 200:
        raise AuthenticationFailed(f"The authorization server answered {response.status}.")
    try:
        document = strict_json.loads(response.body_excerpt)
        token, kind = document["access_token"], document.get("token_type", "Bearer")
        seconds = float(document.get("expires_in") or _DEFAULT_SECONDS)
        if not isinstance(token, str) or not token or str(kind).lower() != "bearer":
            raise ValueError("no bearer token")
    except (strict_json.StrictJsonError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise AuthenticationFailed("The authorization server gave no bearer token.") from error
    return token, seconds
