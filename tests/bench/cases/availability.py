"""Availability of many products in four warehouses, against XML-RPC and against bare SQL."""

import json
import time
from typing import Any

from harness.bench import Bench
from harness.catalogue import Catalogue
from harness.partner import ApiCaller, XmlRpcCaller
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed
from harness.session import Session

SIZES = (1_000, 10_000)
ROUNDS = 8
# so many times more of what takes less than a second
QUICK = 6
WARMUPS = 4
FIELDS = ["qty_available", "free_qty"]
BARE_SQL = """
    SELECT quant.product_id, location.warehouse_id, SUM(quant.quantity), SUM(quant.reserved_quantity)
    FROM stock_quant quant JOIN stock_location location ON location.id = quant.location_id
    WHERE quant.product_id = ANY(%(products)s) AND location.warehouse_id = ANY(%(warehouses)s)
    GROUP BY quant.product_id, location.warehouse_id
"""


class Contest:
    """The same question, put in three ways."""

    def __init__(self, catalogue: Catalogue, session: Session, url: str, size: int) -> None:
        self._products = catalogue.products[:size]
        self._warehouses = catalogue.warehouses
        self._skus = [catalogue.sku(number) for number in range(size)]
        self._api = ApiCaller(url, catalogue.key)
        self._rpc = XmlRpcCaller(url, session.database)
        self._session = session

    def query(self) -> float:
        """Return the seconds of one call of the API until its answer has come."""
        started = time.perf_counter()
        body = self._api.post("/availability/query", {"skus": self._skus})
        seconds = time.perf_counter() - started
        self._check(json.loads(body)["items"])
        return seconds

    def query_and_decode(self) -> float:
        """Return the seconds of one call of the API, its answer decoded: what XML-RPC's client does as well."""
        return timed(lambda: json.loads(self._api.post("/availability/query", {"skus": self._skus})))

    def _check(self, items: list[dict[str, Any]]) -> None:
        if len(items) != len(self._skus) or any(len(i["warehouses"]) != len(self._warehouses) for i in items):
            raise RuntimeError(f"Something is missing in the answer: {items[-1]}")

    def read(self) -> float:
        """Return the seconds to read the quantities of each warehouse by XML-RPC."""
        return timed(lambda: [self._read(warehouse) for warehouse in self._warehouses])

    def _read(self, warehouse: int) -> Any:
        # the key was renamed between the series
        context = {"warehouse": warehouse, "warehouse_id": warehouse}
        return self._rpc("product.product", "read", self._products, FIELDS, context=context)

    def select(self) -> float:
        """Return the seconds of the bare query, its rows fetched; connecting is not counted."""
        with self._session.sql() as cursor:
            return timed(lambda: self._select(cursor))

    def _select(self, cursor: Any) -> None:
        cursor.execute(BARE_SQL, {"products": self._products, "warehouses": self._warehouses})
        if len(cursor.fetchall()) != len(self._products) * len(self._warehouses):
            raise RuntimeError("The stock is not what it should be.")


def run(bench: Bench) -> list[Result]:
    """Measure the four `availability_...` ratios."""
    results = []
    with bench.catalogued("availability") as (session, catalogue), bench.server(session, workers=2) as server:
        for size in SIZES:
            say(f"availability: {size:,} products")
            contest = Contest(catalogue, session, server.url, size)
            results += _compare(contest, size, bench.size(ROUNDS))
    return results


def _compare(contest: Contest, size: int, rounds: int) -> list[Result]:
    slow = interleave({"rpc": contest.read, "api": contest.query_and_decode}, rounds, WARMUPS)
    quick = interleave({"api": contest.query, "sql": contest.select}, QUICK * rounds, WARMUPS)
    return [
        _result(f"availability_{size}_vs_xmlrpc", slow["rpc"], slow["api"]),
        _result(f"availability_{size}_vs_sql", quick["api"], quick["sql"]),
    ]


def _result(name: str, upper: list[float], lower: list[float]) -> Result:
    note = f"{milliseconds(upper)} against {milliseconds(lower)}, {len(upper)} pairs"
    return Result.of(name, ratio(upper, lower), note)
