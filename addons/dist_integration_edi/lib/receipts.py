"""What a stock transfer notice (943) says beyond the canonical request of a receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any


def to_notice(request: Mapping[str, Any], repeated: bool) -> dict[str, Any]:
    """Return a request of a receipt as it is told: new or a change, and with what the supplier has shipped of it.

    :param request: canonical ``receipt.requested``
    :param repeated: whether the warehouse was asked for this receipt before
    :return: the request with ``purpose``, ``shipments`` and ``carriers``, and on each line ``shipped``, ``lots`` and
        ``labels``
    """
    announced = request.get("announced", [])
    portions = [portion for shipment in announced for portion in shipment["lines"]]
    return {
        **request,
        "purpose": "change" if repeated else "original",
        "shipments": [
            {"number": shipment["shipment"], "shipped_at": shipment["shipped_at"]} for shipment in announced
        ],
        "carriers": _distinct(
            {"tracking": shipment["tracking"], "carrier": shipment["carrier"]} for shipment in announced
        ),
        "lines": [
            {**line, **_describe([one for one in portions if one["line"] == line["line"]])}
            for line in request["lines"]
        ],
    }


def _describe(portions: list[Mapping[str, Any]]) -> dict[str, Any]:
    if not portions:
        return {}
    return {
        "shipped": f"{sum(Decimal(one['quantity']) for one in portions):f}",
        "lots": _distinct({"lot": one["lot"], "expiry": one["expiry"]} for one in portions if one["lot"]),
        "labels": _distinct({"sscc": one["sscc"]} for one in portions),
    }


def _distinct(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return entries in which something is said, each once."""
    found: list[dict[str, Any]] = []
    for entry in entries:
        if any(entry.values()) and entry not in found:
            found.append(entry)
    return found
