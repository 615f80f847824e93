"""What a customer wants of an order, after the changes it sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# purposes of a document about an order that came before
CHANGES = ("cancel", "change", "replace")
HEAD = ("requested_date", "ship_date", "parties")


def reference_of(document: Mapping[str, Any]) -> str | None:
    """Return the number under which an order is known: the releases of a blanket order share the number of that.

    :param document: canonical purchase order, or what is about one
    """
    number, release = document.get("order") or document.get("number"), document.get("release")
    return f"{number}-{release}" if number and release else number


def numbered(lines: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return lines by their number; one without a number has that of its place."""
    return {line.get("line") or str(place): line for place, line in enumerate(lines, 1)}


def apply_change(order: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order as it is wanted after a change.

    :param order: canonical purchase order, or what this function returned; empty where none is known
    :param change: canonical change, or a purchase order whose purpose is one of CHANGES
    :return: purchase order; lines that the change names say how (``change``), lines it gives up have the quantity 0;
        ``change`` of the order is the change's number
    """
    purpose, told = change.get("purpose"), numbered(change.get("lines", []))
    known = numbered(order.get("lines", []))
    lines = [_change_line(number, line, told.get(number), purpose) for number, line in known.items()]
    lines += [{**line, "line": number} for number, line in told.items() if number not in known]
    head = {name: change[name] for name in HEAD if change.get(name)}
    return {**order, **head, "change": change.get("number"), "lines": lines}


def _change_line(
    number: str, line: Mapping[str, Any], told: Mapping[str, Any] | None, purpose: str | None
) -> dict[str, Any]:
    is_named = told is not None
    kept = {name: value for name, value in line.items() if name != "change"}
    if (
        purpose == "cancel"
        or (purpose == "replace" and not is_named)
        or (told or {}).get("change") == "delete"
    ):
        return {**kept, "line": number, "quantity": "0", "change": "delete"}
    return {**kept, **(told or {}), "line": number}
