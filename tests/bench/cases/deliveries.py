"""Webhooks a second through the real job runner, against empty jobs a second of the same workers."""

import statistics
import time
from typing import Any

from harness.bench import Bench
from harness.connection import make_endpoint, make_flow, make_system
from harness.result import Result
from harness.sampling import interleave, ratio, say
from harness.session import Session
from harness.sink import Sink

WORKERS = 2
DELIVERIES = 4000
JOBS = 300
ROUNDS = 5
NOTE_SIZE = 1000
TIMEOUT = 300
POLL = 0.02


class Contest:
    """Two queues of the same server that are filled, let loose and waited for.

    :param endpoint_id: dist.endpoint of the sink; disabled while its queue is filled
    :param partner_ids: records of which each makes one webhook
    :param jobs: number of empty jobs
    """

    def __init__(self, session: Session, endpoint_id: int, partner_ids: list[int], jobs: int) -> None:
        self._session = session
        self._endpoint_id = endpoint_id
        self._partner_ids = partner_ids
        self._jobs = jobs

    def deliver(self) -> float:
        """Return deliveries a second, from the commit that lets them go to the last recorded outcome."""
        with self._session.transaction() as env:
            endpoint = env["dist.endpoint"].browse(self._endpoint_id)
            endpoint.action_disable()
            env["res.partner"].browse(self._partner_ids)._dist_emit("partner.changed")
        with self._session.transaction() as env:
            env["dist.endpoint"].browse(self._endpoint_id).action_enable()
            started = time.perf_counter()
        return len(self._partner_ids) / (
            self._wait("SELECT 1 FROM dist_message WHERE state IN ('pending', 'retry') LIMIT 1") - started
        )

    def run_jobs(self) -> float:
        """Return empty jobs a second, from the commit that makes them to the last one done."""
        with self._session.transaction() as env:
            for _number in range(self._jobs):
                env["queue.job"].with_delay()._test_job()
            env.flush_all()
            started = time.perf_counter()
        return self._jobs / (
            self._wait("SELECT 1 FROM queue_job WHERE state NOT IN ('done', 'failed') LIMIT 1") - started
        )

    def check(self) -> None:
        """:raises RuntimeError: something was refused or failed, so the figures mean nothing"""
        with self._session.sql() as cursor:
            cursor.execute("SELECT count(*) FROM dist_message WHERE state <> 'done'")
            (undelivered,) = cursor.fetchone()
            cursor.execute("SELECT count(*) FROM queue_job WHERE state = 'failed'")
            (failed,) = cursor.fetchone()
        if undelivered or failed:
            raise RuntimeError(f"{undelivered} messages not delivered, {failed} jobs failed")

    def _wait(self, unfinished: str) -> float:
        """Return the moment at which a query finds nothing any more."""
        deadline = time.perf_counter() + TIMEOUT
        with self._session.sql() as cursor:
            while time.perf_counter() < deadline:
                cursor.execute(unfinished)
                if not cursor.fetchone():
                    return time.perf_counter()
                time.sleep(POLL)
        raise RuntimeError(f"The queue was not empty after {TIMEOUT} s.")


def run(bench: Bench) -> list[Result]:
    """Measure `deliveries_vs_jobs`."""
    deliveries, jobs = bench.size(DELIVERIES), bench.size(JOBS)
    with bench.session("deliveries") as session, Sink() as sink:
        with session.transaction() as env:
            contest = Contest(session, _connect(env, sink.url).id, _make_partners(env, deliveries).ids, jobs)
        with bench.server(session, workers=WORKERS, jobs=f"root:{WORKERS}"):
            say(f"deliveries: {ROUNDS} rounds of {deliveries} webhooks and {jobs} jobs")
            samples = interleave({"deliveries": contest.deliver, "jobs": contest.run_jobs}, ROUNDS)
        contest.check()
    note = (
        f"{statistics.median(samples['deliveries']):.0f} webhooks/s, "
        f"{statistics.median(samples['jobs']):.1f} jobs/s, {WORKERS} workers, {ROUNDS} rounds"
    )
    return [Result.of("deliveries_vs_jobs", ratio(samples["deliveries"], samples["jobs"]), note)]


def _connect(env: Any, url: str) -> Any:
    """Make a system that hears of changed partners; return its endpoint."""
    system, _key = make_system(env, "Sink")
    endpoint = make_endpoint(env, system, url, lanes=4)
    make_flow(env, system, "partner.changed", endpoint_id=endpoint.id)
    return endpoint


def _make_partners(env: Any, count: int) -> Any:
    values = [{"name": f"Partner {number}", "ref": "x" * NOTE_SIZE} for number in range(count)]
    return env["res.partner"].with_context(tracking_disable=True).create(values)
