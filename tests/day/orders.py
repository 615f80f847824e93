"""The shop's order file: the same orders for the same seed, most of them fine, some as bad as real ones.

python tests/day/orders.py --orders 200 --seed 1 > orders.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).with_name("catalogue.json")
# Out of a hundred orders. What is left is fine.
SHARES = {
    "dozens": 8,
    "repeated": 4,  # the same request again, under its key
    "resubmitted": 2,  # the same order again, under another key
    "renamed_sku": 4,  # an item number that Odoo does not know yet
    "wrong_price": 2,
    "over_credit": 4,
    "out_of_stock": 4,
    "one_line_refused": 4,
    "unknown_customer": 2,
    "malformed": 3,
    "invalid": 3,
}
BULK_SIZE = 10
BULKS = 3
# The channel takes no smaller orders.
LEAST_VALUE = 12
# What the warehouse does with an order, out of a hundred; the rest is left for tomorrow.
OUTCOMES = {"full": 60, "partial": 12, "short": 10}
# Of the orders that are left for tomorrow, the warehouse refuses to change every third.
REFUSED_STEP = 3


def load_catalogue() -> dict[str, Any]:
    """Return products, customers and codes of the day."""
    return json.loads(CATALOGUE.read_text(encoding="utf-8"))


class OrderFile:
    """Makes the lines of an order file.

    :param count: number of lines
    :param seed: the same seed gives the same lines
    """

    def __init__(self, count: int = 200, seed: int = 1) -> None:
        self.catalogue = load_catalogue()
        self.count = count
        self.random = random.Random(seed)  # repeatable on purpose
        self.prefix = f"WEB{seed}"
        self.products = [row for row in self.catalogue["products"] if not row.get("scarce")]
        customers = self.catalogue["customers"]
        self.customers = [row["external_id"] for row in customers if "credit_limit" not in row]

    def rows(self) -> list[dict[str, Any]]:
        """Return the lines: ``case``, ``key``, ``order`` or ``raw``, and ``bulk`` for those sent together."""
        cases = [case for case, share in SHARES.items() for _ in range(max(1, self.count * share // 100))]
        cases += ["fine"] * (self.count - len(cases))
        self.random.shuffle(cases)
        rows: list[dict[str, Any]] = []
        for number, case in enumerate(cases, 1):
            rows.append(self._make_row(number, case, rows))
        self._bundle(rows)
        return rows

    def plan(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what the warehouse does with the orders of *rows*: see :class:`partners.warehouse.Plan`."""
        first = {row["order"]["reference"]: row for row in reversed(rows) if "order" in row}
        references = sorted(first)
        self.random.shuffle(references)
        outcomes = {}
        for reference, outcome in zip(references, self._spread_outcomes(len(references)), strict=True):
            outcomes[reference] = outcome
        plain = [reference for reference in references if first[reference]["case"] == "fine"]
        with_lots = [reference for reference in plain if self._has_lots(first[reference]["order"])]
        special = [reference for reference in plain if reference not in with_lots[:1]]
        outcomes |= {special[0]: "over", special[1]: "full"} | dict.fromkeys(with_lots[:1], "wrong_lot")
        later = [reference for reference, outcome in outcomes.items() if outcome == "later"]
        return {
            "default": "full",
            "outcomes": outcomes,
            "backorders": "later",
            "repeats": {special[1]: 3},
            "refuses": dict.fromkeys(later[::REFUSED_STEP], "loaded"),
        }

    def _spread_outcomes(self, count: int) -> Iterator[str]:
        for outcome, share in OUTCOMES.items():
            yield from [outcome] * (count * share // 100)
        rest = count - sum(count * share // 100 for share in OUTCOMES.values())
        yield from ["later"] * rest

    def _has_lots(self, order: dict[str, Any]) -> bool:
        skus = {product["sku"] for product in self.products if "lots" in product}
        return any(line["item"]["sku"] in skus for line in order["lines"])

    def _make_row(self, number: int, case: str, earlier: list[dict[str, Any]]) -> dict[str, Any]:
        if case in ("repeated", "resubmitted"):
            fine = [row for row in earlier if row["case"] == "fine"]
            if fine:
                original = self.random.choice(fine)
                key = original["key"] if case == "repeated" else f"key-{self.prefix}-{number:04}"
                return {"case": case, "key": key, "order": original["order"]}
            case = "fine"
        order = self._make_order(number)
        change: Callable[[dict[str, Any]], None] = getattr(self, f"_make_{case}", lambda _order: None)
        change(order)
        row = {"case": case, "key": f"key-{self.prefix}-{number:04}", "order": order}
        if case == "malformed":
            text = json.dumps(row.pop("order"))
            row["raw"] = self.random.choice([text[:-7], text.replace(":", " ", 1), text + "]"])
        return row

    def _make_order(self, number: int) -> dict[str, Any]:
        products = self.random.sample(self.products, self.random.randint(1, 4))
        return {
            "reference": f"{self.prefix}-{number:04}",
            "customer": {"external_id": self.random.choice(self.customers)},
            "lines": [self._make_line(index, product) for index, product in enumerate(products, 1)],
        }

    def _make_line(self, index: int, product: dict[str, Any]) -> dict[str, Any]:
        step = product.get("multiple", 2)
        quantity = self.random.randint(1, 4) * step
        while quantity * product["price"] < LEAST_VALUE:
            quantity += step
        return {
            "line": str(index),
            "item": {"sku": product["sku"]},
            "quantity": str(quantity),
            "unit": product.get("unit", "EA"),
            "unit_price": str(product["price"]),
        }

    def _make_dozens(self, order: dict[str, Any]) -> None:
        product = self.random.choice([product for product in self.products if product.get("dozens")])
        line = {**self._make_line(1, product), "unit": "DZ", "quantity": str(self.random.randint(1, 3))}
        del line["unit_price"]
        order["lines"] = [line]

    def _make_renamed_sku(self, order: dict[str, Any]) -> None:
        old, new = self.random.choice(sorted(self.catalogue["renamed"].items()))
        product = next(row for row in self.products if row["sku"] == new)
        order["lines"] = [{**self._make_line(1, product), "item": {"sku": old}}]

    def _make_over_credit(self, order: dict[str, Any]) -> None:
        poor = [row["external_id"] for row in self.catalogue["customers"] if "credit_limit" in row]
        order["customer"]["external_id"] = self.random.choice(poor)
        dear = max(self.products, key=lambda product: product["price"])
        order["lines"] = [{**self._make_line(1, dear), "quantity": "6"}]

    def _make_wrong_price(self, order: dict[str, Any]) -> None:
        order["lines"][0]["unit_price"] = "0.99"

    def _make_out_of_stock(self, order: dict[str, Any]) -> None:
        scarce = next(product for product in self.catalogue["products"] if product.get("scarce"))
        line = {**self._make_line(1, scarce), "quantity": str(scarce["stock"] // 3)}
        order["lines"] = [line]

    def _make_one_line_refused(self, order: dict[str, Any]) -> None:
        odd = next(product for product in self.products if product.get("multiple"))
        lines = [line for line in order["lines"] if line["item"]["sku"] != odd["sku"]]
        keep = lines[:2] or [self._make_line(1, self.products[0])]
        order["lines"] = [*keep, {**self._make_line(9, odd), "quantity": "5"}]

    def _make_unknown_customer(self, order: dict[str, Any]) -> None:
        order["customer"]["external_id"] = "C-9999"

    def _make_invalid(self, order: dict[str, Any]) -> None:
        line = order["lines"][0]
        spoil = self.random.choice(["quantity", "negative", "extra", "missing"])
        if spoil == "quantity":
            line["quantity"] = "two"
        elif spoil == "negative":
            line["quantity"] = "-2"
        elif spoil == "extra":
            order["colour"] = "blue"
        else:
            del order["lines"]

    def _bundle(self, rows: list[dict[str, Any]]) -> None:
        """Have the last fine orders sent together, a few in each request."""
        wanted = min(BULKS * BULK_SIZE, self.count // 5)
        repeated = {row["key"] for row in rows if row["case"] == "repeated"}
        repeated |= {row["order"]["reference"] for row in rows if row["case"] == "resubmitted"}
        fit = [row for row in rows if row["case"] in ("fine", "dozens")]
        fit = [row for row in fit if not {row["key"], row["order"]["reference"]} & repeated]
        for index, row in enumerate(fit[-wanted:]):
            row["bulk"] = f"bulk-{index // BULK_SIZE + 1}"


def main() -> None:
    """Print an order file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for row in OrderFile(options.orders, options.seed).rows():
        sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
