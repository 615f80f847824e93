"""How long a critical message takes while mass data waits in front of everything else.

A server with two workers has a hundred thousand bulk messages to deliver and as many to process. Critical ones are
emitted one after another; the time runs from their commit until the partner has them.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.bench import Bench
from harness.connection import make_endpoint, make_flow, make_system
from harness.result import Result
from harness.sampling import say
from harness.session import Session

BULK = 100_000
CRITICAL = 60
WARMUPS = 5
WORKERS = 3
CHANNELS = "root:2,root.dist_critical:2,root.dist:1,root.dist_bulk:1"
PAUSE = 0.5
TIMEOUT = 60

OUTBOUND = """
    INSERT INTO dist_message (
        uuid, direction, state, flow_id, system_id, endpoint_id, company_id, message_type_id, version_id, criticality,
        lane, payload, trace_id, ordering_key, business_key, attempt_count, next_attempt_at, received_at, create_date)
    SELECT 'msg_bulk_out' || i, 'out', 'pending', flow.id, flow.system_id, flow.endpoint_id, flow.company_id,
           flow.message_type_id, version.id, 'bulk', mod(i, 4), '{"data": {"name": "bulk"}}', md5(i::text),
           'bulk/' || i, 'B' || i, 0, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
    FROM dist_flow flow
    JOIN dist_message_type_version version ON version.message_type_id = flow.message_type_id AND version.number = 1
    CROSS JOIN generate_series(1, %(count)s) AS i
    WHERE flow.id = %(flow)s
"""
INBOUND = """
    INSERT INTO dist_message (
        uuid, direction, state, flow_id, system_id, client_id, company_id, message_type_id, version_id, criticality,
        idempotency_key, payload, trace_id, attempt_count, next_attempt_at, received_at, create_date, create_uid)
    SELECT 'msg_bulk_in' || i, 'in', 'pending', flow.id, flow.system_id, client.id, flow.company_id,
           flow.message_type_id, version.id, 'bulk', 'bulk ' || i,
           '{"external_id": "B-' || i || '", "name": "Bulk ' || i || '"}', md5('in' || i), 0,
           now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', 1
    FROM dist_flow flow
    JOIN dist_api_client client ON client.system_id = flow.system_id
    JOIN dist_message_type_version version ON version.message_type_id = flow.message_type_id AND version.number = 1
    CROSS JOIN generate_series(1, %(count)s) AS i
    WHERE flow.id = %(flow)s
"""


class Clock:
    """A partner that notes when it got which message."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        clock = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                name = json.loads(body)["data"]["name"]
                if name.startswith("Critical"):
                    clock.seen[name] = time.perf_counter()
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait_for(self, name: str) -> float:
        """Return the moment a message came.

        :raises RuntimeError: it did not come in time
        """
        deadline = time.perf_counter() + TIMEOUT
        while name not in self.seen:
            if time.perf_counter() > deadline:
                raise RuntimeError(f"{name} did not come within {TIMEOUT} s")
            time.sleep(0.005)
        return self.seen[name]

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def run(bench: Bench) -> list[Result]:
    """Measure `isolation_p95_s`."""
    bulk, critical = bench.size(BULK), bench.size(CRITICAL)
    clock = Clock()
    with bench.session("isolation") as session:
        partner_id = _connect(session, clock.url, bulk)
        with bench.server(session, workers=WORKERS, jobs=CHANNELS):
            _let_loose(session)
            say(f"isolation: {critical} critical messages beside {bulk:,} bulk ones in each direction")
            samples = [_send(session, clock, partner_id, number) for number in range(critical + WARMUPS)][
                WARMUPS:
            ]
            left = _count_left(session)
    clock.close()
    ordered = sorted(samples)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    note = (
        f"median {ordered[len(ordered) // 2]:.2f} s, slowest {ordered[-1]:.2f} s; {left} were still waiting"
    )
    return [Result("isolation_p95_s", p95, (ordered[0], ordered[-1]), note)]


def _connect(session: Session, url: str, bulk: int) -> int:
    """Make the partners and queue the mass data; return the partner whose changes are critical."""
    with session.transaction() as env:
        partner = env["res.partner"].create({"name": "Critical"})
        system, _key = make_system(env, "Urgent")
        endpoint = make_endpoint(env, system, url)
        make_flow(env, system, "partner.changed", endpoint_id=endpoint.id, criticality="critical")
        mass, _key = make_system(env, "Mass", ("test:write",))
        mass_endpoint = make_endpoint(env, mass, url, lanes=4)
        outbound = make_flow(env, mass, "partner.changed", endpoint_id=mass_endpoint.id, state="retired")
        inbound = make_flow(env, mass, "partner.submit", criticality="bulk")
    say(f"isolation: queueing {bulk:,} bulk messages in each direction")
    with session.sql() as cursor:
        cursor.execute(OUTBOUND, {"count": bulk, "flow": outbound.id})
        cursor.execute(INBOUND, {"count": bulk, "flow": inbound.id})
        cursor.execute("ANALYZE dist_message")
    return partner.id


def _let_loose(session: Session) -> None:
    """Have the workers begin with the mass data, as the wake-up behind its commit would."""
    with session.transaction() as env:
        env["dist.endpoint"]._sweep_lanes()
        env["dist.message"]._schedule_inbox("bulk")
    time.sleep(5)


def _send(session: Session, clock: Clock, partner_id: int, number: int) -> float:
    """Return the seconds from the commit of a critical message until the partner has it."""
    name = f"Critical {number}"
    with session.transaction() as env:
        partner = env["res.partner"].browse(partner_id)
        partner.name = name
        partner._dist_emit("partner.changed")
        env.cr.precommit.run()
        started = time.perf_counter()
    seconds = clock.wait_for(name) - started
    time.sleep(PAUSE)
    return seconds


def _count_left(session: Session) -> dict[str, Any]:
    with session.sql() as cursor:
        cursor.execute(
            "SELECT direction, count(*) FROM dist_message WHERE state = 'pending' AND criticality = 'bulk' GROUP BY 1"
        )
        left = dict(cursor.fetchall())
    if not all(left.get(direction) for direction in ("in", "out")):
        raise RuntimeError(f"The mass data was used up before the end: {left}")
    return left
