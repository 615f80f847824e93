"""A random sequence of calls, decisions and accidents, and the simple model that says what must come of it.

The model knows what was accepted, in which order, and nothing of how.  In the end each document exists once,
with its last content; the partner heard of every change once and in order; no message is without an end.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from waiting import until

SETTLE_SECONDS = 240


@dataclass
class Request:
    """What was sent under one idempotency key.

    :ivar body: one document, or a list of them sent as a bulk
    :ivar answer: the bytes that every repetition must be answered with
    :ivar stuck: uuid of a message that waits for a person
    """

    key: str
    body: dict[str, Any] | list[dict[str, Any]]
    answer: bytes = b""
    stuck: str = ""


@dataclass
class Model:
    """What must be true in the end.

    :ivar contents: names a document had, in order, by its external id
    :ivar requests: everything that was sent, in order
    :ivar messages: how many messages must be stored
    :ivar states: in which state messages must be that did not end ``done``, by uuid
    """

    contents: dict[str, list[str]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    messages: int = 0
    states: dict[str, str] = field(default_factory=dict)

    def apply(self, body: dict[str, Any]) -> None:
        """Note that a document was accepted."""
        self.contents.setdefault(body["external_id"], []).append(body["name"])


class Sequence:
    """One sequence; the same seed takes the same steps.

    :param stack: stack.Stack
    :param seed: also tells its documents from those of other sequences
    :param steps: how many
    """

    def __init__(self, stack: Any, seed: int, steps: int) -> None:
        self.stack = stack
        self.random = random.Random(seed)  # repeatable on purpose
        # which processes there are differs from run to run, and must not change the steps
        self.fate = random.Random(seed)
        self.prefix = f"SEQ{seed}"
        self.steps = steps
        self.model = Model()
        self.log: list[str] = []
        self._number = 0

    def play(self) -> None:
        """Take every step, let the queues run empty, compare with the model.

        :raises AssertionError: something was lost, doubled, out of order, or answered otherwise than before
        """
        chances: list[tuple[int, Callable[[], None]]] = [
            (6, self.submit_new),
            (3, self.submit_change),
            (3, self.repeat),
            (2, self.reuse_key),
            (2, self.submit_bulk),
            (2, self.submit_at_once),
            (3, self.submit_refused),
            (2, self.retry_refused),
            (2, self.correct),
            (1, self.cancel),
            (2, self.fail_partner),
            (1, self.kill_workers),
        ]
        weights, actions = zip(*chances, strict=True)
        try:
            for _ in range(self.steps):
                action = self.random.choices(actions, weights)[0]
                self.log.append(action.__name__)
                action()
            self.settle()
            self.check()
        except Exception as error:
            raise AssertionError(f"{self.prefix} after {' '.join(self.log)}: {error}") from error

    # ---- what a partner does

    def submit_new(self) -> None:
        """Send a document that nobody knows."""
        self._send_accepted(self._new_body())

    def submit_change(self) -> None:
        """Send a known document with other content, as a request of its own."""
        if self.model.contents:
            known = self.random.choice(sorted(self.model.contents))
            self._send_accepted({"external_id": known, "name": self._new_name()})

    def repeat(self) -> None:
        """Send a request again: nothing happens, the answer is the one given before."""
        answered = [request for request in self.model.requests if request.answer]
        if answered:
            request = self.random.choice(answered)
            answer = self._post(request)
            assert answer.raw == request.answer, (
                f"{request.key}: {answer.raw!r} instead of {request.answer!r}"
            )
            assert answer.headers["idempotent-replayed"] == "true"

    def reuse_key(self) -> None:
        """Send something else under a key that was used: refused, without effect."""
        if self.model.requests:
            request = self.random.choice(self.model.requests)
            other = Request(request.key, self._new_body())
            if isinstance(request.body, list):
                other.body = [other.body]
            answer = self._post(other)
            assert (answer.status, answer.code) == (422, "idempotency_key_reused"), answer.raw

    def submit_bulk(self) -> None:
        """Send several documents in one request, one of which may be refused."""
        bodies = [self._new_body() for _ in range(self.random.randint(2, 8))]
        refused = self.random.randrange(len(bodies)) if self.random.random() < 0.5 else None
        if refused is not None:
            bodies[refused]["name"] = "Blocked"
        request = self._new_request(bodies)
        answer = self._post(request)
        assert answer.status == 200, answer.raw
        request.answer = answer.raw
        self.model.messages += len(bodies)
        for index, (body, item) in enumerate(zip(bodies, answer.body["items"], strict=True)):
            if index == refused:
                assert item["status"] == 422, item
                self.model.states[item["message_id"]] = "dead"
            else:
                assert item["status"] == 200, item
                self.model.apply(body)

    def submit_at_once(self) -> None:
        """Send one request several times at the same moment; some connections may be cut by a dying worker."""
        request = self._new_request(self._new_body())
        killing = self.random.random() < 0.3
        with ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(self._post, request) for _ in range(8)]
            if killing:
                time.sleep(self.random.uniform(0, 0.3))
                self.kill_workers()
        assert {answer.result().status for answer in answers} == {200}
        bodies = {answer.result().raw for answer in answers}
        assert len(bodies) == 1, bodies
        request.answer = bodies.pop()
        self.model.apply(request.body)

    def submit_refused(self) -> None:
        """Send what a rule refuses, or what holds a code that nobody knows."""
        body = self._new_body()
        status = self.random.choice((422, 202))
        body.update({"name": "Blocked"} if status == 422 else {"country": "XX"})
        request = self._new_request(body)
        answer = self._post(request)
        assert answer.status == status, answer.raw
        request.stuck = answer.headers["message-id"]
        self.model.states[request.stuck] = "dead" if status == 422 else "error"

    # ---- what a person does

    def retry_refused(self) -> None:
        """Try again what waits for a person, with nothing changed: it waits as before."""
        request = self._pick_stuck()
        if request:
            self._call("dist.message", "action_retry", self._id(request))

    def correct(self) -> None:
        """Correct what was refused and submit it: it takes effect, and the original is settled."""
        request = self._pick_stuck()
        if not request:
            return
        body = {"external_id": request.body["external_id"], "name": self._new_name()}
        action = self._call("dist.message", "action_correct", self._id(request))
        self._call("dist.message.correct", "write", action["res_id"], {"content": json.dumps(body)})
        self._call("dist.message.correct", "action_resubmit", action["res_id"])
        self.model.messages += 1
        self.model.states[request.stuck] = "cancelled"
        self.model.apply(body)
        request.stuck = ""

    def cancel(self) -> None:
        """Give up what was refused."""
        request = self._pick_stuck()
        if request:
            self._call("dist.message", "action_cancel", self._id(request), "not wanted any more")
            self.model.states[request.stuck] = "cancelled"
            request.stuck = ""

    # ---- accidents

    def fail_partner(self) -> None:
        """Have the partner fail for a while."""
        mode = self.random.choice(("500", "429", "slow", "close", "down"))
        options: dict[str, Any] = {"seconds": 3} if mode == "down" else {"times": self.random.randint(1, 4)}
        if mode == "slow":
            options["delay"] = 2.5  # longer than the endpoint's timeout
        if mode in ("500", "429"):
            options["applied"] = self.random.random() < 0.5
        self.stack.partner.fail(mode, **options)

    def kill_workers(self) -> None:
        """Kill workers, whatever they do: answer, process, deliver."""
        pids = self.stack.server.pids()["http"]
        for pid in self.fate.sample(pids, min(len(pids), self.fate.randint(1, 4))):
            os.kill(pid, signal.SIGKILL)
        until(self.stack.server.answers, what="an answer after workers were killed")

    # ---- the end

    def settle(self) -> None:
        """Let everything that waits for a machine come to its end."""
        self.stack.partner.fail(None)
        deadline = time.monotonic() + SETTLE_SECONDS
        while self.stack.waiting():
            assert time.monotonic() < deadline, f"{self.stack.waiting()} messages are still waiting"
            time.sleep(2)

    def check(self) -> None:
        """Compare what is stored, what exists and what the partner heard with the model."""
        self._check_messages()
        self._check_documents()
        inbox = self.stack.partner.inbox
        for complaint in (inbox.doubled_events, inbox.out_of_order, inbox.changed_bodies):
            assert not complaint, complaint
        assert not inbox.counts.unsigned

    def _check_messages(self) -> None:
        rows = self.stack.sql(
            (
                "SELECT m.uuid, m.state, m.exception_id IS NOT NULL, m.cancelled_by_id IS NOT NULL "
                "FROM dist_message m LEFT JOIN dist_message o ON o.id = m.original_id "
                "LEFT JOIN dist_message bulk ON bulk.id = coalesce(o.parent_id, m.parent_id) WHERE m.direction = 'in' "
                "AND coalesce(bulk.idempotency_key, o.idempotency_key, m.idempotency_key) LIKE %s",
                [f"% {self.prefix}-%"],
            )
        )
        assert len(rows) == self.model.messages, f"{len(rows)} messages instead of {self.model.messages}"
        for uuid, state, has_exception, has_person in rows:
            assert state == self.model.states.get(uuid, "done"), f"{uuid} is {state}"
            assert state not in ("dead", "error") or has_exception, f"{uuid} is {state} and nobody sees it"
            assert state != "cancelled" or has_person, f"{uuid} was cancelled by nobody"

    def _check_documents(self) -> None:
        rows = self.stack.sql(
            (
                "SELECT b.external_id, b.res_id, p.name FROM dist_binding b JOIN res_partner p ON p.id = b.res_id "
                "WHERE b.external_id LIKE %s",
                [f"{self.prefix}-%"],
            )
        )
        found = {external_id: name for external_id, _partner, name in rows}
        assert len(rows) == len(found), "a document exists twice"
        assert found == {key: names[-1] for key, names in self.model.contents.items()}
        assert self.stack.count_partners(f"{self.prefix}-") == len(found), "a document nobody knows of"
        heard: dict[str, list[str]] = {}
        for envelope in list(self.stack.partner.heard):
            heard.setdefault(envelope["subject"], []).append(envelope["data"]["name"])
        for external_id, partner, _name in rows:
            told, names = heard.get(f"res.partner/{partner}", []), self.model.contents[external_id]
            assert told == names, f"{external_id}: the partner heard {told} of {names}"

    # ---- helpers

    def _new_number(self) -> int:
        self._number += 1
        return self._number

    def _new_name(self) -> str:
        return f"{self.prefix}-name-{self._new_number()}"

    def _new_body(self) -> dict[str, Any]:
        return {"external_id": f"{self.prefix}-{self._new_number()}", "name": self._new_name()}

    def _new_request(self, body: Any) -> Request:
        request = Request(f"{self.prefix}-key-{self._new_number()}", body)
        self.model.requests.append(request)
        self.model.messages += 1
        return request

    def _send_accepted(self, body: dict[str, Any]) -> None:
        request = self._new_request(body)
        answer = self._post(request)
        assert answer.status == 200, answer.raw
        request.answer = answer.raw
        self.model.apply(body)

    def _post(self, request: Request) -> Any:
        if isinstance(request.body, list):
            return self.stack.api.post("/test/partners/bulk", {"items": request.body}, request.key)
        return self.stack.api.post("/test/partners", request.body, request.key)

    def _pick_stuck(self) -> Request | None:
        stuck = [request for request in self.model.requests if request.stuck]
        return self.random.choice(stuck) if stuck else None

    def _id(self, request: Request) -> list[int]:
        return self.stack.sql(("SELECT id FROM dist_message WHERE uuid = %s", [request.stuck]))[0]

    def _call(self, model: str, method: str, ids: Any, *arguments: Any) -> Any:
        """Act as a person, who waits until the server is there again."""
        until(self.stack.server.answers, what="an answer")
        return self.stack.odoo.call(model, method, ids, *arguments)
