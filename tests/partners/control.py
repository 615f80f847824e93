"""Directs a stand-in through its control API, whichever process it runs in."""

from __future__ import annotations

import json
import urllib.request
from typing import Any


class Control:
    """A stand-in, seen from whoever directs it.

    :param url: where it receives; ``GET /`` there tells where it is controlled
    """

    def __init__(self, url: str) -> None:
        # never through a proxy: stand-ins are on this machine
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        addresses = self._send(f"{url.rstrip('/')}/")
        self.webhook_url: str = addresses["webhooks"]
        self._control: str = addresses["control"]

    def ledger(self) -> dict[str, Any]:
        """Return all that the stand-in knows."""
        return self._send(f"{self._control}/ledger")

    def order(self, action: str, data: Any = None) -> Any:
        """Have the stand-in do something; return what it answers."""
        return self._send(f"{self._control}/{action}", json.dumps(data).encode())

    def _send(self, url: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with self._opener.open(request, timeout=600) as response:
            return json.load(response)
