"""What events cost the business: orders confirmed and pickings validated, with and without subscribers.

Two copies of one database hold the same orders; in one of them flows are active. The same order is confirmed
in both right after each other, each in a fresh transaction in this process, its commit and what follows it (the
wake-up of delivery) included. Jobs that were enqueued are removed after each round, as if the runner had taken
them, so that every commit pays for its own.
"""

from contextlib import ExitStack
from itertools import islice
from typing import Any

from harness.bench import Bench
from harness.catalogue import Catalogue
from harness.connection import make_endpoint, make_flow, make_system
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed
from harness.session import Session

ROUNDS = 250
WARMUPS = 15
URL = "http://127.0.0.1:9/never-called"
SUBSCRIPTIONS = {
    "Shop events": ("order.confirmed", "order.shipped"),
    "Warehouse": ("shipment.requested", "shipment.completed"),
}


class Company:
    """One of the two databases."""

    def __init__(self, session: Session, catalogue: Catalogue, orders: int) -> None:
        self._session = session
        self._catalogue = catalogue
        with session.transaction() as env:
            values = [order.to_values() for order in islice(catalogue.orders(), orders)]
            self._drafts = env["sale.order"].create(values).ids
        self._to_confirm = iter(self._drafts)
        self._to_ship = iter(self._drafts)

    def subscribe(self) -> None:
        """Have a shop and a warehouse hear of what happens."""
        with self._session.transaction() as env:
            for name, codes in SUBSCRIPTIONS.items():
                system, _key = make_system(env, name)
                endpoint = make_endpoint(env, system, URL)
                for code in codes:
                    make_flow(env, system, code, endpoint_id=endpoint.id)
            # the last one runs the warehouse that ships
            env["stock.warehouse"].browse(self._catalogue.warehouses[0]).dist_system_id = system

    def confirm(self) -> float:
        """Return the seconds to confirm an order."""
        order_id = next(self._to_confirm)
        return self._timed(lambda env: env["sale.order"].browse(order_id).action_confirm())

    def ship(self) -> float:
        """Return the seconds to validate the picking of an order."""
        order_id = next(self._to_ship)
        with self._session.transaction() as env:
            (picking_id,) = env["sale.order"].browse(order_id).picking_ids.ids
        return self._timed(lambda env: self._validate(env["stock.picking"].browse(picking_id)))

    def _validate(self, picking: Any) -> None:
        picking.button_validate()
        if picking.state != "done":
            raise RuntimeError(f"Picking {picking.name} is {picking.state}.")

    def _timed(self, work: Any) -> float:
        def transact() -> None:
            with self._session.transaction() as env:
                work(env)

        seconds = timed(transact)
        with self._session.sql() as cursor:
            cursor.execute("DELETE FROM queue_job")
        return seconds

    def count_messages(self) -> int:
        """Return how many messages were made."""
        with self._session.sql() as cursor:
            cursor.execute("SELECT count(*) FROM dist_message")
            return cursor.fetchone()[0]


def run(bench: Bench) -> list[Result]:
    """Measure `emit_order_confirm` and `emit_picking_done`."""
    rounds = bench.size(ROUNDS)
    orders = rounds + WARMUPS
    with ExitStack() as stack:
        companies = {}
        for name in ("silent", "telling"):
            session, catalogue = stack.enter_context(bench.catalogued(name))
            companies[name] = Company(session, catalogue, orders)
        companies["telling"].subscribe()
        results = []
        for figure, step in (("emit_order_confirm", "confirm"), ("emit_picking_done", "ship")):
            say(f"emission: {rounds} times {step}")
            contenders = {name: getattr(company, step) for name, company in companies.items()}
            samples = interleave(contenders, rounds, WARMUPS)
            _check(companies, orders * 2 * (1 + len(results)))
            results.append(_result(figure, samples))
    return results


def _check(companies: dict[str, Company], expected: int) -> None:
    """:raises RuntimeError: subscribers did not get two messages of each document, or others got some"""
    found = {name: company.count_messages() for name, company in companies.items()}
    if found != {"silent": 0, "telling": expected}:
        raise RuntimeError(f"Messages made: {found}, expected: {expected}")


def _result(figure: str, samples: dict[str, list[float]]) -> Result:
    silent, telling = samples["silent"], samples["telling"]
    note = f"{milliseconds(telling)} against {milliseconds(silent)}, {len(silent)} pairs"
    return Result.of(figure, ratio(telling, silent), note)
