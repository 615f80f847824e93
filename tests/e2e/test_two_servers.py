"""Two servers with a job runner each on one database (O3)."""

from __future__ import annotations

import time

import pytest
from rpc import Session
from soak import two_servers
from suite import services
from test_server import job_done, job_state, start_job
from waiting import until

READY = "queue job runner ready"


def test_second_runner_takes_over(env, make_database, make_server):
    """O3: one runner hands out jobs, the other waits; when the first is killed, the second goes on by itself."""
    database = make_database("failover")
    first, second = (env.server(database, workers=2) for _number in range(2))
    with first:
        until(lambda: READY in first.log.read_text(), what="the first runner")
        with second:
            session = Session(second.url, database)
            # made by the second server, handed out by the first
            job_done(env, database, session)
            assert READY not in second.log.read_text()
            first.kill()
            uuid = start_job(session)
            started = time.monotonic()
            until(lambda: job_state(env, database, uuid) == "done", 40, what="the job's end")
            assert READY in second.log.read_text()
            assert time.monotonic() - started < 30


def test_two_servers_killed_in_turn(env):
    """O3, M7: a minute of the long run: nothing is lost, doubled or out of order."""
    if not services.available(services.RABBITMQ):
        pytest.skip("RabbitMQ is not installed")
    figures = two_servers.run(1, seed=1, environment=env)
    assert figures.problems == []
    assert figures.server_kills >= 2
    assert figures.broker_stops >= 1
    assert figures.leader_changes >= 1
