"""A confirmation on its way in: what the warehouse says, what it stands for here.

Holds Odoo records but imports nothing of Odoo.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

GOOD = "good"
# members of a message that are decimal numbers as text
QUANTITIES = {
    "change",
    "damaged_quantity",
    "hold_quantity",
    "picked_quantity",
    "previous_on_hand",
    "quantity",
    "refused_quantity",
}


def digest_of(payload: dict) -> str:
    """Return a text that is equal for payloads with the same content, however they are written."""
    text = json.dumps(_plain(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return a copy in which equal quantities are written alike, and what is said by leaving it out is left out."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, dict):
        return value
    said = {name: _plain(part) for name, part in value.items() if name != "complete" or part is not True}
    for name in QUANTITIES & said.keys():
        said[name] = format(Decimal(said[name]).normalize(), "f")
    return said


@dataclass
class Portion:
    """Part of a line's quantity that shares lot, package and condition.

    :param quantity: in the product's unit
    :param pointer: JSON pointer of what it was read from
    :param lot_name: as the warehouse writes it
    :param expiry: datetime, or None
    :param package_key: the package's id in the message
    :param condition: ``good``, ``damaged`` or ``hold``
    :param disposition: what is done with returned goods, such as ``restock``
    :param destination: stock.location, when it is another one than the move's
    :param lot: stock.lot, once it is found
    """

    quantity: float
    pointer: str
    lot_name: str | None = None
    expiry: Any = None
    package_key: str | None = None
    condition: str = GOOD
    disposition: str | None = None
    lot: Any = None
    package: Any = None
    destination: Any = None


@dataclass
class MovePlan:
    """What happens to one stock move.

    :param move: stock.move
    :param asked: what was open before, less what was substituted, in the product's unit
    :param substituted: for how much of it another item was moved
    :param left: what was picked and not shipped, in the product's unit; None when the warehouse does not tell it apart
    :param replaces: for another item than asked for, dict of the moves it stands for to their quantities
    """

    move: Any
    asked: float
    portions: list[Portion] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    pointer: str = "/lines"
    substituted: float = 0.0
    left: float | None = None
    replaces: dict | None = None

    @property
    def quantity(self) -> float:
        return sum(portion.quantity for portion in self.portions)


@dataclass
class ConfirmationPlan:
    """What one confirmation does.

    :param known: dist.warehouse.confirmation that applied it before; the rest is empty then
    :param picking: stock.picking it is applied to
    :param moves_added: those for items that were moved instead of others
    :param moves_by_ref: open moves by the number of their line, once they are looked up
    :param serials: (product id, serial number) of what it moves
    :param ssccs: those of its packages
    :param meanings: what codes mean, shared by all that are applied together
    :param superseded: True when the picking was released under another number than the one confirmed
    """

    message: Any
    payload: dict
    digest: str
    known: Any = None
    picking: Any = None
    meanings: dict = field(default_factory=dict)
    superseded: bool = False
    moves: list[MovePlan] = field(default_factory=list)
    moves_added: list[MovePlan] = field(default_factory=list)
    moves_by_ref: dict | None = None
    serials: set[tuple[int, str]] = field(default_factory=set)
    ssccs: set[str] = field(default_factory=set)
    moved_at: Any = None
    warnings: list[dict] = field(default_factory=list)
    exceptions: list = field(default_factory=list)

    @property
    def external_id(self) -> str:
        return self.payload["confirmation"]

    @property
    def is_final(self) -> bool:
        return self.payload.get("complete", True)

    @property
    def portions(self) -> list[tuple[MovePlan, Portion]]:
        return [(plan, portion) for plan in self.moves for portion in plan.portions]

    @property
    def is_empty(self) -> bool:
        return not any(plan.quantity for plan in self.moves)

    def find_once(self, key: Any, find: Callable[[], Any]) -> Any:
        """Return what a code means, asked for once.

        :param key: hashable, tells what is looked for in the messages of a system
        """
        key = (self.message.system_id, key)
        if key not in self.meanings:
            self.meanings[key] = find()
        return self.meanings[key]

    def warn(self, code: str, detail: str, pointer: str) -> None:
        self.warnings.append({"code": code, "detail": detail, "pointer": pointer})


class LineWrites:
    """Writes to records of one model, those with the same values in one go."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._ids: dict[tuple, list[int]] = {}

    def add(self, record: Any, vals: dict) -> None:
        self._ids.setdefault(tuple(sorted(vals.items())), []).append(record.id)

    def flush(self) -> None:
        for vals, ids in self._ids.items():
            self._model.browse(ids).write(dict(vals))
        self._ids.clear()
