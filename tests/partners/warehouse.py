"""A warehouse run by somebody else: takes requests, moves its own stock, confirms what it moved and has."""

from __future__ import annotations

import itertools
import queue
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import ROUND_UP, Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

if not __package__:  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from partners.agreements import Agreements, Asked
from partners.client import UnreachableError
from partners.partner import Partner, run
from partners.stock import Stock

OUTCOMES = ("full", "partial", "short", "over", "wrong_lot", "nothing", "refuse", "later")
GS1_PREFIX = "0376123450"
THREADS = 3
#: What an operation's status means for a confirmation.
STATUSES = {"succeeded": "applied", "failed": "refused", "cancelled": "refused"}
#: Where messages of other kinds than confirmations go.
PATHS = {"adjustment": "/stock/adjustments"}
#: What a slip adds to the number of a lot.
SLIP = "-X"


@dataclass
class Plan:
    """How shipments are worked.

    :ivar default: ``full``; ``partial`` (half now, the rest in a second confirmation), ``short`` (half, and
        the warehouse has finished), ``over`` (one more than asked), ``wrong_lot`` (a slip in the lot number),
        ``nothing`` (all lines zero), ``refuse`` or ``later`` (not today)
    :ivar outcomes: what is done instead, by the order's reference or the shipment's number
    :ivar backorders: what is done with shipments that remain of others
    :ivar repeats: how often the confirmation of an order is sent, by the order's reference
    :ivar refuses: why requests to hold, change or cancel are refused, by the order's reference
    """

    default: str = "full"
    outcomes: dict[str, str] = field(default_factory=dict)
    backorders: str = "full"
    repeats: dict[str, int] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for outcome in (self.default, self.backorders, *self.outcomes.values()):
            if outcome not in OUTCOMES:
                raise ValueError(f"An outcome is one of {', '.join(OUTCOMES)}, not {outcome}.")

    def outcome_of(self, task: Task) -> str:
        """Return what is to become of a shipment or receipt."""
        if task.number in self.outcomes:
            return self.outcomes[task.number]
        if task.request["backorder_of"]:
            return self.backorders
        return self.outcomes.get(task.reference, self.default)


@dataclass
class Task:
    """A shipment, receipt or return that the distributor asked for.

    :ivar state: ``requested``, ``acknowledged``, ``refused``, ``left`` (for another day), ``open`` (partly
        moved), ``finished`` or ``cancelled``
    :ivar moved: quantity moved, by line
    """

    kind: str
    number: str
    reference: str
    request: dict[str, Any]
    state: str = "requested"
    outcome: str = ""
    on_hold: bool = False
    moved: dict[str, Decimal] = field(default_factory=dict)


@dataclass
class Confirmation:
    """A message about what was moved or found, and what came back.

    :ivar task: number of what it is about; nothing for an adjustment
    :ivar status: ``applied``, ``waiting`` (for a person), ``refused`` or ``unsent``
    :ivar answers: distinct bodies over all times it was sent
    """

    number: str
    kind: str
    task: str
    payload: dict[str, Any]
    status: str = "unsent"
    http: int = 0
    code: str = ""
    message: str = ""
    sends: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list)


class Warehouse(Agreements, Partner):
    """A warehouse, as a stand-in for tests and the demonstration."""

    name = "warehouse"

    def __init__(self, *args: Any, **options: Any) -> None:
        self.stock = Stock()
        self.plan = Plan()
        self.tasks: dict[str, Task] = {}
        self.confirmations: dict[str, Confirmation] = {}
        #: cancellations that came after the goods had left
        self.too_late: list[str] = []
        self.errors: list[str] = []
        self._todo: queue.Queue[Task | Asked] = queue.Queue()
        self._desks: dict[str, threading.Lock] = {}
        self._staffed = threading.Event()
        self._staffed.set()
        self._numbers = itertools.count(1)
        super().__init__(*args, **options)

    def start(self) -> None:
        """Receive messages, and work."""
        super().start()
        for _ in range(THREADS):
            threading.Thread(target=self._work, daemon=True).start()

    # ---- hearing

    def apply(self, envelope: dict[str, Any]) -> None:
        """Put a request on the list of what is to be done, or take it off."""
        kind, _dot, event = envelope["type"].partition(".")
        data = envelope["data"]
        number = data.get(kind)
        if event == "requested":
            task = Task(kind, number, data["order"]["reference"] or data["order"]["number"] or "", data)
            with self.lock:
                self.tasks[number] = task
            self._todo.put(task)
        elif event == "cancelled":
            with self.lock:
                task = self.tasks.get(number)
                if task and task.moved:
                    self.too_late.append(number)
                elif task:
                    task.state = "cancelled"
        elif event == "hold.released":
            with self.lock:
                task = self.tasks[number]
                task.on_hold = False
            if task.state == "left":
                self._todo.put(task)
        elif event.endswith(".requested"):
            self._todo.put(Asked(number, event.partition(".")[0], data))

    # ---- working

    def staff(self, working: bool) -> None:
        """Let people work, or have them wait; requests are taken in either way."""
        if working:
            self._staffed.set()
        else:
            self._staffed.clear()

    def resume(self) -> int:
        """Take up again what was left for later; return how much that was."""
        with self.lock:
            left = [task for task in self.tasks.values() if task.state == "left" and not task.on_hold]
        for task in left:
            self._todo.put(task)
        return len(left)

    def is_idle(self) -> bool:
        """Whether nothing is to be done."""
        return not self._todo.unfinished_tasks

    def _work(self) -> None:
        while not self.ended.is_set():
            try:
                task = self._todo.get(timeout=0.2)
            except queue.Empty:
                continue
            try:
                while not self._staffed.wait(0.2) and not self.ended.is_set():
                    pass
                with self._desk(task.number):
                    getattr(self, f"_do_{task.kind}")(task)
            except (UnreachableError, KeyError, ValueError) as error:
                self.errors.append(f"{task.number}: {error!r}")
            finally:
                self._todo.task_done()

    def _desk(self, number: str) -> threading.Lock:
        """Return the lock of a shipment or receipt: only one of the people works on it."""
        with self.lock:
            return self._desks.setdefault(number, threading.Lock())

    def _do_shipment(self, task: Task) -> None:
        task.outcome = self.plan.outcome_of(task)
        if task.state == "cancelled" or not self._acknowledge(task):
            return
        goals = {line["line"]: self._goal(task, line) for line in task.request["lines"]}
        if task.outcome == "later" or task.on_hold:
            task.state = "left"
            return
        first = {line: _half(goal) for line, goal in goals.items()} if task.outcome == "partial" else goals
        self._ship(task, first, complete=first == goals)
        if first != goals:
            self._ship(task, goals, complete=True)

    def _acknowledge(self, task: Task) -> bool:
        """Tell whether the shipment is taken on; return whether it is still wanted."""
        status = "refused" if task.outcome == "refuse" else "accepted"
        payload = {"shipment": task.number, "status": status, "acknowledged_at": _now()}
        if status == "refused":
            payload["reason"] = "address_incomplete"
        answer = self.api.post("/shipments/acknowledgements", payload, f"ack-{task.number}-{status}")
        if not answer.ok:
            self.errors.append(f"{task.number}: acknowledgement answered {answer.status} {answer.code}")
        task.state = "refused" if status == "refused" else "acknowledged"
        if answer.ok and answer.body.get("state") == "cancelled":
            task.state = "cancelled"
        return task.state == "acknowledged"

    def _goal(self, task: Task, line: Mapping[str, Any]) -> Decimal:
        """Return how much of a line is to have been moved in the end."""
        reserved = Decimal(line["reserved"])
        first = line is task.request["lines"][0]
        if task.outcome == "nothing":
            return Decimal(0)
        if task.outcome == "short":
            return _half(reserved)
        return reserved + 1 if task.outcome == "over" and first else reserved

    def _ship(self, task: Task, goals: Mapping[str, Decimal], complete: bool) -> None:
        """Pick what is missing to the goals, and confirm it."""
        asked = task.request["lines"]
        unfinished = [line for line in asked if task.moved.get(line["line"]) != goals[line["line"]]]
        lines = [self._pick(task, line, goals[line["line"]]) for line in unfinished]
        task.state = "finished" if complete else "open"
        number = self._next_number()
        package = {
            "package": "1",
            "sscc": _sscc(int(number[2:])),
            "tracking_number": f"1Z{number[2:]:0>16}",
            "weight": {"value": "2.5", "unit": "kg"},
        }
        payload = {
            "confirmation": number,
            "shipment": task.number,
            "shipped_at": _now(),
            "complete": complete,
            "lines": lines,
            "packages": [package] if any(Decimal(line["quantity"]) for line in lines) else [],
        }
        self._confirm(task, number, payload)

    def _pick(self, task: Task, line: Mapping[str, Any], goal: Decimal) -> dict[str, Any]:
        """Take goods from the shelf, the lots that were asked for first; return the confirmation's line."""
        number, sku = line["line"], line["item"]["sku"]
        before = task.moved.get(number, Decimal(0))
        missing = goal - before
        picked: list[tuple[str, Decimal]] = []
        for lot in [row["lot"] for row in line["lots"]] + [None]:
            wanted = missing - sum(part for _lot, part in picked)
            if wanted > 0:
                picked += self.stock.pick(sku, wanted, task.number, lot)
        quantity = sum((part for _lot, part in picked), Decimal(0))
        with self.lock:
            task.moved[number] = before + quantity
        row: dict[str, Any] = {"line": number, "sku": sku, "quantity": _text(quantity), "unit": line["unit"]}
        if before + quantity < Decimal(line["quantity"]):
            row["reason"] = "out_of_stock"
        slip = SLIP if task.outcome == "wrong_lot" else ""
        allocations = [
            {"quantity": _text(part), "lot": lot + slip, "package": "1"} for lot, part in picked if lot
        ]
        if allocations:
            row["allocations"] = allocations
        elif quantity:
            row["package"] = "1"
        return row

    def _do_receipt(self, task: Task) -> None:
        task.outcome = self.plan.outcome_of(task)
        if task.state == "cancelled":
            return
        if task.outcome == "later":
            task.state = "left"
            return
        lines = [self._put_away(task, line) for line in task.request["lines"]]
        task.state = "finished"
        number = self._next_number()
        payload = {"confirmation": number, "receipt": task.number, "received_at": _now(), "lines": lines}
        self._confirm(task, number, payload)

    def _put_away(self, task: Task, line: Mapping[str, Any]) -> dict[str, Any]:
        asked = Decimal(line["quantity"])
        quantity = {"short": _half(asked), "over": asked + 1, "nothing": Decimal(0)}.get(task.outcome, asked)
        lot = f"R-{task.number.rsplit('/', 1)[-1]}" if line["tracking"] == "lot" else ""
        self.stock.receive(line["item"]["sku"], lot, quantity, task.number)
        with self.lock:
            task.moved[line["line"]] = quantity
        row: dict[str, Any] = {"line": line["line"], "quantity": _text(quantity), "unit": line["unit"]}
        if lot:
            allocation = {"quantity": _text(quantity), "lot": lot}
            if line["expiry_required"]:
                allocation["expiry"] = (datetime.now(timezone.utc) + timedelta(days=365)).date().isoformat()
            row["allocations"] = [allocation]
        return row

    def _do_return(self, task: Task) -> None:
        """Take back what a customer sends, and put it on the shelf."""
        if task.state == "cancelled":
            return
        rows = []
        for line in task.request["lines"]:
            lots = self._take_back(task.request["shipment"], line["item"]["sku"], Decimal(line["quantity"]))
            quantity = sum(lots.values(), Decimal(0))
            task.moved[line["line"]] = quantity
            row = {"line": line["line"], "quantity": _text(quantity), "unit": line["unit"]}
            rows.append({**row, **_allocations(lots)})
        task.state = "finished"
        number = self._next_number()
        payload = {"confirmation": number, "return": task.number, "returned_at": _now(), "lines": rows}
        self._confirm(task, number, payload)

    def _take_back(self, shipment: str, sku: str, quantity: Decimal) -> dict[str, Decimal]:
        """Put up to *quantity* of what left with a shipment back on the shelf; return it by lot."""
        left: dict[str, Decimal] = {}
        for movement in self.stock.movements:
            if (movement.sku, movement.reason) == (sku, shipment):
                left[movement.lot] = left.get(movement.lot, Decimal(0)) - movement.quantity
        taken = {}
        for lot, outside in left.items():
            part = min(outside, quantity - sum(taken.values(), Decimal(0)))
            if part > 0:
                self.stock.receive(sku, lot, part, shipment)
                taken[lot] = part
        return taken

    # ---- what nobody asked for

    def take_back(self, shipment: str, sku: str, quantity: str) -> str:
        """Receive goods of a shipment back that nobody announced; return the confirmation's number."""
        number = self._next_number()
        lots = self._take_back(shipment, sku, Decimal(quantity))
        row = {"sku": sku, "quantity": _text(sum(lots.values(), Decimal(0))), **_allocations(lots)}
        payload = {"confirmation": number, "shipment": shipment, "returned_at": _now(), "lines": [row]}
        self._confirm(Task("return", "", "", {}), number, payload)
        return number

    def adjust(self, sku: str, change: str, reason: str, lot: str = "") -> str:
        """Find more or less than there should be; return the adjustment's number."""
        number = self._next_number()
        self.stock.receive(sku, lot, Decimal(change), reason)
        line = {"sku": sku, "change": change, **({"lot": lot} if lot else {})}
        payload = {"adjustment": number, "reason": reason, "adjusted_at": _now(), "lines": [line]}
        self._confirm(Task("adjustment", "", "", {}), number, payload)
        return number

    def hand_over_stock(self, warehouse: str) -> str:
        """Send all that is on the shelves; return where the outcome is asked for."""
        rows = "".join(f"{row['sku']},{row['lot']},{row['quantity']}\n" for row in self.stock.rows())
        answer = self.api.post(
            f"/stock/snapshots?{urlencode({'warehouse': warehouse, 'taken_at': _now()})}",
            f"sku,lot,quantity\n{rows}".encode(),
            headers={"Content-Type": "text/csv"},
        )
        if not answer.ok:
            self.errors.append(f"the list of the stock was answered {answer.status} {answer.code}")
        return answer.headers.get("message-id", "")

    # ---- confirming

    def _confirm(self, task: Task, number: str, payload: dict[str, Any]) -> None:
        confirmation = Confirmation(number, task.kind, task.number, payload)
        with self.lock:
            self.confirmations[number] = confirmation
        for turn in range(self.plan.repeats.get(task.reference, 1)):
            # the second time under the same key, from then on as a message of its own
            self.send(confirmation, f"{number}" if turn < 2 else f"{number}-again-{turn}")

    def send(self, confirmation: Confirmation, key: str) -> None:
        """Send a confirmation, once more if it was sent before; note what is answered."""
        path = PATHS.get(confirmation.kind, f"/{confirmation.kind}s/confirmations")
        answer = self.api.post(path, confirmation.payload, key)
        body = answer.body if isinstance(answer.body, dict) else {}
        with self.lock:
            confirmation.sends += 1
            confirmation.http = answer.status
            confirmation.code = answer.code
            confirmation.message = answer.headers.get("message-id", "")
            confirmation.status = (
                "refused" if not answer.ok else "waiting" if answer.status == 202 else "applied"
            )
            lasting = {name: value for name, value in body.items() if name not in ("request_id", "instance")}
            if lasting not in confirmation.answers:
                confirmation.answers.append(lasting)

    def poll(self) -> list[str]:
        """Ask what became of the confirmations that were not applied; return the numbers of those that are now."""
        with self.lock:
            stuck = [row for row in self.confirmations.values() if row.status in ("waiting", "refused")]
        for confirmation in stuck:
            document = self.api.get(f"/operations/{confirmation.message}").body
            confirmation.status = STATUSES.get(document["status"], "waiting")
            confirmation.http = document["http_status"]
        return [row.number for row in stuck if row.status == "applied"]

    def _next_number(self) -> str:
        with self.lock:
            return f"N-{next(self._numbers)}"

    # ---- control

    def ledger(self) -> dict[str, Any]:
        """Return stock, tasks and confirmations beside what every partner tells."""
        # before the lock, as in the shop
        common = super().ledger()
        with self.lock:
            tasks = {number: _plain(asdict(task)) for number, task in self.tasks.items()}
            return {
                **common,
                "stock": self.stock.rows(),
                "movements": len(self.stock.movements),
                "tasks": tasks,
                "confirmations": {row.number: asdict(row) for row in self.confirmations.values()},
                "agreements": dict(self.agreements),
                "too_late": list(self.too_late),
                "errors": list(self.errors),
                "idle": self.is_idle(),
            }

    def take_order(self, action: str, data: Any) -> Any:
        """Add ``plan`` (see :class:`Plan`), ``stock`` (a count), ``staff``, ``resume``, ``poll``, and what it does
        unasked: ``take_back``, ``adjust`` and ``hand_over_stock``.
        """
        if action == "plan":
            self.plan = Plan(**data)
            return asdict(self.plan)
        if action == "stock":
            self.stock.count(data)
            return self.stock.rows()
        if action == "staff":
            self.staff(data["working"])
            return {}
        if action == "resume":
            return {"resumed": self.resume()}
        if action == "poll":
            return {"settled": self.poll()}
        if action in ("take_back", "adjust", "hand_over_stock"):
            return {"number": getattr(self, action)(**data)}
        return super().take_order(action, data)


def _allocations(lots: Mapping[str, Decimal]) -> dict[str, Any]:
    """Return the field of a line that says of which lots it is; nothing for items without lots."""
    rows = [{"quantity": _text(quantity), "lot": lot} for lot, quantity in lots.items() if lot]
    return {"allocations": rows} if rows else {}


def _half(quantity: Decimal) -> Decimal:
    return (quantity / 2).quantize(Decimal(1), ROUND_UP)


def _text(quantity: Decimal) -> str:
    return format(quantity.normalize(), "f") if quantity else "0"


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sscc(serial: int) -> str:
    """Return a serial shipping container code: 17 digits and their check digit (GS1, modulo 10)."""
    digits = f"{GS1_PREFIX}{serial:07}"
    weighted = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"


def _plain(task: dict[str, Any]) -> dict[str, Any]:
    return {**task, "moved": {line: _text(quantity) for line, quantity in task["moved"].items()}}


if __name__ == "__main__":
    run(Warehouse)
