"""What a message costs while few and while very many are stored."""

import statistics
from contextlib import ExitStack
from itertools import count
from typing import Any

from harness.backlog import fill
from harness.bench import Bench
from harness.connection import make_endpoint, make_flow, make_system
from harness.partner import ApiCaller
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed
from harness.session import Session
from harness.sink import Sink

FEW = 10_000
MANY = 2_000_000
PARTNERS = 10
ROUNDS = 150
WARMUPS = 10
SCOPES = ("test:write",)


class Store:
    """One database with messages in it, and ways to add one more."""

    def __init__(self, session: Session, sink: Sink) -> None:
        self.session = session
        self._numbers = count()
        with session.transaction() as env:
            self._key, flows = self._connect(env, sink)
            self._partner_id = env["res.partner"].create({"name": "Changes"}).id
            self._flow_ids = flows.ids

    def _connect(self, env: Any, sink: Sink) -> tuple[str, Any]:
        """Make the partners; the first of each direction is the one that is measured."""
        flows = env["dist.flow"]
        keys, endpoints = [], []
        for number in range(PARTNERS):
            system, key = make_system(env, f"Sender {number}", SCOPES)
            flows += make_flow(env, system, "partner.submit")
            keys.append(key)
        for number in range(PARTNERS):
            system, _key = make_system(env, f"Receiver {number}")
            endpoints.append(make_endpoint(env, system, sink.url, lanes=1))
            flows += make_flow(env, system, "partner.changed", endpoint_id=endpoints[-1].id, state="approved")
        self._endpoint_id = endpoints[0].id
        return keys[0], flows

    def subscribe(self) -> None:
        """Have changes of partners sent out from now on; before, nothing disturbs receiving."""
        with self.session.transaction() as env:
            env["dist.endpoint"].browse(self._endpoint_id).flow_ids.action_activate()

    def fill(self, number: int) -> None:
        """Store messages of all partners."""
        with self.session.sql() as cursor:
            fill(cursor, number, self._flow_ids)

    def serve(self, server: Any) -> None:
        """Receive through a server from now on."""
        self._caller = ApiCaller(server.url, self._key)

    def receive(self) -> float:
        """Return the seconds of a call that stores a message, applies it and answers."""
        number = next(self._numbers)
        body = {"external_id": f"P-{number % 100}", "name": f"Name {number}", "note": "x" * 150}
        return timed(lambda: self._caller.post("/test/partners", body))

    def send(self) -> float:
        """Return the seconds to emit an event, commit it and drain its lane; the job is called by hand."""
        seconds = timed(self._emit_and_drain)
        with self.session.sql() as cursor:
            cursor.execute("DELETE FROM queue_job")
        return seconds

    def _emit_and_drain(self) -> None:
        with self.session.transaction() as env:
            partner = env["res.partner"].browse(self._partner_id)
            partner.name = f"Name {next(self._numbers)}"
            partner._dist_emit("partner.changed")
        with self.session.transaction() as env:
            env["dist.endpoint"].browse(self._endpoint_id)._job_drain("normal", 0)

    def check(self) -> None:
        """:raises RuntimeError: a message of the runs was not processed or not delivered"""
        with self.session.sql() as cursor:
            cursor.execute(
                "SELECT count(*) FROM dist_message WHERE state <> 'done' AND res_model = 'res.partner'"
            )
            (unfinished,) = cursor.fetchone()
        if unfinished:
            raise RuntimeError(f"{unfinished} messages of the runs are not done")


def run(bench: Bench) -> list[Result]:
    """Measure `inbox_2m_vs_10k` and `outbox_2m_vs_10k`."""
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        stores = {}
        for name, number in (("few", FEW), ("many", bench.size(MANY))):
            session = stack.enter_context(bench.session(name))
            stores[name] = Store(session, sink)
            say(f"backlog: storing {number:,} messages")
            stores[name].fill(number)
        say("backlog: receiving")
        with ExitStack() as servers:
            for store in stores.values():
                store.serve(servers.enter_context(bench.server(store.session, workers=2)))
            inbox = _compare(bench, {name: store.receive for name, store in stores.items()})
        say("backlog: sending")
        for store in stores.values():
            store.subscribe()
        outbox = _compare(bench, {name: store.send for name, store in stores.items()})
        for store in stores.values():
            store.check()
    return [_result("inbox_2m_vs_10k", inbox), _result("outbox_2m_vs_10k", outbox)]


def _compare(bench: Bench, contenders: dict[str, Any]) -> dict[str, list[float]]:
    return interleave(contenders, bench.size(ROUNDS), WARMUPS)


def _result(name: str, samples: dict[str, list[float]]) -> Result:
    few, many = samples["few"], samples["many"]
    worst = statistics.quantiles(many, n=20)[-1] / statistics.quantiles(few, n=20)[-1]
    note = f"{milliseconds(many)} against {milliseconds(few)}, {len(few)} calls each; 95th percentiles {worst:.2f}"
    return Result.of(name, ratio(many, few), note)
