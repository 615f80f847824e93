"""What a supplier's answer to an order line comes to.

Several answers of a line are parts of its quantity, each with its own fate and date: X12 has one ACK for each part.
Some suppliers write one ACK for each thing they changed instead, all with the whole quantity: that is the same goods.
Others say in a schedule (SCH, SCC) when which part comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

REFUSED = ("rejected", "cancelled", "on_hold")
SUBSTITUTED = "substituted"
# the order as a whole: what it says of lines that have no answer of their own
SILENT = ("received", "not_needed")


class AnswerError(ValueError):
    """The answers contradict each other.

    :ivar place: place of the answer in the line, from 0
    """

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


@dataclass
class Answer:
    """What becomes of a line, in the supplier's unit.

    :ivar quantity: comes, of the ordered item
    :ivar refused: does not come
    :ivar substituted: comes as another item
    :ivar item: the other item, None without one
    :ivar date: last day on which something of it arrives, None when the supplier does not say
    :ivar undated: a part is backordered, and nobody knows until when
    :ivar parts: quantity by the day on which it arrives, earliest first, where it comes on several days
    :ivar reasons: the supplier's, each once
    """

    quantity: Decimal = Decimal(0)
    refused: Decimal = Decimal(0)
    substituted: Decimal = Decimal(0)
    item: Mapping[str, str] | None = None
    date: date | None = None
    undated: bool = False
    parts: list[tuple[date, Decimal]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def read_answer(
    line: Mapping[str, Any], order: Mapping[str, Any], ordered: Decimal, transit_days: int
) -> Answer:
    """Return what a line comes to.

    :param line: of a ``purchase.acknowledged``
    :param order: the message
    :param ordered: quantity in the unit of the line, for a supplier that names none
    :param transit_days: from the supplier's door to ours
    :raises AnswerError: two substitutes for one line
    """
    told = line.get("answers")
    parts = told or [{"status": "accepted"}]
    # in an answer that has lines only for what is an exception the line's own answer is that
    if order["status"] == "rejected" and not (told and order.get("only_exceptions")):
        parts = [{**part, "status": "rejected"} for part in parts]
    whole = Decimal(line["quantity"]) if "quantity" in line else ordered
    quantities = [Decimal(part["quantity"]) if "quantity" in part else whole for part in parts]
    same_goods = len(parts) > 1 and all(one == whole for one in quantities)
    found, by_day = Answer(), _read_schedule(line, transit_days)
    is_scheduled = bool(by_day)
    for place, (part, quantity) in enumerate(zip(parts, quantities, strict=True)):
        _add(found, place, part, line, quantity, replace=same_goods)
        day = _read_day(part, transit_days) or _read_day(line, transit_days) or _read_day(order, transit_days)
        if part["status"] in REFUSED:
            continue
        if day:
            found.date = max(found.date or day, day)
        elif part["status"] == "backordered":
            found.undated = True
        if day and part["status"] != SUBSTITUTED and not is_scheduled and not same_goods:
            by_day[day] = by_day.get(day, Decimal(0)) + quantity
    if is_scheduled:
        found.date = max(by_day)
    if len(by_day) > 1 and sum(by_day.values()) == found.quantity:
        found.parts = sorted(by_day.items())
    return found


def _read_schedule(line: Mapping[str, Any], transit_days: int) -> dict[date, Decimal]:
    """Return what a schedule says: quantity by the day on which it arrives."""
    found: dict[date, Decimal] = {}
    for entry in line.get("schedule", ()):
        day = _read_day(entry, transit_days)
        if day:
            found[day] = found.get(day, Decimal(0)) + Decimal(entry["quantity"])
    return found


def _add(
    found: Answer,
    place: int,
    part: Mapping[str, Any],
    line: Mapping[str, Any],
    quantity: Decimal,
    replace: bool,
) -> None:
    if replace:
        found.quantity = found.refused = found.substituted = Decimal(0)
    if part["status"] in REFUSED:
        found.refused += quantity
    elif part["status"] == SUBSTITUTED:
        item = part.get("item") or line.get("item")
        if found.item and found.item != item:
            raise AnswerError(place)
        found.item, found.substituted = item, found.substituted + quantity
    else:
        found.quantity += quantity
    if part.get("reason") and part["reason"] not in found.reasons:
        found.reasons.append(part["reason"])


def _read_day(told: Mapping[str, Any], transit_days: int) -> date | None:
    if told.get("date"):
        return date.fromisoformat(told["date"])
    if told.get("ship_date"):
        return date.fromisoformat(told["ship_date"]) + timedelta(days=transit_days)
    return None
