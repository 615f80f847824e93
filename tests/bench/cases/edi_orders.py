"""An 850 of two hundred lines, from its bytes to a confirmed order, against the ORM's create and confirm of that order.

Both run in this process on orders of one customer, in pairs of the same products and quantities, each committed. On
our side everything counts that happens to a file: it is stored, taken apart, read, checked, its document stored and
handed on, the order checked in every way a channel can have it checked, made and confirmed by the handler that the API
has as well, and what came of it written down.
"""

import hashlib
from itertools import count
from typing import Any

from harness.bench import Bench
from harness.catalogue import PRICE, Catalogue
from harness.connection import make_system
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed
from harness.session import Session

LINES = 200
ROUNDS = 12
WARMUPS = 2
STRIDE = 2_503
ISA = "ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *260615*1200*U*00401*{number:09d}*0*P*>~"
FLOWS = ("edi.interchange", "order.submit")


class Customer:
    """A customer who orders by X12, and whose orders may as well be entered by hand."""

    def __init__(self, session: Session, catalogue: Catalogue) -> None:
        self._session = session
        self._catalogue = catalogue
        self._sent, self._entered = count(1), count(1)
        with session.transaction() as env:
            system, _key = make_system(env, "Customer", ("edi:submit",), FLOWS)
            self._message = self._connect(env, system)

    def _connect(self, env: Any, system: Any) -> dict[str, Any]:
        """Make the customer's profile; return what identifies its files."""
        customer = env["res.partner"].browse(self._catalogue.customers[0])
        env["dist.binding"]._bind(system, customer, "BUYER")
        unit = env.ref("uom.product_uom_unit")
        code = {"system_id": system.id, "domain": "unit", "external_code": "EA"}
        env["dist.code.map"].create({**code, "res_model": unit._name, "res_id": unit.id})
        channel = env["dist.sales.channel"].create(
            {
                "name": "EDI",
                "code": "EDI",
                "system_id": system.id,
                "warehouse_id": self._catalogue.warehouses[0],
                "credit_check": True,
                "require_tax": True,
                "price_tolerance": 1.0,
                "minimum_amount": 1.0,
                "minimum_quantity": 1.0,
            }
        )
        sides = {"qualifier": "ZZ", "identifier": "BUYER", "own_qualifier": "ZZ", "own_identifier": "SELLER"}
        env["dist.edi.partner"].create(
            {
                "name": "Customer",
                "system_id": system.id,
                "client_id": system.client_ids.id,
                "channel_id": channel.id,
                "partner_id": customer.id,
                "acknowledgement": "none",
                "is_test": False,
                "agreement_ids": [(0, 0, {"direction": "in", "code": "850"})],
                **sides,
            }
        )
        message_type = env["dist.message.type"]._get_by_code("edi.interchange")
        flow = env["dist.flow"]._find_inbound(system, message_type)
        return {
            "client_id": system.client_ids.id,
            "system_id": system.id,
            "company_id": system.company_id.id,
            "flow_id": flow.id,
            "message_type_id": message_type.id,
            "version_id": flow._get_version().id,
        }

    def _get_lines(self, number: int) -> list[tuple[int, int]]:
        """Return pairs of a product's number and a quantity, the same for both orders of a number."""
        products = len(self._catalogue.products)
        return [((number * LINES + line) * STRIDE % products, 1 + line % 5) for line in range(LINES)]

    # both ways

    def send(self) -> float:
        """Return the seconds from the bytes of an 850 to its confirmed order."""
        number = next(self._sent)
        raw = self._write(number)
        seconds = timed(lambda: self._take(raw))
        self._check([("dist_external_ref", "=", f"P{number}")])
        return seconds

    def _write(self, number: int) -> bytes:
        lines = [
            f"PO1*{place}*{quantity}*EA*{PRICE:g}**VN*{self._catalogue.sku(product)}"
            for place, (product, quantity) in enumerate(self._get_lines(number), 1)
        ]
        body = [f"BEG*00*SA*P{number}**20260615", "N1*BY*Customer*92*BUYER", *lines, f"CTT*{LINES}"]
        segments = [
            ISA.format(number=number),
            f"GS*PO*BUYER*SELLER*20260615*1200*{number}*X*004010~",
            "ST*850*0001~",
            *(f"{segment}~" for segment in body),
            f"SE*{len(body) + 2}*0001~",
            f"GE*1*{number}~",
            f"IEA*1*{number:09d}~",
        ]
        return "\n".join(segments).encode()

    def _take(self, raw: bytes) -> None:
        digest = hashlib.sha256(raw).hexdigest()
        with self._session.transaction() as env:
            vals = {**self._message, "idempotency_key": digest, "request_hash": digest}
            message_id, _is_new = env["dist.message"]._receive(vals, raw)
            env["dist.message"]._process([message_id])
        with self._session.transaction() as env:
            documents = env["dist.message"].search([("parent_id", "=", message_id)])
            env["dist.message"]._process(documents.ids)

    def enter(self) -> float:
        """Return the seconds of creating and confirming such an order."""
        number = next(self._entered)
        values = {
            "partner_id": self._catalogue.customers[0],
            "warehouse_id": self._catalogue.warehouses[0],
            "client_order_ref": f"BY-HAND-{number}",
            "order_line": [
                (0, 0, {"product_id": self._catalogue.products[product], "product_uom_qty": quantity})
                for product, quantity in self._get_lines(number)
            ],
        }
        seconds = timed(lambda: self._create_and_confirm(values))
        self._check([("client_order_ref", "=", f"BY-HAND-{number}")])
        return seconds

    def _create_and_confirm(self, values: dict[str, Any]) -> None:
        with self._session.transaction() as env:
            env["sale.order"].create(values).action_confirm()

    def _check(self, domain: list[Any]) -> None:
        """:raises RuntimeError: there is no such order, confirmed and with all its lines"""
        with self._session.transaction() as env:
            order = env["sale.order"].search(domain)
            if len(order) != 1 or order.state != "sale" or len(order.order_line) != LINES:
                raise RuntimeError(f"Not the order that was sent: {order.state} {len(order.order_line)}")


def run(bench: Bench) -> list[Result]:
    """Measure `order850_vs_orm`."""
    rounds = bench.size(ROUNDS)
    with bench.catalogued("edi_orders") as (session, catalogue):
        customer = Customer(session, catalogue)
        say(f"order850_vs_orm: {rounds} rounds")
        samples = interleave({"ours": customer.send, "orm": customer.enter}, rounds, WARMUPS)
    ours, orm = samples["ours"], samples["orm"]
    note = f"{milliseconds(ours)} against {milliseconds(orm)}, {LINES} lines, {len(ours)} pairs"
    return [Result.of("order850_vs_orm", ratio(ours, orm), note)]
