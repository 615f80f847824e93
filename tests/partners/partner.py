"""What every stand-in is made of: a webhook receiver, an API client and a control API."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from partners.client import ApiClient
from partners.server import Fault, PartnerServer, Request, Response
from partners.webhooks import Inbox, SignatureError

WEBHOOK_PATH = "/webhooks"


class Partner:
    """A company on the other side of the wire.

    :param odoo_url: root of the distributor's server
    :param api_key: bearer key for its API; it may come later, by :meth:`authorise`
    :param secrets: signing secrets that its webhooks may be signed with; likewise
    :param port: where webhooks are received, 0 for any free one
    :param control_port: likewise for the control API, which no fault touches
    :param state_dir: folder for the journal of deliveries, None to keep none
    """

    name = "partner"

    def __init__(
        self,
        odoo_url: str,
        api_key: str = "",
        secrets: Sequence[str] = (),
        port: int = 0,
        control_port: int = 0,
        state_dir: Path | None = None,
    ) -> None:
        self.api = ApiClient(odoo_url, api_key)
        self.lock = threading.RLock()
        self.ended = threading.Event()
        journal = None
        if state_dir:
            state_dir.mkdir(parents=True, exist_ok=True)
            journal = state_dir / f"{self.name}-webhooks.jsonl"
        self.inbox = Inbox(secrets, self.apply, journal)
        self.server = PartnerServer(self._receive, port)
        self.control = PartnerServer(self._control, control_port)

    @property
    def webhook_url(self) -> str:
        """Address that webhooks are sent to."""
        return self.server.url + WEBHOOK_PATH

    def start(self) -> None:
        """Receive webhooks and control requests."""
        self.server.start()
        self.control.start()

    def stop(self) -> None:
        """Leave for good."""
        self.ended.set()
        self.server.stop()
        self.control.stop()

    def __enter__(self) -> Partner:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def authorise(self, api_key: str, secrets: Sequence[str]) -> None:
        """Take what the distributor handed over: the key to its API, and the secrets that it signs with."""
        self.api.key = api_key
        self.inbox.secrets = list(secrets)

    def addresses(self) -> dict[str, str]:
        """Return where webhooks and where control requests are received."""
        return {"webhooks": self.webhook_url, "control": self.control.url + "/control"}

    def fail(self, mode: str | None, **options: Any) -> None:
        """Misbehave towards webhooks as :class:`partners.server.Fault` says; None behaves again."""
        self.server.fail(Fault(mode, **options) if mode else None)

    def apply(self, envelope: dict[str, Any]) -> None:
        """Act on a new webhook."""
        raise NotImplementedError

    def ledger(self) -> dict[str, Any]:
        """Return all that this partner knows, as plain data."""
        return {
            "inbox": self.inbox.summary(),
            "faults": self.server.faults.summary(),
            "trapped": self.server.trapped,
        }

    def take_order(self, action: str, data: Any) -> Any:
        """Carry out ``POST /control/<action>``; return what to answer.

        :raises KeyError: there is no such action
        """
        if action == "credentials":
            self.authorise(**data)
            return {}
        if action == "faults":
            self.fail(**data)
            return self.server.faults.summary()
        raise KeyError(action)

    def _receive(self, request: Request) -> Response:
        if (request.method, request.path) == ("GET", "/"):
            return Response(200, self.addresses())
        if (request.method, request.path) != ("POST", WEBHOOK_PATH):
            return Response(404, {"error": "not found"})
        try:
            self.inbox.receive(request.headers, request.body)
        except SignatureError as error:
            return Response(401, {"error": str(error)})
        return Response(204)

    def _control(self, request: Request) -> Response:
        prefix, _, action = request.path.lstrip("/").partition("/")
        if prefix != "control":
            return Response(404, {"error": "not found"})
        if request.method == "GET" and action == "ledger":
            return Response(200, self.ledger())
        if request.method != "POST":
            return Response(405, {"error": "GET /control/ledger or POST /control/<action>"})
        try:
            return Response(200, self.take_order(action, request.json() if request.body else None))
        except KeyError as error:
            return Response(404, {"error": f"there is no {error}"})
        except (TypeError, ValueError) as error:
            return Response(400, {"error": str(error)})


def run(partner_class: type[Partner], argv: Sequence[str] | None = None) -> None:
    """Run a stand-in as a process until it is told to end.

    Prints ``{"webhooks": url, "control": url}`` once it listens; ``GET /`` says so too. Key and secrets come
    from files, which the list of processes does not show, or later by ``POST /control/credentials``.
    """
    parser = argparse.ArgumentParser(description=partner_class.__doc__)
    parser.add_argument("--port", type=int, default=0, help="for webhooks, 0 for any free one")
    parser.add_argument("--control-port", type=int, default=0, help="for the control API, 0 for any free one")
    parser.add_argument("--odoo", required=True, metavar="URL", help="root of the distributor's server")
    parser.add_argument("--database", metavar="NAME", help="its database; only for the list of processes")
    parser.add_argument("--api-key-file", type=Path, metavar="FILE")
    parser.add_argument("--secret-file", type=Path, metavar="FILE", help="one signing secret a line")
    parser.add_argument("--state-dir", type=Path, metavar="FOLDER", help="where deliveries are written down")
    args = parser.parse_args(argv)
    partner = partner_class(
        args.odoo,
        args.api_key_file.read_text().strip() if args.api_key_file else "",
        args.secret_file.read_text().split() if args.secret_file else (),
        args.port,
        args.control_port,
        args.state_dir,
    )
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with partner:
        print(json.dumps(partner.addresses()), flush=True)
        ended.wait()
