"""The documents the library knows, as declarations; see :mod:`..declaration`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..declaration import Declaration, compile_declaration
from ..errors import DeclarationError
from ..separators import EDIFACT
from . import edifact_orders, edifact_shipping, x12_orders, x12_shipping, x12_warehouse

_ALL = (
    x12_orders.ORDER,
    x12_orders.ACKNOWLEDGEMENT,
    x12_orders.CHANGE,
    x12_orders.CHANGE_ACKNOWLEDGEMENT,
    x12_shipping.SHIP_NOTICE,
    x12_shipping.INVOICE,
    x12_shipping.INVENTORY_REPORT,
    x12_shipping.PRICE_CATALOGUE,
    x12_warehouse.SHIPPING_ORDER,
    x12_warehouse.RECEIPT_NOTICE,
    x12_warehouse.RECEIPT_ADVICE,
    x12_warehouse.SHIPPING_ADVICE,
    x12_warehouse.ADJUSTMENT,
    edifact_orders.ORDER,
    edifact_orders.CHANGE,
    edifact_orders.ACKNOWLEDGEMENT,
    edifact_shipping.SHIP_NOTICE,
    edifact_shipping.RECEIVING_ADVICE,
    edifact_shipping.INVOICE,
    edifact_shipping.INVENTORY_REPORT,
    edifact_shipping.PRICE_CATALOGUE,
    edifact_shipping.APPLICATION_ACKNOWLEDGEMENT,
)
DECLARATIONS: dict[tuple[str, str], dict[str, Any]] = {(one["standard"], one["code"]): one for one in _ALL}
# Read and written by :mod:`..acknowledgement`.
ACKNOWLEDGEMENTS = {("X12", "997"), ("X12", "999"), ("EDIFACT", "CONTRL")}


# Texts of EDIFACT by directory: from D01A on they may be longer.
_LONGER_TEXTS = {35: 256, 70: 512}


def declaration_of(
    standard: str, code: str, overlay: Mapping[str, Any] | None = None, version: str = ""
) -> Declaration:
    """Return the declaration of a document, a partner's overlay in it.

    :param code: ``850``, ``ORDERS``
    :param version: ``004010``, ``D96A``; the oldest one that is known when empty
    :raises DeclarationError: code ``unknown_document``, or the overlay is wrong
    """
    source = DECLARATIONS.get((standard, code))
    if source is None:
        raise DeclarationError(
            f"{standard} {code} is not a document that can be read.", code="unknown_document"
        )
    if standard == EDIFACT and "01" <= version[1:3] < "90":
        source = _with_longer_texts(source)
    return compile_declaration(source, overlay)


def _with_longer_texts(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {
            name: _LONGER_TEXTS.get(part, part) if name == "width" else _with_longer_texts(part)
            for name, part in node.items()
        }
    return [_with_longer_texts(part) for part in node] if isinstance(node, list) else node
