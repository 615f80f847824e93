"""What one unit of an invoiced line costs, its own charges and allowances in it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def read_net_price(line: Mapping[str, Any], decimals: int) -> Decimal | None:
    """Return the net price of one unit; None where the line names neither price nor amount.

    An amount counts before a price, except where it is just the rounded product: the price is more exact.

    :param line: of a ``purchase.invoiced``
    :param decimals: of the currency
    """
    quantity = Decimal(line["quantity"])
    price = Decimal(line["unit_price"]) if "unit_price" in line else None
    if "amount" in line:
        amount = Decimal(line["amount"])
        if price is not None and abs(price * quantity - amount) <= Decimal(1).scaleb(-decimals):
            return price
        return amount / quantity if quantity else amount
    if price is None:
        return None
    charges = sum((Decimal(charge["amount"]) for charge in line.get("charges", [])), Decimal(0))
    return price + charges / quantity if quantity else price
