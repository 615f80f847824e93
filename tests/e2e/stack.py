"""A running Odoo with the framework's test addon, and one partner connected to it both ways."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from partners.client import ApiClient
from partners.onboarding import connect
from partners.partner import Partner
from rpc import Session
from suite import query
from waiting import until

MODULES = ["test_dist_integration_base"]
# what Odoo logs, with our code on the way, when PostgreSQL goes away in the middle of something
DATABASE_GONE = pytest.mark.odoo_log(
    r"server closed the connection|connection already closed|terminating connection|"
    r"the database system is|connection to server .* failed"
)
COLUMNS = ("id", "uuid", "state", "attempt_count", "business_key", "idempotency_key", "error", "error_code")
# Seconds instead of hours, so that tests see the end of a story.
ENDPOINT = {
    "timeout": 2,
    "retry_schedule": "1s, 1s, 2s, 2s, 3s, 3s, 5s, 5s, 5s, 5s, 5s",
    "breaker_pause": 2,
}
# A session that holds a lock until its input ends.
HOLDER = """
import json, sys, psycopg2
connection = psycopg2.connect(**json.loads(sys.argv[1]))
connection.cursor().execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (sys.argv[2],))
print("held", flush=True)
sys.stdin.read()
"""


class Listener(Partner):
    """A partner that keeps what it hears, by the name in it."""

    name = "listener"

    def __init__(self, *args: Any, **options: Any) -> None:
        self.heard: list[dict[str, Any]] = []
        super().__init__(*args, **options)

    def apply(self, envelope: dict[str, Any]) -> None:
        """Keep a message."""
        self.heard.append(envelope)

    def heard_of(self, name: str) -> list[dict[str, Any]]:
        """Return what was heard of one record, in the order in which it came."""
        return [envelope for envelope in self.heard if envelope["data"]["name"] == name]


class Stack:
    """Odoo, and a partner that submits `partner.submit` and hears `partner.changed`.

    :param environment: suite.environment.Environment
    :param name: of the database
    """

    def __init__(self, environment: Any, name: str, workers: int = 4) -> None:
        self.environment = environment
        self.database = environment.create_database(name, modules=MODULES)
        self.server = environment.server(self.database, workers=workers)
        self.partner = Listener(self.server.url)
        self.odoo: Session

    def __enter__(self) -> Stack:
        self.server.start()
        self.partner.start()
        self.odoo = Session(self.server.url, self.database)
        self.connection = connect(
            self.odoo,
            "PEER",
            self.partner.webhook_url,
            receives=["partner.changed"],
            submits=["partner.submit"],
            system={"kind": "other"},
            endpoint=ENDPOINT,
        )
        self.partner.authorise(self.connection.key, [self.connection.secret])
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.server.stop()
        self.partner.stop()
        self.environment.drop_database(self.database)

    @property
    def api(self) -> ApiClient:
        """The partner's client of the API."""
        return self.partner.api

    def submit(self, external_id: str, name: str = "", key: str = "", **options: Any) -> Any:
        """Submit a partner; return the answer."""
        payload = {"external_id": external_id, "name": name or external_id}
        return self.api.post("/test/partners", payload, key or external_id, **options)

    def sql(self, *statements: Any) -> list[list[Any]]:
        """Run SQL; see `Environment.sql`."""
        return self.environment.sql(self.database, *statements)

    def messages(self, direction: str, *condition: str, **values: Any) -> list[dict[str, Any]]:
        """Return messages by SQL, which works while Odoo does not."""
        where = " AND ".join(["direction = %s", *condition])
        statement = f"SELECT {', '.join(COLUMNS)} FROM dist_message WHERE {where} ORDER BY id"
        rows = self.sql((statement, [direction, *values.values()]))
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

    def count_partners(self, prefix: str) -> int:
        """Return how many partners have a name that starts with *prefix*."""
        return self.sql(("SELECT count(*) FROM res_partner WHERE name LIKE %s", [f"{prefix}%"]))[0][0]

    def waiting(self) -> int:
        """Return how many messages wait for a machine."""
        return self.sql("SELECT count(*) FROM dist_message WHERE state IN ('pending', 'retry')")[0][0]

    def until_quiet(self, timeout: float = 60) -> None:
        """Wait until no message waits for a machine."""
        until(lambda: not self.waiting(), timeout, pause=0.5, what="quiet")

    def sweep(self) -> None:
        """Have the sweeper run now, as it does each minute by itself."""
        data = self.odoo.search_read("ir.model.data", [("name", "=", "cron_sweep")], ["res_id"])
        self.odoo.call("ir.cron", "method_direct_trigger", [data[0]["res_id"]])

    @contextmanager
    def locked(self, key: str) -> Iterator[None]:
        """Hold an advisory lock of the framework, so that whoever needs it stands still."""
        target = json.dumps(query.target(self.environment.pg_environment, self.database))
        with subprocess.Popen(
            [self.environment.python, "-c", HOLDER, target, key],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as holder:
            assert holder.stdout.readline() == "held\n"
            try:
                yield
            finally:
                holder.stdin.close()
