"""What events cost the business: orders confirmed and pickings validated, with and without a subscriber.

Copies of one database hold the same orders. In the first nobody listens; in the second a shop hears of the order
confirmed and of the picking done; in the third an external warehouse runs the picking as well and hears of its own
two events, which the notes tell. The same order is confirmed in all of them right after each other, each in a fresh
transaction in this process, its commit and what follows it (the wake-up of delivery) included. Jobs that were
enqueued are removed after each round, as if the runner had taken them, so that every commit pays for its own.
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
SHOP = {"Shop events": ("order.confirmed", "order.shipped")}
WAREHOUSE = {"Warehouse": ("shipment.requested", "shipment.completed")}
SUBSCRIPTIONS = {"silent": {}, "telling": SHOP, "with warehouse": {**SHOP, **WAREHOUSE}}


class Company:
    """One of the databases."""

    def __init__(self, session: Session, catalogue: Catalogue, orders: int) -> None:
        self._session = session
        self._catalogue = catalogue
        with session.transaction() as env:
            values = [order.to_values() for order in islice(catalogue.orders(), orders)]
            self._drafts = env["sale.order"].create(values).ids
        self._to_confirm = iter(self._drafts)
        self._to_ship = iter(self._drafts)

    def subscribe(self, subscriptions: dict[str, tuple[str, ...]]) -> None:
        """Have systems hear of what happens."""
        with self._session.transaction() as env:
            for name, codes in subscriptions.items():
                system, _key = make_system(env, name)
                endpoint = make_endpoint(env, system, URL)
                for code in codes:
                    make_flow(env, system, code, endpoint_id=endpoint.id)
                if name in WAREHOUSE:
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
        for name, subscriptions in SUBSCRIPTIONS.items():
            session, catalogue = stack.enter_context(bench.catalogued(name.replace(" ", "_")))
            companies[name] = Company(session, catalogue, orders)
            companies[name].subscribe(subscriptions)
        results = []
        for figure, step in (("emit_order_confirm", "confirm"), ("emit_picking_done", "ship")):
            say(f"emission: {rounds} times {step}")
            contenders = {name: getattr(company, step) for name, company in companies.items()}
            samples = interleave(contenders, rounds, WARMUPS)
            _check(companies, orders * (1 + len(results)))
            results.append(_result(figure, samples))
    return results


def _check(companies: dict[str, Company], expected: int) -> None:
    """:raises RuntimeError: a subscriber did not get one message of each document, or others got some"""
    found = {name: company.count_messages() for name, company in companies.items()}
    wanted = {name: expected * len(subscriptions) for name, subscriptions in SUBSCRIPTIONS.items()}
    if found != wanted:
        raise RuntimeError(f"Messages made: {found}, expected: {wanted}")


def _result(figure: str, samples: dict[str, list[float]]) -> Result:
    silent, telling = samples["silent"], samples["telling"]
    both = ratio(samples["with warehouse"], silent).value
    note = (
        f"{milliseconds(telling)} against {milliseconds(silent)}, {len(silent)} pairs; "
        f"with an external warehouse as second subscriber {both:.3f}"
    )
    return Result.of(figure, ratio(telling, silent), note)
