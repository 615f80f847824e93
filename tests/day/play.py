"""Plays a day of distribution through a running Odoo, and proves that everybody's books agree in the evening.

    python tests/day/play.py --odoo http://127.0.0.1:8069 --database demo

Two hundred orders come in, good and bad; the warehouse cannot be reached for a while; it ships in full, in part, too
little, too much, from the wrong lot, and says one thing three times; it is asked to hold, change and cancel shipments,
and agrees or not; goods arrive and come back; some are broken or lost; an invoice is paid; a person decides what
machines cannot; at last the warehouse hands over what it has. The exit code is 3 when a check fails.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if not __package__:  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from partners.control import Control
from partners.shop import Shop
from partners.warehouse import Warehouse
from rpc import Session

from day.books import Books
from day.orders import OrderFile
from day.person import UNSOLVED, Person
from day.report import print_report
from day.stage import return_goods, set_stage, stock_rows

BOOKS_DIFFER = 3
PATIENCE = 120
PURCHASED = 60
# What the warehouse finds: one is worth little, the other has to be approved.
FOUND = (
    {"sku": "DIST-BUCKET", "change": "-2", "reason": "damaged"},
    {"sku": "DIST-LADDER", "change": "-3", "reason": "lost"},
)
# What the office asks about shipments that are left for tomorrow, in turn.
WISHES = ("cancel", "change", "hold")
# For so many orders the catalogue has stock.
USUAL_ORDERS = 200
WAITING_INBOUND = [("direction", "=", "in"), ("state", "in", ("pending", "retry"))]
WAITING_OUTBOUND = [("direction", "=", "out"), ("state", "in", ("pending", "retry"))]


class Day:
    """One day, step by step.

    :param odoo: session of an administrator
    :param shop: the shop
    :param warehouse: the warehouse
    :param orders: number of orders
    :param seed: makes another day with other order numbers
    :param outage: seconds for which the warehouse cannot be reached
    :param say: takes a line on how far the day is
    """

    def __init__(
        self,
        odoo: Session,
        shop: Control,
        warehouse: Control,
        orders: int = 200,
        seed: int = 1,
        outage: float = 30,
        say: Callable[[str], None] = print,
    ) -> None:
        self.odoo = odoo
        self.shop = shop
        self.warehouse = warehouse
        self.outage = outage
        self.file = OrderFile(orders, seed)
        self.rows = self.file.rows()
        self.peak = 0
        self._say = say
        self._start = time.monotonic()

    def play(self) -> Books:
        """Play the day; return the books of the evening."""
        self.set_stage()
        morning, rest = self.rows[: len(self.rows) // 3], self.rows[len(self.rows) // 3 :]
        self.submit(morning, "morning")
        if self.outage:
            self.say(f"the warehouse cannot be reached for {self.outage:g} s")
            self.warehouse.order("faults", {"mode": "down", "seconds": self.outage})
        self.submit(rest, "noon")
        self.until_quiet("the warehouse picks")
        self.change_minds()
        self.receive_goods()
        self.take_back_goods()
        self.find_less()
        self.let_person_work()
        self.invoice()
        self.until_quiet("the last messages")
        self.count()
        self.say("closing the books")
        return Books(
            self.odoo,
            self.stage,
            self.shop.ledger(),
            self.warehouse.ledger(),
            self.counted,
            self.peak,
            self.outage,
        )

    def say(self, text: str) -> None:
        """Tell how far the day is."""
        self._say(f"[{time.monotonic() - self._start:6.1f} s] {text}")

    # ---- the parts of the day

    def set_stage(self) -> None:
        """Connect the partners; count the stock on both sides."""
        self.say("setting the stage: partners, goods, customers")
        plenty = 1 + (len(self.rows) - 1) // USUAL_ORDERS
        self.stage = set_stage(self.odoo, self.shop.webhook_url, self.warehouse.webhook_url, plenty)
        if self.odoo.count("sale.order", [("client_order_ref", "in", self._references())]):
            raise SystemExit("This database has seen this day already; give another --seed.")
        for partner, connection in ((self.shop, self.stage.shop), (self.warehouse, self.stage.warehouse)):
            partner.order("credentials", {"api_key": connection.key, "secrets": [connection.secret]})
        self.warehouse.order("plan", self.file.plan(self.rows))
        self.warehouse.order("stock", stock_rows(self.odoo, self.stage.location_id))

    def submit(self, rows: list[dict[str, Any]], part: str) -> None:
        """Have the shop submit orders."""
        with tempfile.TemporaryDirectory(prefix="day-") as folder:
            path = Path(folder) / f"{part}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            self.say(f"the shop submits {len(rows)} orders ({part})")
            work = threading.Thread(target=self.shop.order, args=("submit", {"path": str(path)}), daemon=True)
            work.start()
            while work.is_alive():
                work.join(3)
                answered = len(self.shop.ledger()["submissions"])
                self.say(f"{answered} of {len(self.rows)} answered, {self._note_waiting()} deliveries wait")

    def change_minds(self) -> None:
        """Customers call: the office asks the warehouse to cancel, change or hold what it has left for tomorrow."""
        ledger = self.warehouse.ledger()
        left = [task for task in ledger["tasks"].values() if task["state"] == "left"]
        plan = self.file.plan(self.rows)["refuses"]
        willing = [task["number"] for task in left if task["reference"] not in plan]
        unwilling = [task["number"] for task in left if task["reference"] in plan]
        wishes = [*zip(WISHES, willing, strict=False), *(("cancel", number) for number in unwilling[:2])]
        for wish, number in wishes:
            self.say(f"the office asks to {wish} {number}")
            self._ask(wish, number)
        self.until_quiet("the warehouse answers")

    def _ask(self, wish: str, number: str) -> None:
        operator = self.stage.operator
        (picking,) = operator.search(
            "stock.picking", [("dist_release_ref", "=", number), ("state", "=", "assigned")]
        )
        context = {"default_picking_ids": [(6, 0, [picking])], "default_kind": wish}
        ask = operator.call("dist.release.ask", "create", {"reason": "The customer called"}, context=context)
        if wish == "change":
            line = operator.search_read(
                "dist.release.ask.line", [("ask_id", "=", ask)], ["quantity"], limit=1
            )[0]
            operator.write("dist.release.ask.line", [line["id"]], {"quantity": line["quantity"] + 1})
        operator.call("dist.release.ask", "action_ask", [ask])

    def receive_goods(self) -> None:
        """Buy what is scarce; the warehouse receives it, and what waited for it is shipped."""
        scarce = next(row for row in self.file.catalogue["products"] if row.get("scarce"))
        self.say(f"{PURCHASED} {scarce['name']} are bought and arrive")
        (row,) = self.odoo.call("stock.warehouse", "read", [self.stage.warehouse_id], ["in_type_id"])
        vendor = self.odoo.ensure("res.partner", [("name", "=", "Basin Makers")], {"name": "Basin Makers"})
        line = {"product_id": self.stage.products[scarce["sku"]], "product_qty": PURCHASED, "price_unit": 120}
        order = self.odoo.create(
            "purchase.order",
            {"partner_id": vendor, "picking_type_id": row["in_type_id"][0], "order_line": [(0, 0, line)]},
        )
        self.odoo.call("purchase.order", "button_confirm", [order])
        self.until_quiet("goods arrive")

    def take_back_goods(self) -> None:
        """Customers send goods back: of one order as announced, of another without a word."""
        tasks = self.warehouse.ledger()["tasks"].values()
        whole = [task for task in tasks if (task["kind"], task["outcome"]) == ("shipment", "full")]
        announced, unannounced = [task for task in whole if task["state"] == "finished"][-2:]
        self.say(f"customers send back of {announced['number']} and {unannounced['number']}")
        return_goods(self.odoo, announced["number"])
        sku = unannounced["request"]["lines"][0]["item"]["sku"]
        self.warehouse.order("take_back", {"shipment": unannounced["number"], "sku": sku, "quantity": "1"})
        self.until_quiet("goods come back")

    def find_less(self) -> None:
        """The warehouse misses goods; what is worth much waits for an administrator, who believes it."""
        for found in FOUND:
            self.say(f"the warehouse finds {found['change']} {found['sku']}: {found['reason']}")
            self.warehouse.order("adjust", found)
        waiting = [("code", "=", "adjustment_approval"), ("state", "in", UNSOLVED)]
        for exception in self.odoo.search("dist.exception", waiting):
            self.odoo.call("dist.exception", "action_accept_variance", [exception])

    def count(self) -> None:
        """The warehouse hands over what it has; wait until that is compared."""
        self.say("the warehouse hands over a list of its stock")
        code = self.file.catalogue["warehouse"]["short"]
        message = self.warehouse.order("hand_over_stock", {"warehouse": code})["number"]
        deadline = time.monotonic() + PATIENCE
        while (
            self.odoo.count(
                "dist.reconciliation", [("message_id.uuid", "=", message), ("state", "=", "done")]
            )
            == 0
        ):
            if time.monotonic() > deadline:
                raise SystemExit("the list of the stock was not compared")
            time.sleep(0.5)
        self.counted = message

    def let_person_work(self) -> None:
        """A person decides what machines cannot; partners then ask what became of what waited."""
        self.say("Olivia works on the exceptions")
        person = Person(self.stage.operator, self.file.catalogue["renamed"])
        for done in person.work():
            self.say(f"  {done}")
        # what waited for one answer goes on in the background, much of it longer than a moment
        self.until_quiet("what was released is picked")
        self.shop.order("poll")
        self.warehouse.order("poll")
        self.until_quiet("what partners asked is answered")

    def invoice(self) -> None:
        """Invoice one order that was shipped whole, and take the payment."""
        fields = ["name", "invoice_ids"]
        domain = [
            ("client_order_ref", "in", self._references()),
            ("invoice_status", "=", "to invoice"),
            ("delivery_status", "=", "full"),
        ]
        order = self.odoo.search_read("sale.order", domain, fields, limit=1)[0]
        self.say(f"order {order['name']} is invoiced and paid")
        context = {"active_model": "sale.order", "active_ids": [order["id"]], "active_id": order["id"]}
        wizard = self.odoo.call(
            "sale.advance.payment.inv", "create", {"advance_payment_method": "delivered"}, context=context
        )
        self.odoo.call("sale.advance.payment.inv", "create_invoices", [wizard], context=context)
        (order,) = self.odoo.call("sale.order", "read", [order["id"]], fields)
        self.odoo.call("account.move", "action_post", order["invoice_ids"])
        context = {"active_model": "account.move", "active_ids": order["invoice_ids"]}
        wizard = self.odoo.call("account.payment.register", "create", {}, context=context)
        self.odoo.call("account.payment.register", "action_create_payments", [wizard], context=context)

    # ---- waiting

    def until_quiet(self, what: str, timeout: float = 600) -> None:
        """Wait until no message waits for a machine and the warehouse has nothing to do."""
        deadline = time.monotonic() + timeout
        told, calm = 0.0, 0
        while calm < 2:
            waiting = self._note_waiting()
            inbound = self.odoo.count("dist.message", WAITING_INBOUND)
            idle = self.warehouse.ledger()["idle"]
            calm = calm + 1 if idle and not waiting and not inbound else 0
            if time.monotonic() > deadline:
                raise SystemExit(f"{what}: {waiting} deliveries and {inbound} messages still wait")
            if time.monotonic() - told > 3:
                told = time.monotonic()
                busy = "idle" if idle else "busy"
                self.say(f"{what}: {waiting} deliveries and {inbound} messages wait, the warehouse is {busy}")
            time.sleep(0.5)

    def _note_waiting(self) -> int:
        waiting = self.odoo.count("dist.message", WAITING_OUTBOUND)
        self.peak = max(self.peak, waiting)
        return waiting

    def _references(self) -> list[str]:
        return sorted({row["order"]["reference"] for row in self.rows if "order" in row})


@contextlib.contextmanager
def partners(odoo_url: str, shop_url: str | None, warehouse_url: str | None) -> Any:
    """Yield the controls of shop and warehouse; those that do not run yet run in this process."""
    with contextlib.ExitStack() as stack:
        if not shop_url:
            shop_url = stack.enter_context(Shop(odoo_url)).server.url
        if not warehouse_url:
            warehouse_url = stack.enter_context(Warehouse(odoo_url)).server.url
        yield Control(shop_url), Control(warehouse_url)


def main() -> int:
    """Play the day; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--odoo", required=True, metavar="URL")
    parser.add_argument("--database", required=True, metavar="NAME")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="without it: admin")
    parser.add_argument("--shop", metavar="URL", help="a shop that runs; without it, one is started")
    parser.add_argument("--warehouse", metavar="URL", help="likewise")
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="another one makes another day")
    parser.add_argument(
        "--outage", type=float, default=30, metavar="SECONDS", help="of the warehouse; 0: none"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures are written")
    options = parser.parse_args()
    password = options.password_file.read_text().strip() if options.password_file else "admin"
    odoo = Session(options.odoo, options.database, options.login, password)
    with partners(options.odoo, options.shop, options.warehouse) as (shop, warehouse):
        day = Day(odoo, shop, warehouse, options.orders, options.seed, options.outage, _print_now)
        books = day.play()
    figures = {**books.figures(), "checks": books.checks()}
    print_report(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if all(check["passed"] for check in figures["checks"]) else BOOKS_DIFFER


def _print_now(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
