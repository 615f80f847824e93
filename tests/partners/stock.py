"""The stock ledger of the warehouse: what lies on its shelves by SKU and lot, and how it got there."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Movement:
    """A quantity that came (positive) or went (negative), and why."""

    sku: str
    lot: str
    quantity: Decimal
    reason: str


class Stock:
    """On-hand quantities in the unit of the item."""

    def __init__(self) -> None:
        self.movements: list[Movement] = []
        self._on_hand: dict[tuple[str, str], Decimal] = {}
        self._lock = threading.Lock()

    def count(self, rows: Iterable[dict[str, Any]]) -> None:
        """Forget everything and start from a count.

        :param rows: ``{"sku": ..., "lot": ..., "quantity": ...}`` each, no ``lot`` for untracked items
        """
        with self._lock:
            self._on_hand.clear()
            self.movements.clear()
            for row in rows:
                self._move(row["sku"], row.get("lot") or "", Decimal(row["quantity"]), "count")

    def receive(self, sku: str, lot: str, quantity: Decimal, reason: str) -> None:
        """Put goods on the shelf."""
        with self._lock:
            self._move(sku, lot, quantity, reason)

    def pick(
        self, sku: str, quantity: Decimal, reason: str, lot: str | None = None
    ) -> list[tuple[str, Decimal]]:
        """Take up to *quantity* from the shelf; return ``(lot, quantity)`` of what there was.

        :param lot: the lot to take, None for any, in the order of their names
        """
        with self._lock:
            picked = []
            for key in sorted(key for key in self._on_hand if key[0] == sku and lot in (None, key[1])):
                part = min(quantity, self._on_hand[key])
                if part > 0:
                    self._move(sku, key[1], -part, reason)
                    picked.append((key[1], part))
                    quantity -= part
            return picked

    def rows(self) -> list[dict[str, str]]:
        """Return what is on hand, empty shelves left out."""
        with self._lock:
            return [
                {"sku": sku, "lot": lot, "quantity": format(quantity.normalize(), "f")}
                for (sku, lot), quantity in sorted(self._on_hand.items())
                if quantity
            ]

    def _move(self, sku: str, lot: str, quantity: Decimal, reason: str) -> None:
        self._on_hand[sku, lot] = self._on_hand.get((sku, lot), Decimal(0)) + quantity
        self.movements.append(Movement(sku, lot, quantity, reason))
