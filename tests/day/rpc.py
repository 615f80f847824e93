"""Odoo as a person's client sees it: public methods over RPC, under a login, with its rights."""

from __future__ import annotations

import json
import urllib.request
from typing import Any


class RpcError(Exception):
    """Odoo raised; the message is its own."""


class Odoo:
    """One user's session-less access to one database.

    :param url: root of the server
    """

    def __init__(self, url: str, database: str, login: str, password: str, timeout: float = 120) -> None:
        self.url = url.rstrip("/")
        self.database = database
        self.timeout = timeout
        self._password = password
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.uid = self._send("common", "login", database, login, password)
        if not self.uid:
            raise RpcError(f"{login} cannot log in to {database}.")

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a public method of a model; the first of *args* is the list of ids where it needs records."""
        return self._send(
            "object", "execute_kw", self.database, self.uid, self._password, model, method, list(args), kwargs
        )

    def search_read(
        self, model: str, domain: list[Any], fields: list[str], **options: Any
    ) -> list[dict[str, Any]]:
        """Return the records of a domain as dictionaries, in a stable order."""
        return self.call(model, "search_read", domain, fields, **{"order": "id", **options})

    def search(self, model: str, domain: list[Any], **options: Any) -> list[int]:
        """Return the ids of the records of a domain."""
        return self.call(model, "search", domain, **options)

    def count(self, model: str, domain: list[Any]) -> int:
        """Return how many records a domain has."""
        return self.call(model, "search_count", domain)

    def create(self, model: str, values: dict[str, Any]) -> int:
        """Create one record; return its id."""
        return self.call(model, "create", [values])[0]

    def write(self, model: str, ids: list[int], values: dict[str, Any]) -> None:
        """Write to records."""
        self.call(model, "write", ids, values)

    def ref(self, xml_id: str) -> int:
        """Return the id of the record that an addon calls *xml_id* (``addon.name``)."""
        module, name = xml_id.split(".", 1)
        found = self.search_read("ir.model.data", [("module", "=", module), ("name", "=", name)], ["res_id"])
        if not found:
            raise RpcError(f"There is no {xml_id} in {self.database}: was it made with demonstration data?")
        return found[0]["res_id"]

    def _send(self, service: str, method: str, *args: Any) -> Any:
        call = {"jsonrpc": "2.0", "method": "call", "id": 1}
        call["params"] = {"service": service, "method": method, "args": args}
        request = urllib.request.Request(  # noqa: S310
            self.url + "/jsonrpc", json.dumps(call).encode(), {"Content-Type": "application/json"}
        )
        with self._opener.open(request, timeout=self.timeout) as response:
            answer = json.load(response)
        if "error" in answer:
            error = answer["error"]
            raise RpcError(error.get("data", {}).get("message") or error["message"])
        return answer.get("result")
