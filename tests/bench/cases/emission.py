"""What events cost the business: orders confirmed and pickings validated, with and without a subscriber.

In one database a shop hears of the order confirmed and of the picking done; in another an external warehouse runs the
picking as well and hears of its own two events, which the notes tell. Each order is worked on in a fresh transaction
in this process, its commit and what follows it (the wake-up of delivery) included. With and without are measured in
turn on like orders of the same database: two copies of one database differ by more than what is measured here. Without
means that a change finds nobody subscribed, which is the answer of a database without flows. Jobs that were enqueued
are removed after each sample, as if the runner had taken them, so that every commit pays for its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any
from unittest.mock import patch

from harness.bench import Bench
from harness.catalogue import Catalogue
from harness.connection import make_endpoint, make_flow, make_system
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed
from harness.session import Session

ROUNDS = {"shop": 400, "shop and warehouse": 80}
STEPS = {"emit_order_confirm": "confirm", "emit_picking_done": "ship"}
WARMUPS = 15
URL = "http://127.0.0.1:9/never-called"
SHOP = {"Shop events": ("order.confirmed", "order.shipped")}
WAREHOUSE = {"Warehouse": ("shipment.requested", "shipment.completed")}
SUBSCRIPTIONS = {"shop": SHOP, "shop and warehouse": {**SHOP, **WAREHOUSE}}


class Company:
    """One of the databases.

    :param orders: number of orders to make
    """

    def __init__(self, session: Session, catalogue: Catalogue, orders: int) -> None:
        self._session = session
        self._catalogue = catalogue
        with session.transaction() as env:
            values = [order.to_values() for order in islice(catalogue.orders(), orders)]
            self._drafts = env["sale.order"].create(values).ids
        self._to_confirm = iter(self._drafts)
        self._to_ship = iter(self._drafts)
        self._is_listened_to = True

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Have changes find subscribers or none, as each sample asks for."""
        company, flows = self, self._session.registry["dist.flow"]
        get_subscribed_types = flows._get_subscribed_types

        def get_asked_for(model: Any) -> frozenset[str]:
            return get_subscribed_types(model) if company._is_listened_to else frozenset()

        with patch.object(flows, "_get_subscribed_types", get_asked_for):
            yield

    def heard(self, step: str, is_listened_to: bool) -> float:
        """Return the seconds of a step, with subscribers or without."""
        self._is_listened_to = is_listened_to
        return getattr(self, step)()

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
    measured = {name: _measure(bench, name) for name in SUBSCRIPTIONS}
    return [
        _result(figure, {name: measured[name][step] for name in measured}) for figure, step in STEPS.items()
    ]


def _measure(bench: Bench, name: str) -> dict[str, dict[bool, list[float]]]:
    """:return: by step the samples without and with subscribers"""
    rounds = bench.size(ROUNDS[name])
    pairs = rounds + WARMUPS
    measured = {}
    with bench.catalogued(name.replace(" ", "_")) as (session, catalogue):
        company = Company(session, catalogue, 2 * pairs)
        company.subscribe(SUBSCRIPTIONS[name])
        with company.listening():
            for number, step in enumerate(STEPS.values(), 1):
                say(f"emission, {name}: {rounds} times {step}")
                contenders = {heard: partial(company.heard, step, heard) for heard in (False, True)}
                measured[step] = interleave(contenders, rounds, WARMUPS)
                _check(company, number * pairs * len(SUBSCRIPTIONS[name]))
    return measured


def _check(company: Company, expected: int) -> None:
    """:raises RuntimeError: a subscriber did not get one message of each document it was to hear of"""
    found = company.count_messages()
    if found != expected:
        raise RuntimeError(f"Messages made: {found}, expected: {expected}")


def _result(figure: str, measured: dict[str, dict[bool, list[float]]]) -> Result:
    silent, telling = measured["shop"][False], measured["shop"][True]
    both = measured["shop and warehouse"]
    note = (
        f"{milliseconds(telling)} against {milliseconds(silent)}, {len(silent)} pairs; "
        f"with an external warehouse as second subscriber {ratio(both[True], both[False]).value:.3f}"
    )
    return Result.of(figure, ratio(telling, silent), note)
