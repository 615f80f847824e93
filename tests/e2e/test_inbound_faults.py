"""What happens to a message on its way in when something breaks at the worst moment."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from partners.client import UnreachableError
from stack import DATABASE_GONE, Stack
from waiting import until

HANDLING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
# Whoever stores the items of a bulk call stands before this lock.
ITEMS_STAND = """
CREATE FUNCTION stand_before_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('items', 0));
    RETURN NEW;
END $$;
CREATE TRIGGER stand_before_items BEFORE INSERT ON dist_message
FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION stand_before_items()
"""


@pytest.fixture(scope="module")
def stack(env):
    with Stack(env, "inbound") as stack:
        yield stack


def kill_workers(stack, count=None):
    pids = stack.server.pids()["http"]
    for pid in random.sample(pids, min(count or len(pids), len(pids))):
        os.kill(pid, signal.SIGKILL)


def make_due(stack):
    """Let what waits be taken up now, not after the grace of a request under way."""
    stack.sql("UPDATE dist_message SET next_attempt_at = now() AT TIME ZONE 'UTC' WHERE state = 'pending'")
    stack.sweep()


def assert_once(stack, prefix, count):
    """Every message of a prefix is done, and made exactly one partner."""
    rows = stack.messages("in", "business_key LIKE %s", prefix=f"{prefix}%")
    assert len(rows) == count
    assert {row["state"] for row in rows} == {"done"}, [row for row in rows if row["state"] != "done"]
    assert stack.count_partners(prefix) == count


def test_worker_killed_while_it_processes(stack):
    """M5, M7: the message was stored first; the caller's next try gets the one answer, and one effect."""
    system = stack.connection.system
    with ThreadPoolExecutor(1) as pool, stack.locked(f"partner/{system}/KILL-1"):
        answer = pool.submit(stack.submit, "KILL-1")
        until(lambda: stack.sql(HANDLING)[0][0], what="a worker that stands before the lock")
        kill_workers(stack)
        until(lambda: answer.running() and len(stack.server.pids()["http"]) == 4, what="new workers")
        (row,) = stack.messages("in", "idempotency_key LIKE %s", key="%KILL-1")
        assert (row["state"], row["attempt_count"]) == ("pending", 0)
    assert answer.result().status == 200
    assert answer.result().attempts > 1
    assert_once(stack, "KILL-1", 1)


def test_bulk_call_cut_off_before_its_items_are_stored(stack):
    """M4, M7: the call was stored as one message; its items are split from it, done once, and answered."""
    items = [{"external_id": f"CUT-{number}", "name": f"CUT-{number}"} for number in range(3)]

    def submit(patience):
        return stack.api.post("/test/partners/bulk", {"items": items}, "CUT", patience=patience)

    stack.sql(ITEMS_STAND)
    with ThreadPoolExecutor(1) as pool, stack.locked("items"):
        answer = pool.submit(submit, 0)
        until(lambda: stack.sql(HANDLING)[0][0], what="a worker that stands before its items")
        kill_workers(stack)
        assert isinstance(answer.exception(), UnreachableError)
        assert [row["state"] for row in stack.messages("in", "idempotency_key LIKE %s", key="%CUT")] == [
            "pending"
        ]
    stack.sql("DROP FUNCTION stand_before_items CASCADE")
    make_due(stack)
    # what a killed worker has left is taken up by a scheduled action, on a busy machine by its second turn
    stack.until_quiet(180)
    assert_once(stack, "CUT-", 3)
    later = submit(10)
    assert [item["status"] for item in later.body["items"]] == [200, 200, 200]
    assert_once(stack, "CUT-", 3)


def test_workers_killed_under_load(stack, scale):
    """M5, M7: whatever a crash cuts off, in front of the commit or behind it, is done once in the end."""
    kills = 4 * scale
    numbers = itertools.count()
    ended = threading.Event()

    def submit_until_ended(_thread):
        answers = []
        while not ended.is_set():
            answers.append(stack.submit(f"LOAD-{next(numbers):05}"))
        return answers

    with ThreadPoolExecutor(6) as pool:
        threads = pool.map(submit_until_ended, range(6))
        for _ in range(kills):
            time.sleep(1.5)
            kill_workers(stack, 2)
        ended.set()
        answers = [answer for answers in threads for answer in answers]
    assert {answer.status for answer in answers} == {200}
    assert any(answer.attempts > 1 for answer in answers), "no request was cut off, so nothing was proved"
    assert_once(stack, "LOAD-", len(answers))


def test_server_killed_and_started_again(stack):
    """M7: a crash of the whole server delays the answer, nothing else."""
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(stack.submit, f"CRASH-{number:02}") for number in range(30)]
        until(lambda: sum(answer.done() for answer in answers) > 5, pause=0.02)
        stack.server.kill()
        stack.server.start()
        assert {answer.result().status for answer in answers} == {200}
    assert_once(stack, "CRASH-", 30)


@DATABASE_GONE
def test_database_restarted_under_load(stack):
    """M7: PostgreSQL going away at once, as in a crash, loses and doubles nothing."""
    if not stack.environment.postgres.private:
        pytest.skip("this PostgreSQL is not ours to restart")
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(stack.submit, f"RESTART-{number:02}") for number in range(40)]
        until(lambda: sum(answer.done() for answer in answers) > 10, pause=0.02)
        stack.environment.postgres.restart("immediate")
        assert {answer.result().status for answer in answers} == {200}
    assert_once(stack, "RESTART-", 40)


def test_same_request_fifty_times_at_once(stack):
    """M5: concurrent duplicates produce one effect; each is told the same, or that it is in flight."""
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: stack.submit("SAME", patience=0), range(50)))
    assert {answer.status for answer in answers} <= {200, 409}
    assert {answer.code for answer in answers if answer.status == 409} <= {"in_flight"}
    bodies = {answer.raw for answer in answers if answer.status == 200}
    assert len(bodies) == 1
    later = stack.submit("SAME")
    assert later.raw in bodies
    assert later.headers["idempotent-replayed"] == "true"
    assert_once(stack, "SAME", 1)


def test_same_document_under_fifty_keys_at_once(stack):
    """M5: the external id is unique for good, whatever the caller does with its keys."""
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda number: stack.submit("TWIN", key=f"twin-{number}"), range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["partner_id"] for answer in answers}) == 1
    assert stack.count_partners("TWIN") == 1


def test_killed_and_never_asked_again(stack):
    """M7: a message whose worker died and whose sender gave up is processed by the sweeper all the same."""
    system = stack.connection.system
    with ThreadPoolExecutor(1) as pool, stack.locked(f"partner/{system}/ORPHAN"):
        answer = pool.submit(stack.submit, "ORPHAN", patience=0)
        until(lambda: stack.sql(HANDLING)[0][0], what="a worker that stands before the lock")
        kill_workers(stack)
        assert isinstance(answer.exception(), UnreachableError)
    make_due(stack)
    stack.until_quiet(90)
    assert_once(stack, "ORPHAN", 1)
