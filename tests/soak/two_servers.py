"""Two servers on one database, each with a job runner, killed in turn under load; RabbitMQ stops and starts.

What went in, what Odoo says of it, what a webhook receiver heard and what RabbitMQ holds must agree, and each
record's changes must have kept their order. Delivery is at least once: a message that comes twice comes under
the same id and is counted, not counted against.

    PYTHONPATH=setup:tests python tests/soak/two_servers.py --minutes 10 --seed 1
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from e2e.stack import ENDPOINT, MODULES, Listener
from partners.client import ApiClient, UnreachableError
from partners.onboarding import LOCAL, connect
from rpc import Session
from services.rabbitmq import RabbitMQ
from suite.environment import Environment
from waiting import until

QUEUE = "partners"
THREADS = 4
RECORDS = 10
WORKERS = 2
QUIET_SECONDS = 240
# Seconds instead of hours, and enough of them to outlast every stop.
RETRIES = ", ".join(["1s", "2s", "3s", *["5s"] * 40])


@dataclass
class Figures:
    """What a run found.

    :ivar problems: what does not agree, in words; empty when all is well
    """

    minutes: float = 0
    seed: int = 0
    submitted: int = 0
    repeated_requests: int = 0
    server_kills: int = 0
    broker_stops: int = 0
    leader_changes: int = 0
    done_in: int = 0
    done_out: int = 0
    webhooks: int = 0
    webhooks_repeated: int = 0
    published: int = 0
    published_repeated: int = 0
    quiet_after_seconds: float = 0
    problems: list[str] = field(default_factory=list)


class TwoServers:
    """The stage: a database, two servers, a partner that listens, a broker.

    :param environment: suite.environment.Environment
    :param folder: for the broker's files
    """

    def __init__(self, environment: Any, folder: Path, seed: int = 1) -> None:
        self.environment = environment
        self.random = random.Random(seed)
        self.database = environment.create_database("two_servers", modules=MODULES)
        self.servers = [environment.server(self.database, workers=WORKERS) for _number in range(2)]
        self.broker = RabbitMQ(folder)
        self.partner = Listener(self.servers[0].url)
        self.figures = Figures(seed=seed)
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> TwoServers:
        self.broker.start()
        self.broker.declare(QUEUE, QUEUE)
        self.partner.start()
        for server in self.servers:
            server.start()
        self._connect()
        return self

    def __exit__(self, *exc_info: object) -> None:
        for server in self.servers:
            server.stop()
        self.partner.stop()
        self.broker.close()
        self.environment.drop_database(self.database)

    def _connect(self) -> None:
        odoo = Session(self.servers[0].url, self.database)
        patient = {**ENDPOINT, "retry_schedule": RETRIES}
        self.connection = connect(
            odoo,
            "PEER",
            self.partner.webhook_url,
            receives=["partner.changed"],
            submits=["partner.submit"],
            system={"kind": "other"},
            endpoint=patient,
        )
        self.partner.authorise(self.connection.key, [self.connection.secret])
        values = {
            "name": "Stream",
            "system_id": self.connection.system,
            "transport": "amqp",
            "url": self.broker.url,
            "amqp_exchange": QUEUE,
            "allowed_networks": LOCAL,
            **patient,
        }
        endpoint_id = odoo.create("dist.endpoint", values)
        (type_id,) = odoo.search("dist.message.type", [("code", "=", "partner.changed")])
        flow = {"system_id": self.connection.system, "message_type_id": type_id, "endpoint_id": endpoint_id}
        self.stream = endpoint_id
        flow_id = odoo.create("dist.flow", flow)
        odoo.call("dist.flow", "action_approve", [flow_id])
        odoo.call("dist.flow", "action_activate", [flow_id])

    def sql(self, *statements: Any) -> list[list[Any]]:
        """Run SQL; see `Environment.sql`."""
        return self.environment.sql(self.database, *statements)

    # load

    def submit(self, name: str, turn: int) -> None:
        """Submit one change of a record until one of the servers has taken it."""
        clients = [ApiClient(server.url, self.connection.key) for server in self.servers]
        self.random.shuffle(clients)
        payload = {"external_id": name, "name": name, "note": str(turn)}
        for attempt, client in enumerate(itertools.cycle(clients)):
            try:
                answer = client.post("/test/partners", payload, f"{name}/{turn}", patience=3)
            except UnreachableError:
                answer = None
            if answer is not None and answer.status == 200:
                with self._lock:
                    self.figures.submitted += 1
                    self.figures.repeated_requests += attempt + answer.attempts - 1
                return
            time.sleep(0.2)

    def _load(self, thread: int) -> dict[str, int]:
        """Change the records of one thread in turn until the end; return the number of changes by name."""
        turns: dict[str, int] = defaultdict(int)
        names = [f"SOAK-{thread}-{number:02}" for number in range(RECORDS)]
        for name in itertools.cycle(names):
            if self._ended.is_set():
                return dict(turns)
            self.submit(name, turns[name])
            turns[name] += 1

    # faults

    def kill_server(self, number: int) -> None:
        """Kill a server with all its workers and its runner, and start it again a while later."""
        self.servers[number].kill()
        self.figures.server_kills += 1
        self._ended.wait(self.random.uniform(2, 8))
        self.servers[number].start()

    def stop_broker(self) -> None:
        """Kill the broker and start it again a while later."""
        self.broker.stop()
        self.figures.broker_stops += 1
        self._ended.wait(self.random.uniform(2, 6))
        self.broker.start()

    def leads(self) -> list[int]:
        """Return how often each server's runner became the one that hands out jobs."""
        return [server.log.read_text().count("queue job runner ready") for server in self.servers]

    def _disturb(self, deadline: float) -> None:
        for number in itertools.count():
            if time.monotonic() > deadline:
                return
            self.kill_server(number % 2)
            time.sleep(self.random.uniform(3, 8))
            if number % 2:
                self.stop_broker()

    # the end

    def run(self, minutes: float) -> Figures:
        """Load and disturb for a time, wait until all is quiet, compare."""
        figures = self.figures
        figures.minutes = minutes
        deadline = time.monotonic() + 60 * minutes
        leads = sum(self.leads())
        with ThreadPoolExecutor(THREADS) as pool:
            threads = [pool.submit(self._load, thread) for thread in range(THREADS)]
            try:
                self._disturb(deadline)
            finally:
                self._ended.set()
            turns = {name: count for thread in threads for name, count in thread.result().items()}
        started = time.monotonic()
        until(lambda: not self._waiting(), QUIET_SECONDS, pause=1, what="quiet")
        figures.quiet_after_seconds = round(time.monotonic() - started, 1)
        figures.leader_changes = sum(self.leads()) - leads
        self._compare(turns)
        return figures

    def _waiting(self) -> int:
        return self.sql("SELECT count(*) FROM dist_message WHERE state IN ('pending', 'retry')")[0][0]

    def _compare(self, turns: dict[str, int]) -> None:
        expected = sum(turns.values())
        rows = self.sql("SELECT direction, state, endpoint_id, count(*) FROM dist_message GROUP BY 1, 2, 3")
        counts = {(direction, state, endpoint): count for direction, state, endpoint, count in rows}
        figures = self.figures
        figures.done_in = counts.pop(("in", "done", None), 0)
        by_webhook = counts.pop(("out", "done", self.connection.endpoint), 0)
        by_stream = counts.pop(("out", "done", self.stream), 0)
        figures.done_out = by_webhook + by_stream
        self._check(not counts, f"messages that are not done: {counts}")
        self._check(figures.submitted == expected, f"{figures.submitted} submitted, {expected} counted")
        self._check(figures.done_in == expected, f"{figures.done_in} messages in, {expected} submitted")
        self._check(
            by_webhook == by_stream == expected, f"out {by_webhook} + {by_stream}, {expected} submitted"
        )
        self._check_webhooks(turns)
        self._check_stream(turns)

    def _check_webhooks(self, turns: dict[str, int]) -> None:
        inbox = self.partner.inbox
        self.figures.webhooks = inbox.counts.accepted
        self.figures.webhooks_repeated = inbox.counts.repeated
        for complaint in ("doubled_events", "out_of_order", "changed_bodies"):
            self._check(not getattr(inbox, complaint), f"webhooks: {complaint}")
        heard: dict[str, list[int]] = defaultdict(list)
        for envelope in self.partner.heard:
            heard[envelope["data"]["name"]].append(envelope["sequence"])
        self._check_order("webhooks", heard, turns)

    def _check_stream(self, turns: dict[str, int]) -> None:
        seen: set[str] = set()
        heard: dict[str, list[int]] = defaultdict(list)
        for properties, body in self.broker.drain(QUEUE):
            if properties.message_id in seen:
                self.figures.published_repeated += 1
                continue
            seen.add(properties.message_id)
            heard[json.loads(body)["name"]].append(int(properties.headers["cloudEvents_sequence"]))
        self.figures.published = len(seen)
        self._check_order("RabbitMQ", heard, turns)

    def _check_order(self, way: str, heard: dict[str, list[int]], turns: dict[str, int]) -> None:
        for name, count in turns.items():
            sequences = heard.get(name, [])
            self._check(len(sequences) == count, f"{way}: {len(sequences)} of {count} changes of {name}")
            self._check(sequences == sorted(sequences), f"{way}: the order of {name} was not kept")

    def _check(self, holds: bool, problem: str) -> None:
        if not holds:
            self.figures.problems.append(problem)


def run(minutes: float, seed: int = 1, environment: Any = None) -> Figures:
    """Run once; return what was found.

    :raises AssertionError: messages still wait minutes after the last fault
    """
    environment = environment or Environment.prepare(quiet=True)
    with tempfile.TemporaryDirectory() as folder:
        with TwoServers(environment, Path(folder) / "rabbitmq", seed) as stage:
            return stage.run(minutes)


def main() -> int:
    """Run as told by the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures = run(options.minutes, options.seed)
    print(json.dumps(asdict(figures), indent=2))
    return 1 if figures.problems else 0


if __name__ == "__main__":
    sys.exit(main())
