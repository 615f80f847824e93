"""How long the dashboard takes with a million messages stored, and how it stays so.

What was stored is counted first, as the scheduled action does every minute; then, as in life, a minute's worth of
traffic has come since. Each sample is a whole call of the method that the screen calls, for the longest period, in
a fresh transaction with cold caches of the registry.
"""

import statistics
from typing import Any

from harness.backlog import fill
from harness.bench import Bench
from harness.connection import make_endpoint, make_flow, make_system
from harness.result import Result
from harness.sampling import say, timed
from harness.session import Session

STORED = 1_000_000
PARTNERS = 10
ROUNDS = 25
RECENT = 500
SCOPES = ("test:write",)
URL = "http://127.0.0.1:9/never-called"


def run(bench: Bench) -> list[Result]:
    """Measure `dashboard_1m_s`."""
    with bench.session("dashboard") as session:
        _connect(session, bench.size(STORED))
        say("dashboard: counting")
        counting = timed(lambda: _count(session))
        _add_recent(session)
        say("dashboard: looking")
        samples = [timed(lambda: _look(session)) for _round in range(bench.size(ROUNDS) + 2)][2:]
        _check(session, bench.size(STORED) + RECENT)
    note = f"{len(samples)} calls, the slowest {max(samples):.2f} s; all counted at first in {counting:.0f} s"
    return [Result("dashboard_1m_s", statistics.median(samples), (min(samples), max(samples)), note)]


def _connect(session: Session, stored: int) -> None:
    with session.transaction() as env:
        flows = env["dist.flow"]
        for number in range(PARTNERS):
            system, _key = make_system(env, f"Partner {number}", SCOPES)
            endpoint = make_endpoint(env, system, URL)
            flows += make_flow(env, system, "partner.submit")
            flows += make_flow(env, system, "partner.changed", endpoint_id=endpoint.id)
    say(f"dashboard: storing {stored:,} messages")
    with session.sql() as cursor:
        fill(cursor, stored, flows.ids)


def _count(session: Session) -> None:
    with session.transaction() as env:
        env["dist.traffic"]._cron_count()
    session.vacuum()


def _add_recent(session: Session) -> None:
    """Store what came since the last count."""
    with session.transaction() as env:
        partners = env["res.partner"].create(
            [{"name": f"Recent {number}"} for number in range(RECENT // PARTNERS)]
        )
        partners._dist_emit("partner.changed")


def _look(session: Session) -> dict[str, Any]:
    with session.registry.cursor() as cr:
        import odoo

        return odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})["dist.dashboard"].get_figures("month")


def _check(session: Session, expected: int) -> None:
    """:raises RuntimeError: the figures do not show what was stored"""
    shown = _look(session)["summary"]["messages"]
    if shown != expected:
        raise RuntimeError(f"{shown} messages shown, {expected} stored")
