"""The two ways in that are compared: the API with its key, and Odoo's XML-RPC."""

import http.client
import json
import xmlrpc.client
from typing import Any
from urllib.parse import urlsplit

LOGIN = ("admin", "admin")
TIMEOUT = 600


class ApiCaller:
    """Calls the API as a partner does; as XML-RPC's client, it opens a connection per call when it must.

    :param url: of the server
    :param key: API key
    """

    def __init__(self, url: str, key: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, document: Any) -> bytes:
        """Send a document and return the answer as it came.

        :raises RuntimeError: the answer is not 200
        """
        connection = http.client.HTTPConnection(self._address, timeout=TIMEOUT)
        try:
            connection.request("POST", f"/dist/v1{path}", json.dumps(document).encode(), self._headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"POST {path}: {answer.status} {body[:500]!r}")
        return body


class XmlRpcCaller:
    """Calls models as an external program does.

    :param url: of the server
    :param database: full name
    """

    def __init__(self, url: str, database: str) -> None:
        self._database = database
        login, self._password = LOGIN
        common = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common")
        self._user = common.authenticate(database, login, self._password, {})
        self._object = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object", allow_none=True)

    def __call__(self, model: str, method: str, *arguments: Any, **options: Any) -> Any:
        return self._object.execute_kw(
            self._database, self._user, self._password, model, method, arguments, options
        )
