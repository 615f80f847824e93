"""A small client of Odoo's JSON-RPC with a user's session, as the web client uses it."""

import http.cookiejar
import json
import urllib.request


class RpcError(Exception):
    """Odoo answered with an error.

    :param debug: its traceback
    :param sentence: what a person would read on the screen
    """

    def __init__(self, debug, sentence=""):
        super().__init__(debug)
        self.sentence = sentence


class Session:
    """A signed-in user.

    :param url: where Odoo answers
    :raises RpcError: wrong database, login or password
    """

    def __init__(self, url, database, login="admin", password="admin"):
        self.url = url
        self.database = database
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)
        info = self.post("/web/session/authenticate", {"db": database, "login": login, "password": password})
        self.user = info["uid"]
        self.company = info["user_companies"]["current_company"]

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
            data = body["error"].get("data", {})
            raise RpcError(data.get("debug") or body["error"]["message"], data.get("message"))
        return body.get("result")

    def call(self, model, method, *args, **kwargs):
        """Call a public method of a model."""
        return self.post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def ref(self, xml_id):
        """Return the id of the record that an addon calls `xml_id`."""
        return self.call("ir.model.data", "check_object_reference", *xml_id.split(".", 1))[1]

    def search_read(self, model, domain, fields, **options):
        """Return the records of a domain as dictionaries, in a stable order."""
        return self.call(model, "search_read", domain, fields, **{"order": "id", **options})

    def search(self, model, domain, **options):
        """Return the ids of the records of a domain, in a stable order."""
        return self.call(model, "search", domain, **{"order": "id", **options})

    def count(self, model, domain):
        """Return how many records a domain has."""
        return self.call(model, "search_count", domain)

    def create(self, model, values):
        """Create one record; return its id."""
        return self.call(model, "create", [values])[0]

    def write(self, model, ids, values):
        """Write to records."""
        return self.call(model, "write", ids, values)

    def ensure(self, model, domain, values):
        """Return the id of the first record of a domain; it is created with `values` when there is none."""
        found = self.search(model, domain, limit=1)
        return found[0] if found else self.create(model, values)
