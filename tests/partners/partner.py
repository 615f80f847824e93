"""What every stand-in is made of: a webhook receiver, an API client and a control API."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.partners.client import ApiClient
from tests.partners.server import Fault, PartnerServer, Request, Response
from tests.partners.webhooks import Inbox, SignatureError

WEBHOOK_PATH = "/webhooks"


class Partner:
    """A company on the other side of the wire.

    :param odoo_url: root of the distributor's server
    :param api_key: bearer key for its API
    :param secrets: signing secrets that its webhooks may be signed with
    :param port: where webhooks are received, 0 for any free one
    :param control_port: likewise for the control API, which no fault touches
    :param state_dir: folder for the journal of deliveries, None to keep none
    """

    name = "partner"

    def __init__(
        self,
        odoo_url: str,
        api_key: str,
        secrets: Sequence[str],
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

    def fail(self, mode: str | None, **options: Any) -> None:
        """Misbehave towards webhooks as :class:`tests.partners.server.Fault` says; None behaves again."""
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
        if action != "faults":
            raise KeyError(action)
        self.fail(**data)
        return self.server.faults.summary()

    def _receive(self, request: Request) -> Response:
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

    Prints ``{"webhooks": url, "control": url}`` once it listens. Key and secret come from files, so that
    neither shows in the list of processes.
    """
    parser = argparse.ArgumentParser(description=partner_class.__doc__)
    parser.add_argument("--port", type=int, default=0, help="for webhooks, 0 for any free one")
    parser.add_argument("--control-port", type=int, default=0, help="for the control API, 0 for any free one")
    parser.add_argument("--odoo", required=True, metavar="URL", help="root of the distributor's server")
    parser.add_argument("--api-key-file", required=True, type=Path, metavar="FILE")
    parser.add_argument(
        "--secret-file", required=True, type=Path, metavar="FILE", help="one signing secret a line"
    )
    parser.add_argument("--state-dir", type=Path, metavar="FOLDER", help="where deliveries are written down")
    args = parser.parse_args(argv)
    partner = partner_class(
        args.odoo,
        args.api_key_file.read_text().strip(),
        args.secret_file.read_text().split(),
        args.port,
        args.control_port,
        args.state_dir,
    )
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with partner:
        print(json.dumps({"webhooks": partner.webhook_url, "control": partner.control.url + "/control"}))
        sys.stdout.flush()
        ended.wait()
