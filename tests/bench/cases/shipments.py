"""What a warehouse's confirmations and waves cost beside Odoo's own work on the same deliveries.

The external warehouse confirms fifty deliveries of five lines each in one call over HTTP; the other side is a single
`_action_done` of fifty such deliveries of a warehouse without a system, committed. Then a wave of a thousand
deliveries is handed over, messages written and committed, against the time their orders took to be confirmed fifty at
a time; what had to be there before - orders, stock - is not measured.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from harness.bench import Bench
from harness.catalogue import Catalogue, Order
from harness.connection import make_endpoint, make_flow, make_system
from harness.partner import ApiCaller
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed
from harness.session import Session

BATCH = 50
ROUNDS = 12
WARMUPS = 1
WAVE = 1_000
WAVES = 3
URL = "http://127.0.0.1:9/never-called"
OUTBOUND = ("shipment.requested", "shipment.cancelled")
INBOUND = ("shipment.confirmed",)


class Warehouses:
    """A database with two warehouses: one run by an external system, one by Odoo."""

    def __init__(self, session: Session, catalogue: Catalogue) -> None:
        self._session = session
        self._orders: Iterator[Order] = catalogue.orders()
        self._outside, self._inside = catalogue.warehouses[:2]
        self._ready: dict[int, list[list[int]]] = {self._outside: [], self._inside: []}
        self._confirmed = 0
        with session.transaction() as env:
            system, self.key = make_system(env, "Warehouse", ("shipments:confirm",), INBOUND)
            system.kind = "warehouse"
            endpoint = make_endpoint(env, system, URL)
            for code in OUTBOUND:
                make_flow(env, system, code, endpoint_id=endpoint.id)
            env["stock.warehouse"].browse(self._outside).dist_system_id = system

    def make_ready(self, batches: int) -> None:
        """Confirm the orders of so many batches of deliveries, for both warehouses."""
        for warehouse_id, ready in self._ready.items():
            for _batch in range(batches):
                ids = self._make_orders(warehouse_id, BATCH)
                self.confirm_orders(ids)
                ready.append(self._get_pickings(ids))
        with self._session.transaction() as env:
            # as a person has entered what was picked
            batches = self._ready[self._inside]
            env["stock.picking"].browse([id for ids in batches for id in ids]).move_ids.picked = True
        self._session.vacuum()

    def _make_orders(self, warehouse_id: int, count: int) -> list[int]:
        with self._session.transaction() as env:
            values = [order.to_values() for order in islice(self._orders, count)]
            return env["sale.order"].create([{**row, "warehouse_id": warehouse_id} for row in values]).ids

    def confirm_orders(self, ids: list[int]) -> float:
        """Return the seconds to confirm orders in one transaction."""

        def confirm() -> None:
            with self._session.transaction() as env:
                env["sale.order"].browse(ids).action_confirm()

        return timed(confirm)

    def _get_pickings(self, order_ids: list[int]) -> list[int]:
        with self._session.transaction() as env:
            pickings = env["sale.order"].browse(order_ids).picking_ids
            if len(pickings) != len(order_ids) or set(pickings.mapped("state")) != {"assigned"}:
                raise RuntimeError("Not every order has one delivery whose goods are reserved.")
            return pickings.ids

    # confirmations

    def confirm(self, api: ApiCaller) -> float:
        """Return the seconds in which the warehouse confirms a batch."""
        ids = self._ready[self._outside].pop()
        body = {"items": self._prepare_confirmations(ids)}
        answers: list[bytes] = []
        seconds = timed(lambda: answers.append(api.post("/shipments/confirmations/bulk", body)))
        for item in json.loads(answers[0])["items"]:
            if item.get("answer", {}).get("state") != "done":
                raise RuntimeError(f"A confirmation was not applied: {item}")
        self._check_done(ids)
        return seconds

    def _prepare_confirmations(self, ids: list[int]) -> list[dict[str, Any]]:
        bodies = []
        with self._session.transaction() as env:
            for picking in env["stock.picking"].browse(ids):
                self._confirmed += 1
                lines = [
                    {
                        "line": str(move.id),
                        "sku": move.product_id.default_code,
                        "quantity": f"{move.quantity:g}",
                    }
                    for move in picking.move_ids
                ]
                number = f"C-{self._confirmed}"
                bodies.append({"confirmation": number, "shipment": picking.dist_release_ref, "lines": lines})
        return bodies

    def finish(self) -> float:
        """Return the seconds in which Odoo finishes a batch by itself."""
        ids = self._ready[self._inside].pop()

        def finish() -> None:
            with self._session.transaction() as env:
                env["stock.picking"].browse(ids)._action_done()

        seconds = timed(finish)
        self._check_done(ids)
        return seconds

    def _check_done(self, ids: list[int]) -> None:
        with self._session.transaction() as env:
            if set(env["stock.picking"].browse(ids).mapped("state")) != {"done"}:
                raise RuntimeError("A delivery is not done.")

    # waves

    def wait_for_waves(self) -> None:
        """Hand deliveries over in waves from now on."""
        with self._session.transaction() as env:
            env["stock.warehouse"].browse(self._outside).dist_release_mode = "wave"

    def make_wave(self, count: int) -> tuple[float, float]:
        """Return the seconds of handing over a wave, and those of confirming its orders."""
        confirming, ids = 0.0, []
        for first in range(0, count, BATCH):
            order_ids = self._make_orders(self._outside, min(BATCH, count - first))
            confirming += self.confirm_orders(order_ids)
            ids += self._get_pickings(order_ids)
        self._session.vacuum()
        before = self._count_messages()
        releasing = timed(lambda: self._release(ids))
        if self._count_messages() - before != count:
            raise RuntimeError("Not every delivery of the wave has its message.")
        return releasing, confirming

    def _release(self, ids: list[int]) -> None:
        with self._session.transaction() as env:
            warehouse = env["stock.warehouse"].browse(self._outside)
            env["dist.release.wave"]._make(warehouse, env["stock.picking"].browse(ids))

    def _count_messages(self) -> int:
        with self._session.sql() as cursor:
            cursor.execute("SELECT count(*) FROM dist_message WHERE direction = 'out'")
            return cursor.fetchone()[0]


def run(bench: Bench) -> list[Result]:
    """Measure `confirm_50_vs_action_done` and `release_1000_share`."""
    rounds, waves, wave = bench.size(ROUNDS), bench.size(WAVES), bench.size(WAVE)
    with bench.catalogued("shipments") as (session, catalogue):
        warehouses = Warehouses(session, catalogue)
        say(f"shipments: making {rounds + WARMUPS} times {BATCH} deliveries twice")
        warehouses.make_ready(rounds + WARMUPS)
        with bench.server(session, workers=1) as server:
            api = ApiCaller(server.url, warehouses.key)
            say("shipments: confirming")
            contenders = {"ours": lambda: warehouses.confirm(api), "odoo": warehouses.finish}
            samples = interleave(contenders, rounds, WARMUPS, settled=False)
        warehouses.wait_for_waves()
        shares = []
        for number in range(waves):
            say(f"shipments: wave {number + 1} of {wave:,}")
            shares.append(warehouses.make_wave(wave))
    releasing, confirming = zip(*shares, strict=True)
    ours, odoo = samples["ours"], samples["odoo"]
    return [
        Result.of(
            "confirm_50_vs_action_done",
            ratio(ours, odoo),
            f"{milliseconds(ours)} against {milliseconds(odoo)}, {BATCH} each, {len(ours)} rounds",
        ),
        Result.of(
            "release_1000_share",
            ratio(releasing, confirming),
            f"{milliseconds(releasing)} against {milliseconds(confirming)}, {wave:,} each, {len(shares)} waves",
        ),
    ]
