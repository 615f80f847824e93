"""A small client of Odoo's JSON-RPC with a user's session, as the web client uses it."""

import http.cookiejar
import json
import urllib.request


class RpcError(Exception):
    """Odoo answered with an error; the message is its debug text."""


class Session:
    """A signed-in user.

    :param url: where Odoo answers
    :raises RpcError: wrong database, login or password
    """

    def __init__(self, url, database, login="admin", password="admin"):
        self.url = url
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)
        self.user = self.post(
            "/web/session/authenticate", {"db": database, "login": login, "password": password}
        )["uid"]

    def get(self, path, timeout=60):
        """Return the body of a page as text."""
        with self.opener.open(self.url + path, timeout=timeout) as answer:
            return answer.read().decode()

    def post(self, path, params, timeout=120):
        """Call a JSON route and return its result."""
        request = urllib.request.Request(
            self.url + path,
            json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode(),
            {"Content-Type": "application/json"},
        )
        with self.opener.open(request, timeout=timeout) as answer:
            body = json.load(answer)
        if body.get("error"):
            raise RpcError(body["error"]["data"].get("debug") or body["error"]["message"])
        return body.get("result")

    def call(self, model, method, *args, **kwargs):
        """Call a public method of a model."""
        return self.post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )
