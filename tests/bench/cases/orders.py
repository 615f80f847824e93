"""Orders through the API, alone and fifty at a time, against XML-RPC create and confirm."""

import json
import statistics
from collections.abc import Iterator
from itertools import islice
from typing import Any

from harness.bench import Bench
from harness.catalogue import Catalogue, Order
from harness.partner import ApiCaller, XmlRpcCaller
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed

BULK = 50
ROUNDS = 8
SINGLES = 6


class Contest:
    """One server that takes the same kind of orders in three ways; no two orders are the same."""

    def __init__(self, catalogue: Catalogue, url: str, database: str) -> None:
        self._orders: Iterator[Order] = catalogue.orders()
        self._api = ApiCaller(url, catalogue.key)
        self._rpc = XmlRpcCaller(url, database)

    def submit(self) -> float:
        """Return the seconds of one order through the API."""
        message = next(self._orders).to_message()
        return timed(lambda: _check(json.loads(self._api.post("/orders", message))))

    def submit_bulk(self) -> float:
        """Return the seconds an order of fifty takes."""
        items = [order.to_message() for order in islice(self._orders, BULK)]
        return timed(lambda: _check_all(json.loads(self._api.post("/orders/bulk", {"items": items})))) / BULK

    def create_and_confirm(self) -> float:
        """Return the seconds of one order through XML-RPC."""
        values = next(self._orders).to_values()
        return timed(lambda: self._create_and_confirm(values))

    def _create_and_confirm(self, values: dict[str, Any]) -> None:
        order_id = self._rpc("sale.order", "create", values)
        self._rpc("sale.order", "action_confirm", [order_id])


def _check(answer: dict[str, Any]) -> None:
    """:raises RuntimeError: the order was not taken as it is"""
    if answer.get("status") != "accepted":
        raise RuntimeError(f"An order was not accepted: {answer}")


def _check_all(answer: dict[str, Any]) -> None:
    for item in answer["items"]:
        _check(item.get("answer", item))


def run(bench: Bench) -> list[Result]:
    """Measure `order_single_vs_xmlrpc` and `order_bulk_vs_xmlrpc`."""
    with bench.catalogued("orders") as (session, catalogue), bench.server(session, workers=2) as server:
        contest = Contest(catalogue, server.url, session.database)
        _sample(contest, 1)
        say("orders: submitting")
        singles, bulks = _sample(contest, bench.size(ROUNDS))
    return [
        _result("order_single_vs_xmlrpc", singles["api"], singles["rpc"]),
        _result("order_bulk_vs_xmlrpc", bulks["api"], bulks["rpc"]),
    ]


def _sample(contest: Contest, rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Sample all three in turn; a bulk call is set against the XML-RPC calls of its round."""
    singles: dict[str, list[float]] = {"api": [], "rpc": []}
    bulks: dict[str, list[float]] = {"api": [], "rpc": []}
    for _round in range(rounds):
        turn = interleave({"api": contest.submit, "rpc": contest.create_and_confirm}, SINGLES, warmups=0)
        for name, samples in turn.items():
            singles[name] += samples
        bulks["rpc"].append(statistics.median(turn["rpc"]))
        bulks["api"].append(contest.submit_bulk())
    return singles, bulks


def _result(name: str, api: list[float], rpc: list[float]) -> Result:
    note = f"{milliseconds(api)} against {milliseconds(rpc)} an order, {len(api)} samples"
    return Result.of(name, ratio(api, rpc), note)
