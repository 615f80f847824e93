"""A web shop: submits orders, asks after held ones, hears of confirmations, shipments and invoices."""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

if not __package__:  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from partners.client import Answer
from partners.partner import Partner, run


@dataclass
class Submission:
    """One line of the order file: what was sent, and what was answered.

    :ivar case: what the line is there for, in the words of the file
    :ivar reference: number of the order, empty when the body has none that can be read
    :ivar http: HTTP status; that of the item, when it went in a bulk
    :ivar status: ``accepted``, ``accepted_in_part``, ``held``, ``waiting`` (for a person) or ``refused``
    :ivar code: of the problem, when refused
    :ivar replayed: whether the answer was that of an earlier request with the same key
    :ivar digest: tells two answers apart
    """

    case: str
    key: str
    reference: str
    http: int
    status: str
    code: str = ""
    replayed: bool = False
    attempts: int = 1
    seconds: float = 0
    digest: str = ""


@dataclass
class Order:
    """What the shop knows of one order."""

    reference: str
    lines: dict[str, dict[str, str]]
    status: str = ""
    number: str = ""
    operation: str = ""
    code: str = ""
    events: list[str] = field(default_factory=list)
    shipments: dict[str, dict[str, Any]] = field(default_factory=dict)
    complete: bool = False

    def shipped(self) -> dict[str, Decimal]:
        """Return the quantity shipped by SKU, over all shipments, in the unit of the item."""
        total: dict[str, Decimal] = {}
        for shipment in self.shipments.values():
            for line in shipment["lines"]:
                total[line["sku"]] = total.get(line["sku"], Decimal(0)) + Decimal(line["quantity"])
        return total


class Shop(Partner):
    """A web shop, as a stand-in for tests and the demonstration."""

    name = "shop"

    def __init__(self, *args: Any, **options: Any) -> None:
        self.orders: dict[str, Order] = {}
        self.invoices: dict[str, dict[str, Any]] = {}
        self.submissions: list[Submission] = []
        super().__init__(*args, **options)

    # ---- sending

    def submit_file(self, path: Path, threads: int = 4) -> list[Submission]:
        """Submit every line of an order file; lines with the same ``bulk`` go in one request.

        :param path: JSON lines: ``case``, ``key`` and either ``order`` or ``raw`` (text that may be anything)
        :param threads: how many requests are under way at once
        """
        with path.open(encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        single = [row for row in rows if not row.get("bulk")]
        bulks = itertools.groupby((row for row in rows if row.get("bulk")), key=lambda row: row["bulk"])
        with ThreadPoolExecutor(threads) as pool:
            jobs = [pool.submit(lambda row=row: [self.submit(row)]) for row in single]
            jobs += [pool.submit(self.submit_bulk, list(group), name) for name, group in bulks]
            return [submission for job in jobs for submission in job.result()]

    def submit(self, row: Mapping[str, Any]) -> Submission:
        """Submit one line of an order file."""
        body = row["raw"].encode() if "raw" in row else row["order"]
        answer = self.api.post("/orders", body, row["key"])
        return self._take_answer(row, answer.status, answer.body, answer)

    def submit_bulk(self, rows: list[Mapping[str, Any]], key: str) -> list[Submission]:
        """Submit several lines in one request and wait until every one is answered."""
        answer = self.api.post("/orders/bulk", {"items": [row["order"] for row in rows]}, key)
        document = self._await(answer) if answer.status == 202 else answer.body
        if not answer.ok:
            return [self._take_answer(row, answer.status, answer.body, answer) for row in rows]
        return [
            self._take_answer(row, item["status"], item.get("answer") or item.get("problem"), answer)
            for row, item in zip(rows, document["items"], strict=True)
        ]

    def poll(self) -> list[str]:
        """Ask for the orders that wait for a person; return the references of those that wait no more."""
        with self.lock:
            waiting = [order for order in self.orders.values() if order.operation]
        settled = []
        for order in waiting:
            document = self.api.get(order.operation).body
            if document["status"] in ("in_progress", "waiting"):
                continue
            body = document.get("answer") or document.get("problem")
            with self.lock:
                self._settle(order, document["http_status"], body)
            settled.append(order.reference)
        return settled

    def view(self, reference: str) -> Answer:
        """Read an order back."""
        return self.api.get(f"/orders/{reference}")

    def _await(self, answer: Answer) -> dict[str, Any]:
        """Poll the operation of a request that is processed later until it is over; return its answer."""
        document = self.api.get(answer.headers["location"]).body
        while document["status"] == "in_progress" and not self.ended.wait(0.3):
            document = self.api.get(answer.headers["location"]).body
        return document["answer"]

    def _take_answer(self, row: Mapping[str, Any], http: int, body: Any, answer: Answer) -> Submission:
        data = row.get("order")
        reference = data.get("reference", "") if isinstance(data, dict) else ""
        body = body if isinstance(body, dict) else {}
        submission = Submission(
            case=row["case"],
            key=row["key"],
            reference=reference if isinstance(reference, str) else "",
            http=http,
            status=_status(http, body),
            code=body.get("code", "") if http >= 400 else "",
            replayed=answer.headers.get("idempotent-replayed") == "true",
            attempts=answer.attempts,
            seconds=round(answer.seconds, 3),
            digest=_digest(body),
        )
        with self.lock:
            self.submissions.append(submission)
            if submission.reference and not (http >= 400 and submission.reference in self.orders):
                order = self._get_order(submission.reference)
                order.lines = {
                    line.get("line") or str(index + 1): line
                    for index, line in enumerate(data.get("lines") or [])
                }
                self._settle(order, http, body)
        return submission

    def _get_order(self, reference: str) -> Order:
        return self.orders.setdefault(reference, Order(reference, {}))

    def _settle(self, order: Order, http: int, body: dict[str, Any]) -> None:
        order.status = _status(http, body)
        order.number = body.get("order") or order.number
        order.code = body.get("code", "") if http >= 400 else ""
        order.operation = body.get("operation", "") if order.status == "waiting" else ""

    # ---- hearing

    def apply(self, envelope: dict[str, Any]) -> None:
        """Write down what a webhook says."""
        kind, _dot, event = envelope["type"].partition(".")
        data = envelope["data"]
        with self.lock:
            if kind == "invoice":
                self._apply_invoice(event, data)
            elif kind == "order" and data.get("reference"):
                order = self._get_order(data["reference"])
                order.events.append(event)
                order.number = data["order"]
                if event == "shipped":
                    order.shipments[data["shipment"]] = data
                    order.complete = data["complete"]

    def _apply_invoice(self, event: str, data: dict[str, Any]) -> None:
        invoice = self.invoices.setdefault(data["number"], {"events": []})
        invoice["events"].append(event)
        for name in ("orders", "status", "payment_status", "currency", "amount_total", "amount_due"):
            invoice[name] = data[name]

    # ---- control

    def ledger(self) -> dict[str, Any]:
        """Return orders, invoices and submissions beside what every partner tells."""
        # before the lock: whoever receives a webhook takes the inbox's lock first and this one second
        common = super().ledger()
        with self.lock:
            orders = {
                reference: {**asdict(order), "shipped": {sku: str(q) for sku, q in order.shipped().items()}}
                for reference, order in self.orders.items()
            }
            return {
                **common,
                "orders": orders,
                "invoices": {number: dict(invoice) for number, invoice in self.invoices.items()},
                "submissions": [asdict(submission) for submission in self.submissions],
            }

    def take_order(self, action: str, data: Any) -> Any:
        """Add ``submit`` (``{"path": order file, "threads": n}``) and ``poll`` to the control API."""
        if action == "submit":
            return {"submitted": len(self.submit_file(Path(data["path"]), data.get("threads", 4)))}
        if action == "poll":
            return {"settled": self.poll()}
        return super().take_order(action, data)


def _status(http: int, body: Mapping[str, Any]) -> str:
    if http >= 400:
        return "refused"
    return "waiting" if body.get("operation") else body.get("status", "accepted")


def _digest(body: Mapping[str, Any]) -> str:
    """Return a fingerprint of an answer, without what differs from one request to the next."""
    lasting = {name: value for name, value in body.items() if name not in ("request_id", "instance")}
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()[:16]


def rows_of(orders: Iterable[dict[str, Any]], case: str = "fine") -> list[dict[str, Any]]:
    """Return lines of an order file for *orders*, each under a key of its own."""
    return [{"case": case, "key": f"key-{order['reference']}", "order": order} for order in orders]


if __name__ == "__main__":
    run(Shop)
