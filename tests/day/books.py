"""The books of shop, warehouse and Odoo in the evening: figures for a table, and checks that they agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from partners.warehouse import SLIP
from rpc import Session

from day.stage import Stage, stock_rows

UNSOLVED = ("open", "in_progress")
TAKEN = ("accepted", "accepted_in_part", "held", "released")


class Books:
    """What everybody has written down.

    :param odoo: session of an administrator; everything is read over RPC
    :param shop: ledger of the shop
    :param warehouse: ledger of the warehouse
    :param counted: uuid of the message with the warehouse's list of its stock
    :param peak: most deliveries that waited at once
    :param outage: seconds for which the warehouse could not be reached
    """

    def __init__(
        self,
        odoo: Session,
        stage: Stage,
        shop: dict[str, Any],
        warehouse: dict[str, Any],
        counted: str,
        peak: int,
        outage: float,
    ) -> None:
        self.odoo = odoo
        self.stage = stage
        self.shop = shop
        self.warehouse = warehouse
        self.counted = counted
        self.peak = peak
        self.outage = outage

    # ---- what Odoo has written

    @cached_property
    def systems(self) -> dict[str, int]:
        """Ids of the partners' systems."""
        return {"shop": self.stage.shop.system, "warehouse": self.stage.warehouse.system}

    @cached_property
    def orders(self) -> list[dict[str, Any]]:
        """Orders of the shop's channel."""
        domain = [("dist_channel_id.system_id", "=", self.systems["shop"])]
        return self.odoo.search_read(
            "sale.order", domain, ["name", "dist_external_ref", "dist_state", "state", "invoice_ids"]
        )

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """Messages of both partners."""
        fields = [
            "direction",
            "state",
            "system_id",
            "message_type_id",
            "business_key",
            "attempt_count",
            "exception_id",
            "parent_id",
            "child_ids",
        ]
        rows = self.odoo.search_read(
            "dist.message", [("system_id", "in", list(self.systems.values()))], fields
        )
        names = {system_id: name for name, system_id in self.systems.items()}
        types = self.odoo.search_read("dist.message.type", [], ["code"])
        codes = {row["id"]: row["code"] for row in types}
        for row in rows:
            row["partner"] = names[row["system_id"][0]]
            row["type"] = codes[row["message_type_id"][0]]
        return rows

    @cached_property
    def exceptions(self) -> list[dict[str, Any]]:
        """Exceptions of both partners."""
        domain = [("system_id", "in", list(self.systems.values()))]
        return self.odoo.search_read("dist.exception", domain, ["category", "code", "state", "name"])

    @cached_property
    def categories(self) -> dict[str, str]:
        """Names of the exceptions' categories, as the screen has them."""
        fields = self.odoo.call("dist.exception", "fields_get", ["category"], ["selection"])
        return dict(fields["category"]["selection"])

    @cached_property
    def shipped(self) -> dict[tuple[str, str], Decimal]:
        """Quantity that left Odoo's stock, by order reference and SKU, in the unit of the item."""
        references = {order["id"]: order["dist_external_ref"] for order in self.orders}
        domain = [
            ("state", "=", "done"),
            ("picking_id.sale_id", "in", list(references)),
            ("picking_code", "=", "outgoing"),
        ]
        moves = self.odoo.search_read("stock.move.line", domain, ["product_id", "picking_id", "quantity"])
        pickings = self._read("stock.picking", [move["picking_id"][0] for move in moves], "sale_id")
        skus = self._read("product.product", [move["product_id"][0] for move in moves], "default_code")
        total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for move in moves:
            reference = references[pickings[move["picking_id"][0]][0]]
            total[reference, skus[move["product_id"][0]]] += _decimal(move["quantity"])
        return _without_zeros(total)

    @cached_property
    def open_quantity(self) -> dict[str, Decimal]:
        """Quantity still to be shipped, by order reference."""
        references = {order["id"]: order["dist_external_ref"] for order in self.orders}
        domain = [("state", "not in", ("done", "cancel")), ("picking_id.sale_id", "in", list(references))]
        moves = self.odoo.search_read("stock.move", domain, ["picking_id", "product_qty"])
        pickings = self._read("stock.picking", [move["picking_id"][0] for move in moves], "sale_id")
        total: dict[str, Decimal] = defaultdict(Decimal)
        for move in moves:
            total[references[pickings[move["picking_id"][0]][0]]] += _decimal(move["product_qty"])
        return _without_zeros(total)

    def _read(self, model: str, ids: Iterable[int], field: str) -> dict[int, Any]:
        return {row["id"]: row[field] for row in self.odoo.call(model, "read", sorted(set(ids)), [field])}

    # ---- figures

    def figures(self) -> dict[str, Any]:
        """Return the day in numbers."""
        submissions = self.shop["submissions"]
        outbound = [row for row in self.messages if row["direction"] == "out"]
        shipped = {reference for reference, _sku in self.shipped}
        open_orders = set(self.open_quantity)
        confirmations = self.warehouse["confirmations"].values()
        inboxes = [self.shop["inbox"], self.warehouse["inbox"]]
        return {
            "orders": {
                "submitted": len(submissions),
                **_count(row["status"] for row in submissions if row["status"] != "refused"),
                "refused": _count(row["code"] for row in submissions if row["status"] == "refused"),
                "in Odoo": len(self.orders),
                "decisions": _count(row["dist_state"] for row in self.orders),
                "cancelled": sum(row["state"] == "cancel" for row in self.orders),
            },
            "shipping": {
                "shipped whole": len(shipped - open_orders),
                "shipped in part, rest open": len(shipped & open_orders),
                "not shipped yet": len(open_orders - shipped),
                "units shipped": str(sum(self.shipped.values())),
                "units backordered or open": str(sum(self.open_quantity.values())),
                "confirmations": _count(row["status"] for row in confirmations),
                "outcomes": _count(task["outcome"] or "-" for task in self.warehouse["tasks"].values()),
                "requests": _count(
                    f"{row['wish']} {row['status']}" for row in self.warehouse["agreements"].values()
                ),
            },
            "exceptions": {
                self.categories[category]: _count(
                    row["state"] for row in self.exceptions if row["category"] == category
                )
                for category in sorted({row["category"] for row in self.exceptions})
            },
            "messages": {
                "in": sum(row["direction"] == "in" for row in self.messages),
                "out": len(outbound),
                "delivered": sum(row["state"] == "done" for row in outbound),
                "attempts to deliver": sum(row["attempt_count"] for row in outbound),
                "retries": sum(max(row["attempt_count"] - 1, 0) for row in outbound),
                "waiting at the peak": self.peak,
                "seconds of outage": self.outage,
            },
            "duplicates suppressed": {
                "requests answered again": sum(row["replayed"] for row in submissions),
                "orders under another key": sum(row["case"] == "resubmitted" for row in submissions),
                "confirmations": sum(row["sends"] - 1 for row in confirmations),
                "webhooks": sum(inbox["repeated"] for inbox in inboxes),
            },
        }

    # ---- checks

    def checks(self) -> list[dict[str, Any]]:
        """Return the checks, each with a name, whether it passed, and what differs."""
        results = []
        for name, check in (
            ("every order taken is in Odoo once, and no other", self._check_orders),
            ("the same request got the same answer", self._check_answers),
            ("the shop heard of every decision once", self._check_decisions),
            ("shipped quantities: Odoo, shop and warehouse", self._check_shipped),
            ("stock on hand by lot: Odoo and warehouse", self._check_stock),
            ("what the warehouse's list differs in", self._check_count),
            ("what is still to be shipped: Odoo and warehouse", self._check_open),
            ("what was agreed about shipments: Odoo and warehouse", self._check_agreements),
            ("what was delivered is what was received", self._check_delivered),
            ("every confirmation was stored and applied once", self._check_confirmations),
            ("nothing waits; what failed has an open exception", self._check_settled),
            ("webhooks: signed, in order, none twice, none changed", self._check_webhooks),
            ("deliveries waited during the outage", self._check_outage),
            ("the paid invoice reached the shop", self._check_invoices),
            ("the warehouse met no error", self._check_warehouse),
        ):
            differences = check()
            results.append({"name": name, "passed": not differences, "differences": differences[:20]})
        return results

    def _check_orders(self) -> list[str]:
        taken = {name for name, order in self.shop["orders"].items() if order["status"] in TAKEN}
        counted = Counter(order["dist_external_ref"] for order in self.orders)
        numbers = {order["dist_external_ref"]: order["name"] for order in self.orders}
        return [
            *(f"{name}: taken, not in Odoo" for name in sorted(taken - set(counted))),
            *(f"{name}: in Odoo, not taken" for name in sorted(set(counted) - taken)),
            *(f"{name}: {count} times in Odoo" for name, count in counted.items() if count > 1),
            *(
                f"{name}: {self.shop['orders'][name]['number']} for the shop, {number} in Odoo"
                for name, number in numbers.items()
                if name in taken and self.shop["orders"][name]["number"] != number
            ),
        ]

    def _check_answers(self) -> list[str]:
        by_order: dict[str, set[str]] = defaultdict(set)
        for row in self.shop["submissions"]:
            # an answer to come ("waiting") is none yet
            if row["case"] in ("fine", "repeated", "resubmitted") and row["status"] != "waiting":
                by_order[row["reference"]].add(row["digest"])
        return [f"{name}: {len(answers)} answers" for name, answers in by_order.items() if len(answers) > 1]

    def _check_decisions(self) -> list[str]:
        wrong = []
        for order in self.orders:
            name, heard = order["dist_external_ref"], self._heard(order["dist_external_ref"])
            was_held = order["dist_state"] in ("held", "released")
            expected = {
                "confirmed": int(order["state"] == "sale"),
                "held": int(was_held),
                "cancelled": int(order["state"] == "cancel"),
            }
            found = {event: heard.count(event) for event in expected}
            if found != expected:
                wrong.append(f"{name}: expected {expected}, heard {found}")
        return wrong

    def _heard(self, reference: str) -> list[str]:
        return self.shop["orders"].get(reference, {}).get("events", [])

    def _check_shipped(self) -> list[str]:
        shop = {
            (name, sku): Decimal(quantity)
            for name, order in self.shop["orders"].items()
            for sku, quantity in order["shipped"].items()
        }
        return [
            *_compare(self.shipped, shop, "the shop"),
            *_compare(
                self.shipped, _minus(self._moved_by_warehouse(), self._stuck_by_order()), "the warehouse"
            ),
        ]

    def _moved_by_warehouse(self) -> dict[tuple[str, str], Decimal]:
        moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for task in self.warehouse["tasks"].values():
            if task["kind"] != "shipment":
                continue
            skus = {line["line"]: line["item"]["sku"] for line in task["request"]["lines"]}
            for line, quantity in task["moved"].items():
                moved[task["reference"], skus[line]] += Decimal(quantity)
        return _without_zeros(moved)

    def _stuck(self) -> Iterator[tuple[dict[str, Any], str, str, Decimal]]:
        """Yield what left the warehouse, but waits in Odoo for a person: task, SKU, true lot, quantity."""
        for row in self.warehouse["confirmations"].values():
            if row["status"] == "applied" or row["kind"] != "shipment":
                continue
            for line in row["payload"]["lines"]:
                for part in line.get("allocations") or [{"quantity": line["quantity"]}]:
                    lot = part.get("lot", "").removesuffix(SLIP)
                    yield self.warehouse["tasks"][row["task"]], line["sku"], lot, Decimal(part["quantity"])

    def _stuck_by_order(self) -> dict[tuple[str, str], Decimal]:
        total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for task, sku, _lot, quantity in self._stuck():
            total[task["reference"], sku] += quantity
        return total

    def _check_stock(self) -> list[str]:
        ours, theirs = (
            {(row["sku"], row["lot"]): Decimal(row["quantity"]) for row in rows}
            for rows in (stock_rows(self.odoo, self.stage.location_id), self.warehouse["stock"])
        )
        for _task, sku, lot, quantity in self._stuck():
            theirs[sku, lot] = theirs.get((sku, lot), Decimal(0)) + quantity
        return _compare(ours, theirs, "the warehouse")

    def _check_count(self) -> list[str]:
        lines = self.odoo.search_read(
            "dist.reconciliation.line", [("run_id.message_id.uuid", "=", self.counted)], ["name", "variance"]
        )
        return [f"{line['name']}: {line['variance']}" for line in lines]

    def _check_open(self) -> list[str]:
        domain = [
            ("state", "not in", ("done", "cancel")),
            ("picking_id.dist_system_id", "=", self.systems["warehouse"]),
            ("picking_id.dist_release_state", "in", ("requested", "acknowledged")),
            ("picking_code", "=", "outgoing"),
        ]
        moves = self.odoo.search_read("stock.move", domain, ["picking_id", "product_qty", "product_id"])
        numbers = self._read("stock.picking", [row["picking_id"][0] for row in moves], "dist_release_ref")
        skus = self._read("product.product", [row["product_id"][0] for row in moves], "default_code")
        ours: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for move in moves:
            ours[numbers[move["picking_id"][0]], skus[move["product_id"][0]]] += _decimal(move["product_qty"])
        return _compare(ours, self._open_of_warehouse(), "the warehouse")

    def _open_of_warehouse(self) -> dict[tuple[str, str], Decimal]:
        """What the warehouse still works on, and what it finished but could not book here yet."""
        total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        stuck = {task["number"] for task, *_rest in self._stuck()}
        for task in self.warehouse["tasks"].values():
            is_open = task["state"] in ("requested", "acknowledged", "left", "open")
            if task["kind"] != "shipment" or not (is_open or task["number"] in stuck):
                continue
            for line in task["request"]["lines"]:
                moved = Decimal(task["moved"].get(line["line"], 0)) if is_open else Decimal(0)
                total[task["number"], line["item"]["sku"]] += Decimal(line["quantity"]) - moved
        return _without_zeros(total)

    def _check_agreements(self) -> list[str]:
        domain = [("system_id", "=", self.systems["warehouse"])]
        ours = {
            row["name"]: row["state"]
            for row in self.odoo.search_read("dist.release.request", domain, ["name", "state"])
        }
        theirs = {number: row["status"] for number, row in self.warehouse["agreements"].items()}
        return [
            f"{number}: Odoo {ours.get(number)}, the warehouse {theirs.get(number)}"
            for number in sorted({*ours, *theirs})
            if ours.get(number) != theirs.get(number)
        ]

    def _check_delivered(self) -> list[str]:
        wrong = []
        for partner, ledger in (("shop", self.shop), ("warehouse", self.warehouse)):
            delivered = Counter(
                row["type"]
                for row in self.messages
                if (row["partner"], row["direction"], row["state"]) == (partner, "out", "done")
            )
            wrong += _compare(delivered, Counter(ledger["inbox"]["by_type"]), f"the {partner}")
        return wrong

    def _check_confirmations(self) -> list[str]:
        domain = [("system_id", "=", self.systems["warehouse"])]
        applied = self.odoo.search_read("dist.warehouse.confirmation", domain, ["external_id"])
        ours = Counter(row["external_id"] for row in applied)
        confirmations = {
            number: row
            for number, row in self.warehouse["confirmations"].items()
            if row["kind"] != "adjustment"
        }
        theirs = Counter(number for number, row in confirmations.items() if row["status"] == "applied")
        stored = {row["business_key"] for row in self.messages if row["type"].endswith(".confirmed")}
        lost = set(confirmations) - stored
        answers = [
            f"{number}: {len(row['answers'])} answers"
            for number, row in self.warehouse["confirmations"].items()
            if row["sends"] > 1 and len(row["answers"]) > 1
        ]
        return [
            *_compare(ours, theirs, "the warehouse"),
            *(f"{number}: not stored" for number in lost),
            *answers,
        ]

    def _check_settled(self) -> list[str]:
        unsolved = {row["id"] for row in self.exceptions if row["state"] in UNSOLVED}
        wrong = []
        for row in self.messages:
            exception = row["exception_id"] and row["exception_id"][0]
            if row["state"] in ("pending", "retry"):
                wrong.append(f"{row['type']} {row['business_key']}: {row['state']}")
            elif row["state"] in ("error", "dead") and exception not in unsolved:
                wrong.append(f"{row['type']} {row['business_key']}: {row['state']} without an open exception")
        return wrong

    def _check_webhooks(self) -> list[str]:
        wrong = []
        for partner, ledger in (("shop", self.shop), ("warehouse", self.warehouse)):
            inbox = ledger["inbox"]
            for name in ("unsigned", "doubled_events", "out_of_order", "changed_bodies"):
                if inbox[name]:
                    wrong.append(f"{partner}: {name}: {inbox[name]}")
            if ledger["trapped"]:
                wrong.append(f"{partner}: a redirect was followed")
        return wrong

    def _check_outage(self) -> list[str]:
        return ["no delivery waited"] if self.outage and not self.peak else []

    def _check_invoices(self) -> list[str]:
        ids = [invoice for order in self.orders for invoice in order["invoice_ids"]]
        fields = ["name", "amount_total", "amount_residual", "payment_state"]
        wrong = [] if ids else ["no invoice was made"]
        for invoice in self.odoo.call("account.move", "read", ids, fields) if ids else ():
            known = self.shop["invoices"].get(invoice["name"])
            if not known:
                wrong.append(f"{invoice['name']}: not heard of")
                continue
            ours = (_decimal(invoice["amount_total"]), _decimal(invoice["amount_residual"]))
            theirs = (Decimal(known["amount_total"]), Decimal(known["amount_due"]))
            if ours != theirs or known["payment_status"] != invoice["payment_state"]:
                wrong.append(f"{invoice['name']}: {ours} {invoice['payment_state']}, the shop has {known}")
        return wrong

    def _check_warehouse(self) -> list[str]:
        refused = [
            f"{row['number']}: {row['http']} {row['code']}"
            for row in self.warehouse["confirmations"].values()
            if row["status"] not in ("applied", "waiting")
        ]
        return [*self.warehouse["errors"], *self.warehouse["too_late"], *refused]


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _decimal(number: float) -> Decimal:
    return Decimal(f"{number:.6f}").normalize() + 0


def _without_zeros(totals: Mapping[Any, Decimal]) -> dict[Any, Decimal]:
    return {key: total for key, total in totals.items() if total}


def _minus(totals: Mapping[Any, Decimal], parts: Mapping[Any, Decimal]) -> dict[Any, Decimal]:
    return _without_zeros({key: total - parts.get(key, 0) for key, total in totals.items()})


def _compare(ours: Mapping[Any, Any], theirs: Mapping[Any, Any], whose: str) -> list[str]:
    """Return a sentence for every key whose values differ."""
    differing = sorted(key for key in {*ours, *theirs} if ours.get(key, 0) != theirs.get(key, 0))
    return [f"{key}: Odoo {ours.get(key, 0)}, {whose} {theirs.get(key, 0)}" for key in differing]
