"""A customer who sends purchase orders by X12, as small as they can be."""

from __future__ import annotations

from typing import Any

from partners.onboarding import Connection

ISA = "ISA*00*{blank}*00*{blank}*ZZ*BUYER          *ZZ*SELLER         *260302*1405*U*00401*{number:09}*0*P*>~"


def order_file(number: int) -> bytes:
    """Return an interchange with one purchase order; the number is that of interchange, group and order."""
    segments = [
        f"GS*PO*BUYER*SELLER*20260302*1405*{number}*X*004010",
        "ST*850*0001",
        f"BEG*00*SA*P{number}**20260302",
        "PO1*1*10*EA*10**BP*B-CORN",
        "CTT*1",
        "SE*5*0001",
        f"GE*1*{number}",
        f"IEA*1*{number:09}",
    ]
    isa = ISA.format(blank=" " * 10, number=number)
    return (isa + "".join(f"{segment}~" for segment in segments)).encode()


def make_profile(odoo: Any, connection: Connection) -> int:
    """Return the id of the customer's profile as a trading partner; it is made when it is not there."""
    values = {
        "name": "Buyer",
        "system_id": connection.system,
        "client_id": connection.client,
        "is_test": False,
        "qualifier": "ZZ",
        "identifier": "BUYER",
        "own_qualifier": "ZZ",
        "own_identifier": "SELLER",
    }
    return odoo.ensure("dist.edi.partner", [("identifier", "=", "BUYER")], values)
