"""What happens to messages on their way out when the partner, or the worker that delivers them, fails."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from stack import DATABASE_GONE, Stack
from waiting import until


@pytest.fixture(scope="module")
def module_stack(env):
    with Stack(env, "outbound") as stack:
        yield stack


@pytest.fixture
def stack(module_stack):
    """The module's stack, without faults and with a closed breaker."""
    module_stack.partner.fail(None)
    module_stack.odoo.call("dist.endpoint", "action_enable", [module_stack.connection.endpoint])
    module_stack.until_quiet()
    return module_stack


def emit(stack, prefix, count, rounds=1):
    """Change *count* partners *rounds* times; return their names."""
    names = [f"{prefix}-{number}" for number in range(count)]
    for turn in range(rounds):
        for name in names:
            stack.submit(name, key=f"{name}/{turn}")
    return names


def assert_heard(stack, names, rounds=1):
    """The partner applied every change once, in the order of the record, and Odoo knows."""
    for name in names:
        sequences = [envelope["sequence"] for envelope in stack.partner.heard_of(name)]
        assert len(sequences) == rounds, name
        assert sequences == sorted(set(sequences)), name
    rows = stack.messages("out", "business_key LIKE %s", prefix=names[0].rsplit("-", 1)[0] + "-%")
    assert len(rows) == len(names) * rounds
    assert {row["state"] for row in rows} == {"done"}, [row for row in rows if row["state"] != "done"]
    inbox = stack.partner.inbox
    assert not inbox.doubled_events
    assert not inbox.out_of_order
    assert not inbox.changed_bodies
    assert not inbox.counts.unsigned


def until_heard(stack, names, rounds=1, timeout=60):
    def heard():
        # a partner that looks in now and then: each dead connection of a worker fails one request
        stack.api.request("GET", "/test/partners?limit=1", patience=0)
        return all(len(stack.partner.heard_of(name)) >= rounds for name in names)

    until(heard, timeout, pause=0.3, what=f"{len(names)} records")
    stack.until_quiet(timeout)


def test_partner_down(stack):
    """M2, M7: while the partner is away messages wait without burning attempts, and what waits is visible."""
    stack.partner.fail("down")
    names = emit(stack, "DOWN", 12)
    endpoint = stack.connection.endpoint
    fields = ["breaker_state", "pending_count", "oldest_pending_at", "last_error"]

    def paused():
        (row,) = stack.odoo.call("dist.endpoint", "read", [endpoint], fields)
        return row["breaker_state"] in ("open", "half_open") and row

    row = until(paused, what="the breaker")
    assert row["pending_count"] == 12
    assert row["oldest_pending_at"]
    assert row["last_error"]
    time.sleep(5)
    waiting = stack.messages("out", "business_key LIKE %s", prefix="DOWN-%")
    assert {message["state"] for message in waiting} <= {"pending", "retry"}
    assert sum(message["attempt_count"] for message in waiting) <= 12, "attempts were burned"
    stack.partner.fail(None)
    until_heard(stack, names)
    assert_heard(stack, names)


def test_partner_slow(stack):
    """M2, M5: an answer after the timeout means another attempt under the same id; it is applied once."""
    before = stack.partner.inbox.counts.repeated
    stack.partner.fail("slow", times=2, delay=3)
    names = emit(stack, "SLOW", 3, rounds=2)
    until_heard(stack, names, rounds=2)
    assert stack.partner.inbox.counts.repeated - before >= 2
    assert_heard(stack, names, rounds=2)


@pytest.mark.parametrize("applied", [False, True], ids=["refused", "applied"])
def test_partner_fails_with_500(stack, applied):
    """M6: a server error is tried again, whether or not the partner had done its work before it failed."""
    prefix = f"E500{applied}"
    stack.partner.fail("500", times=3, applied=applied)
    names = emit(stack, prefix, 3, rounds=2)
    until_heard(stack, names, rounds=2)
    assert_heard(stack, names, rounds=2)
    rows = stack.messages("out", "business_key LIKE %s", prefix=f"{prefix}-%")
    assert sum(row["attempt_count"] for row in rows) == 6 + 3


def test_partner_asks_to_slow_down(stack):
    """M2: Retry-After is honoured: no message of any record leaves before the time is over."""
    stack.partner.fail("429", times=1, retry_after=4)
    names = emit(stack, "SLOWER", 1)
    until(lambda: stack.partner.server.faults.struck.get("429"), what="the refusal")
    asked = time.monotonic()
    names += emit(stack, "SLOWER2", 2)
    until_heard(stack, names)
    assert time.monotonic() - asked > 3.5
    assert_heard(stack, names[:1])
    assert_heard(stack, names[1:])


def test_partner_redirects(stack):
    """M2, M6: a redirect is not followed: the message is dead, with an exception, until a person acts."""
    stack.partner.fail("redirect")
    names = emit(stack, "MOVED", 1)

    def dead():
        return stack.messages("out", "business_key LIKE %s", "state = 'dead'", prefix="MOVED-%")

    (message,) = until(dead, what="the end of the message")
    assert stack.partner.server.trapped == 0
    affected = [("dist_message_ids", "in", [message["id"]])]
    (exception,) = stack.odoo.search_read("dist.exception", affected, ["category", "state"])
    assert (exception["category"], exception["state"]) == ("delivery", "open")
    stack.partner.fail(None)
    stack.odoo.call("dist.exception", "action_retry", [exception["id"]])
    until_heard(stack, names)
    assert_heard(stack, names)
    (exception,) = stack.odoo.call("dist.exception", "read", [exception["id"]], ["state", "resolution"])
    assert (exception["state"], exception["resolution"]) == ("resolved", "replayed")


def test_partner_is_gone(stack):
    """M2, M7: 410 switches the endpoint off and says so; what waits is delivered once a person switches it on."""
    stack.partner.fail("410")
    names = emit(stack, "GONE", 2, rounds=2)
    endpoint = stack.connection.endpoint

    def disabled():
        (row,) = stack.odoo.call("dist.endpoint", "read", [endpoint], ["state", "pending_count"])
        return row["state"] == "disabled" and row

    row = until(disabled, what="the endpoint to be switched off")
    assert row["pending_count"] == 4
    called = stack.partner.server.faults.struck["410"]
    names += emit(stack, "NOT-CALLED", 1, rounds=2)
    time.sleep(3)
    assert stack.partner.server.faults.struck["410"] == called, "a partner that is gone was called again"
    stack.partner.fail(None)
    stack.odoo.call("dist.endpoint", "action_enable", [endpoint])
    until_heard(stack, names, rounds=2)
    assert_heard(stack, names[:2], rounds=2)
    assert_heard(stack, names[2:], rounds=2)


@pytest.mark.parametrize("mode", ["close", "drip"])
def test_partner_breaks_off_its_answer(stack, mode):
    """M7: an answer that ends in the middle, or never, does not hold the queue or lose a message."""
    prefix = mode.upper()
    stack.partner.fail(mode, times=2, delay=0.2)
    started = time.monotonic()
    names = emit(stack, prefix, 3, rounds=2)
    until_heard(stack, names, rounds=2)
    assert_heard(stack, names, rounds=2)
    assert time.monotonic() - started < 40


def test_worker_killed_while_it_delivers(stack):
    """M2, M7: the partner has it, Odoo does not know: it comes again under the same id, once in effect."""
    before = stack.partner.inbox.counts.repeated
    names = emit(stack, "CUT", 2)
    until_heard(stack, names)
    stack.partner.fail("slow", times=2, delay=1.9)
    struck = stack.partner.server.faults.struck.get("slow", 0)
    threading.Thread(target=emit, args=(stack, "CUT", 2, 2)).start()
    until(lambda: stack.partner.server.faults.struck.get("slow", 0) > struck, pause=0.02, what="a delivery")
    for pid in stack.server.pids()["http"]:
        os.kill(pid, signal.SIGKILL)
    until(stack.server.answers, what="an answer")
    until_heard(stack, names, rounds=2, timeout=150)
    assert stack.partner.inbox.counts.repeated > before
    assert_heard(stack, names, rounds=2)


@DATABASE_GONE
def test_database_restarted_while_it_delivers(stack):
    """M7: PostgreSQL going away in the middle of deliveries loses none and keeps their order."""
    if not stack.environment.postgres.private:
        pytest.skip("this PostgreSQL is not ours to restart")
    stack.partner.fail("slow", times=20, delay=0.2)
    names = emit(stack, "BASE", 8, rounds=2)
    stack.environment.postgres.restart("immediate")
    until_heard(stack, names, rounds=2, timeout=150)
    assert_heard(stack, names, rounds=2)
