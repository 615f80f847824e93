"""The ground the other end-to-end tests stand on: servers, runner, faults."""

import os
import signal

import pytest
from rpc import Session
from waiting import until

WORKERS = [pytest.param(0, id="threads"), pytest.param(2, id="processes")]


def start_job(session):
    """Have queue_job make one of its test jobs; return its uuid."""
    return session.get("/queue_job/create_test_job").rpartition(" ")[2].strip()


def job_state(env, database, uuid):
    """Return a job's state."""
    return env.sql(database, ("SELECT state FROM queue_job WHERE uuid = %s", [uuid]))[0][0]


def job_done(env, database, session, timeout=40):
    """Wait until a new job has run."""
    uuid = start_job(session)
    until(lambda: job_state(env, database, uuid) == "done", timeout, what="the job's end")


@pytest.mark.parametrize("workers", WORKERS)
def test_runner_takes_a_job(env, make_database, make_server, workers):
    database = make_database(f"runner{workers}")
    server = make_server(database, workers=workers)
    job_done(env, database, Session(server.url, database))


def test_every_kind_of_process_lives(make_database, make_server):
    server = make_server(make_database("kinds"), workers=2)

    def complete():
        pids = server.pids()
        return len(pids["http"]) == 2 and all(pids[kind] for kind in pids) and pids

    first = until(complete, what="every kind of process")
    until(lambda: "queue job runner ready" in server.log.read_text(), what="the runner")
    # a process that dies at its start is started again, under another pid
    assert server.pids() == first


def test_server_survives_a_killed_worker(env, make_database, make_server):
    database = make_database("killed")
    server = make_server(database, workers=2)
    session = Session(server.url, database)
    victim = server.pids()["http"][0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(server.pids()["http"]) == 2 and victim not in server.pids()["http"])
    job_done(env, database, session)


@pytest.mark.parametrize("workers", WORKERS)
def test_killed_server_is_gone_and_starts_again(env, make_database, make_server, workers):
    database = make_database(f"crash{workers}")
    server = make_server(database, workers=workers)
    server.kill()
    assert not server.running()
    assert not server.answers(timeout=1)
    server.start()
    job_done(env, database, Session(server.url, database))


def test_runner_works_again_after_a_database_restart(env, make_database, make_server):
    if not env.postgres.private:
        pytest.skip("this PostgreSQL is not ours to restart")
    database = make_database("restart")
    server = make_server(database, workers=2)
    session = Session(server.url, database)
    job_done(env, database, session)
    env.postgres.restart("immediate")
    until(server.answers, what="an answer")

    def started():
        # each worker finds out once that its old connection is dead
        try:
            return start_job(session)
        except Exception:
            return False

    uuid = until(started, what="a request that reaches the database")
    # A job handed to a worker whose connection is dead stays enqueued; the runner looks
    # for such jobs once a minute.
    until(lambda: job_state(env, database, uuid) == "done", 120, what="the job's end")


def test_identifiers_are_not_given_twice_after_a_crash(env, make_database):
    if not env.postgres.private:
        pytest.skip("this PostgreSQL is not ours to restart")
    database = make_database("sequences")
    insert = "INSERT INTO ir_config_parameter (key, value) VALUES (%s, 'x') RETURNING id"
    first = env.sql(database, (insert, ["one"]))[0][0]
    env.postgres.restart("immediate")
    assert env.sql(database, (insert, ["two"]))[0][0] > first


def test_parallel_servers_leave_each_other_alone(env, make_database, make_server):
    databases = [make_database("left"), make_database("right")]
    servers = [make_server(database) for database in databases]
    for database, server in zip(databases, servers):
        job_done(env, database, Session(server.url, database))
    for database, server in zip(databases, servers):
        others = [name for name in databases if name != database]
        assert not any(other in server.log.read_text() for other in others)
