"""What the warehouse answers when it is asked to hold, change or cancel a shipment that it works on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ENDED = ("finished", "refused", "cancelled")


@dataclass
class Asked:
    """A request about a shipment.

    :ivar number: of the shipment
    :ivar wish: ``hold``, ``change`` or ``cancel``
    """

    number: str
    wish: str
    request: dict[str, Any]
    kind: str = "request"


class Agreements:
    """Part of :class:`partners.warehouse.Warehouse`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        #: what was answered, by the request's number
        self.agreements: dict[str, dict[str, Any]] = {}
        super().__init__(*args, **options)

    def _do_request(self, asked: Asked) -> None:
        number = asked.request["request"]
        answer = {"request": number, "shipment": asked.number, **self._decide(asked)}
        reply = self.api.post("/shipments/requests/answers", answer, f"answer-{number}")
        if not reply.ok:
            self.errors.append(f"{number}: answer {answer['status']} got {reply.status} {reply.code}")
        with self.lock:
            self.agreements[number] = {"wish": asked.wish, **answer}

    def _decide(self, asked: Asked) -> dict[str, Any]:
        """Return the answer; what is agreed to is done."""
        task = self.tasks[asked.number]
        if task.state in ENDED:
            return {"status": "refused", "reason": "already_shipped"}
        if task.reference in self.plan.refuses:
            return {"status": "refused", "reason": self.plan.refuses[task.reference]}
        return getattr(self, f"_agree_to_{asked.wish}")(task, asked.request)

    def _agree_to_hold(self, task: Any, _request: Mapping[str, Any]) -> dict[str, Any]:
        task.on_hold = True
        return {"status": "accepted"}

    def _agree_to_change(self, task: Any, request: Mapping[str, Any]) -> dict[str, Any]:
        lines = {line["line"]: line for line in task.request["lines"]}
        goals = {}
        for line in request["lines"]:
            more = Decimal(line["quantity"]) - Decimal(line["previous_quantity"])
            goals[line["line"]] = more + Decimal(lines[line["line"]]["quantity"])
            if goals[line["line"]] < task.moved.get(line["line"], 0):
                return {"status": "refused", "reason": "picked"}
        for number, goal in goals.items():
            line = lines[number]
            more = goal - Decimal(line["quantity"])
            line.update(quantity=str(goal), reserved=str(Decimal(line["reserved"]) + more))
        return {"status": "accepted"}

    def _agree_to_cancel(self, task: Any, _request: Mapping[str, Any]) -> dict[str, Any]:
        """Ship no more; what has left and could not be confirmed yet is still to come."""
        task.state = "cancelled"
        coming: dict[str, Decimal] = defaultdict(Decimal)
        for confirmation in self.confirmations.values():
            if confirmation.task == task.number and confirmation.status != "applied":
                for line in confirmation.payload["lines"]:
                    coming[line["line"]] += Decimal(line["quantity"])
        lines = [{"line": line, "remaining": str(quantity)} for line, quantity in coming.items() if quantity]
        return {"status": "accepted_in_part", "lines": lines} if lines else {"status": "accepted"}
