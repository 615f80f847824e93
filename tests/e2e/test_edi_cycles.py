"""Whole cycles of business by X12 over a real SFTP server: buying, from the order to the paid bill, and selling, from
the order to the invoice; every group that either side sends is acknowledged by the other.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from partners.onboarding import LOCAL, connect
from partners.trader import Trader
from rpc import Session
from waiting import until

DISTRIBUTOR = "DISTRIBUTOR"
PATIENCE = 120
ENDPOINT = {"transport": "sftp", "timeout": 20, "content": "edi", "file_name": "{type}-{id}.x12"}
SUPPLIER_SENDS = ("purchase.acknowledged", "purchase.shipped", "purchase.invoiced")
SUPPLIER_HEARS = ("purchase.order", "purchase.change", "edi.acknowledgement")
CUSTOMER_HEARS = ("purchase.acknowledgement", "ship.notice", "invoice.document", "edi.acknowledgement")


@pytest.fixture(scope="module")
def odoo(env):
    """A session of an administrator of a server with the EDI addon, its stock and its goods."""
    database = env.create_database("edi_cycles", modules=["dist_integration_edi"])
    server = env.server(database, workers=2)
    try:
        server.start()
        yield Session(server.url, database)
    finally:
        server.stop()
        env.drop_database(database)


@pytest.fixture(scope="module")
def goods(odoo):
    """Product ids by item number, a hundred of each in stock, with no taxes."""
    is_17 = "detailed_type" in odoo.call("product.product", "fields_get", ["detailed_type"], ["type"])
    storable = {"detailed_type": "product"} if is_17 else {"is_storable": True}
    (warehouse,) = odoo.search_read("stock.warehouse", [], ["lot_stock_id"], limit=1)
    found = {}
    for sku, price in (("ROPE", 8.0), ("CLEAT", 20.0)):
        values = {"name": sku.title(), "default_code": sku, "list_price": price, "invoice_policy": "delivery"}
        values |= {"taxes_id": [(5,)], "supplier_taxes_id": [(5,)], **storable}
        found[sku] = odoo.create("product.product", values)
        quant = {
            "product_id": found[sku],
            "location_id": warehouse["lot_stock_id"][0],
            "inventory_quantity": 100,
        }
        context = {"inventory_mode": True}
        ids = odoo.call("stock.quant", "create", [quant], context=context)
        odoo.call("stock.quant", "action_apply_inventory", ids, context=context)
    return found


@pytest.fixture
def make_trader(odoo, sshd):
    """A function that makes a partner and has it exchange X12 over SFTP: `trader`, `profile`, `contact`, `poll()`."""

    def make(code, kind, submits, receives, agreements, **profile):
        trader = Trader(sshd.files / code.lower(), code, DISTRIBUTOR)
        contact = odoo.create("res.partner", {"name": code.title(), "is_company": True})
        system = odoo.create("dist.system", {"name": code.title(), "code": code, "kind": kind})
        key = {"name": "SSH", "system_id": system, "kind": "ssh_key", "username": sshd.user}
        credential = odoo.create("dist.credential", {**key, "pem": sshd.private_key})
        access = {**ENDPOINT, "credential_id": credential, "host_key": sshd.host_key}
        url = f"{sshd.url}/{code.lower()}"
        connection = connect(
            odoo, code, f"{url}/to_partner", receives=receives, submits=submits, endpoint=access
        )
        inbound = {
            **access,
            "name": f"{code} files",
            "system_id": system,
            "url": f"{url}/from_partner",
            "allowed_networks": LOCAL,
            "purpose": "receive",
            "client_id": connection.client,
            "quiet_seconds": 0,
            # only when the test asks for it
            "poll_seconds": 3600,
        }
        source = odoo.create("dist.endpoint", inbound)
        (file_type,) = odoo.search("dist.message.type", [("code", "=", "edi.interchange")])
        flow = odoo.create(
            "dist.flow", {"system_id": system, "message_type_id": file_type, "endpoint_id": source}
        )
        for action in ("action_approve", "action_activate"):
            odoo.call("dist.flow", action, [flow])
        values = {
            "name": code.title(),
            "system_id": system,
            "client_id": connection.client,
            "partner_id": contact,
            "qualifier": "ZZ",
            "identifier": code,
            "own_qualifier": "ZZ",
            "own_identifier": DISTRIBUTOR,
            "is_test": False,
            "agreement_ids": [(0, 0, {"direction": way, "code": document}) for way, document in agreements],
        }
        profile_id = odoo.create("dist.edi.partner", {**values, **profile})
        unit = {"system_id": system, "domain": "unit", "external_code": "EA", "res_model": "uom.uom"}
        odoo.create("dist.code.map", {**unit, "res_id": odoo.ref("uom.product_uom_unit")})
        odoo.create(
            "dist.binding",
            {"system_id": system, "res_model": "res.partner", "res_id": contact, "external_id": code},
        )
        poll = lambda: odoo.call("dist.endpoint", "action_poll", [source])  # noqa: E731
        return SimpleNamespace(trader=trader, profile=profile_id, contact=contact, system=system, poll=poll)

    return make


def read(odoo, model, record, *names):
    (row,) = odoo.call(model, "read", [record], list(names))
    return row


def until_one(odoo, model, domain, what):
    """Wait for the record of a domain; return its id."""
    return until(lambda: odoo.search(model, domain), PATIENCE, 0.3, what)[0]


def until_heard(partner, code, number):
    """Wait until a partner has so many documents of a kind; return the last."""
    documents = until(
        lambda: len(partner.trader.received(code)) >= number and partner.trader.received(code),
        PATIENCE,
        0.3,
        f"{number} times {code}",
    )
    assert len(documents) == number
    return documents[-1]


def assert_acknowledged(odoo, partner):
    """Every group of ours is accepted by the partner, every group of the partner's by us; nothing is left to do."""
    partner.trader.acknowledge()
    partner.poll()
    mine = [("edi_partner_id", "=", partner.profile)]
    assert odoo.count("dist.edi.expectation", mine)
    waits = [*mine, ("state", "!=", "accepted")]
    until(lambda: not odoo.count("dist.edi.expectation", waits), PATIENCE, 0.3, "every acknowledgement")
    until(lambda: not partner.trader.unacknowledged(), PATIENCE, 0.3, "our acknowledgements")
    assert not odoo.count("dist.edi.document", [*mine, ("state", "=", "refused")])
    unsolved = [("system_id", "=", partner.system), ("state", "in", ("open", "in_progress"))]
    assert not odoo.search_read("dist.exception", unsolved, ["name", "detail"])


def test_purchase_order_to_paid_bill(odoo, goods, make_trader):
    """E2, E5, E8: an order, confirmed dearer and later, shipped, received, invoiced and paid."""
    tolerances = [
        {"subject": "price", "limits_percent": True, "percent": 2, "absolute": 1},
        {"subject": "date", "absolute": 3},
    ]
    agreements = [("out", "850"), ("out", "860"), ("in", "855"), ("in", "856"), ("in", "810")]
    partner = make_trader(
        "ROPEWALK",
        "supplier",
        SUPPLIER_SENDS,
        SUPPLIER_HEARS,
        agreements,
        bill_policy="posted",
        tolerance_ids=[(0, 0, row) for row in tolerances],
    )
    trader = partner.trader
    lines = [("ROPE", 40, 5.0), ("CLEAT", 10, 12.0)]
    order = odoo.create(
        "purchase.order",
        {
            "partner_id": partner.contact,
            "order_line": [
                (
                    0,
                    0,
                    {
                        "product_id": goods[sku],
                        "product_qty": quantity,
                        "price_unit": price,
                        "date_planned": "2031-05-14 10:00:00",
                    },
                )  # fmt: skip
                for sku, quantity, price in lines
            ],
        },
    )
    odoo.call("purchase.order", "button_confirm", [order])
    number = read(odoo, "purchase.order", order, "name")["name"]

    asked = until_heard(partner, "850", 1)
    assert asked.get("BEG")[0][3] == number
    assert [(line[2], line[4]) for line in asked.get("PO1")] == [("40", "5"), ("10", "12")]

    # two days later is tolerated, a price of ten per cent more is not
    trader.send(
        "855",
        [
            f"BAK*00*AC*{number}*20261130",
            "PO1*1*40*EA*5**BP*ROPE", "ACK*DR*40*EA*067*20310516",
            "PO1*2*10*EA*13.2**BP*CLEAT", "ACK*IP*10*EA",
            "CTT*2",
        ],
    )  # fmt: skip
    partner.poll()
    answer = until_one(odoo, "dist.supplier.acknowledgement", [("order_id", "=", order)], "the answer")
    found = odoo.search_read(
        "purchase.order.line", [("order_id", "=", order)], ["price_unit", "date_planned", "product_qty"]
    )
    assert [line["price_unit"] for line in found] == [5, 12]
    assert found[0]["date_planned"].startswith("2031-05-16")
    assert read(odoo, "dist.supplier.acknowledgement", answer, "state")["state"] == "waiting"
    odoo.call("dist.supplier.acknowledgement", "action_accept", [answer])
    found = odoo.search_read("purchase.order.line", [("order_id", "=", order)], ["price_unit"])
    assert [line["price_unit"] for line in found] == [5, 13.2]

    trader.send(
        "856",
        [
            "BSN*00*RW-1*20310514*1015*0001", "HL*1**S", "TD5**2*RDWY", "DTM*017*20310516",
            "HL*2*1*O", f"PRF*{number}",
            "HL*3*2*P", "MAN*GM*106141411234567897",
            "HL*4*3*I", "LIN*1*BP*ROPE", "SN1**40*EA",
            "HL*5*3*I", "LIN*2*BP*CLEAT", "SN1**10*EA",
            "CTT*5",
        ],
    )  # fmt: skip
    partner.poll()
    shipment = until_one(odoo, "dist.supplier.shipment", [("external_id", "=", "RW-1")], "the ship notice")
    (receipt,) = odoo.search("stock.picking", [("dist_supplier_shipment_id", "=", shipment)])
    odoo.call("stock.picking", "button_validate", [receipt])
    assert read(odoo, "stock.picking", receipt, "state")["state"] == "done"

    trader.send(
        "810",
        [
            f"BIG*20310517*RW-INV-1*20261130*{number}***DI",
            "IT1*1*40*EA*5**BP*ROPE", "IT1*2*10*EA*13.2**BP*CLEAT",
            "TDS*33200", "CTT*2",
        ],
    )  # fmt: skip
    partner.poll()
    invoice = until_one(odoo, "dist.supplier.invoice", [("external_id", "=", "RW-INV-1")], "the invoice")
    row = read(odoo, "dist.supplier.invoice", invoice, "state", "move_id")
    assert row["state"] == "billed"
    bill = row["move_id"][0]
    assert read(odoo, "account.move", bill, "state", "amount_total") == {
        "id": bill,
        "state": "posted",
        "amount_total": 332,
    }
    context = {"active_model": "account.move", "active_ids": [bill]}
    wizard = odoo.call("account.payment.register", "create", {}, context=context)
    odoo.call("account.payment.register", "action_create_payments", [wizard], context=context)
    assert read(odoo, "account.move", bill, "payment_state")["payment_state"] in ("paid", "in_payment")

    assert_acknowledged(odoo, partner)
    assert [group for group, _number in trader.sent] == ["PR", "SH", "IN"]
    # what the order follows because the supplier said so is not told back
    assert not trader.received("860")


def test_customer_order_to_invoice(odoo, goods, make_trader):
    """E3, E5, E8: an order by 850, confirmed, shipped in two parts, invoiced."""
    agreements = [("in", "850"), ("out", "855"), ("out", "856"), ("out", "810")]
    partner = make_trader("CHANDLERY", "customer", ("order.submit",), CUSTOMER_HEARS, agreements)
    (warehouse,) = odoo.search("stock.warehouse", [], limit=1)
    channel = odoo.create(
        "dist.sales.channel",
        {"name": "EDI", "code": "EDI", "system_id": partner.system, "warehouse_id": warehouse},
    )
    odoo.write("dist.edi.partner", [partner.profile], {"channel_id": channel})
    trader = partner.trader
    trader.send(
        "850",
        [
            "BEG*00*SA*CH-77**20261130", "DTM*002*20310210", "N1*BY*Chandlery*92*CHANDLERY",
            "PO1*1*10*EA*8**VN*ROPE", "PO1*2*5*EA*20**VN*CLEAT",
            "CTT*2",
        ],
    )  # fmt: skip
    partner.poll()
    order = until_one(odoo, "sale.order", [("dist_external_ref", "=", "CH-77")], "the order")
    assert read(odoo, "sale.order", order, "state")["state"] == "sale"
    answer = until_heard(partner, "855", 1)
    assert answer.get("BAK")[0][3] == "CH-77"
    assert [line[2] for line in answer.get("PO1")] == ["10", "5"]

    ship(odoo, order, {"ROPE": 6, "CLEAT": 5})
    first = until_heard(partner, "856", 1)
    assert sorted(line[2] for line in first.get("SN1")) == ["5", "6"]
    ship(odoo, order, {"ROPE": 4})
    second = until_heard(partner, "856", 2)
    assert [line[2] for line in second.get("SN1")] == ["4"]
    assert {one.get("PRF")[0][1] for one in (first, second)} == {"CH-77"}

    bill = invoice_order(odoo, order)
    told = until_heard(partner, "810", 1)
    assert told.get("TDS")[0][1] == "18000"
    assert sorted(line[2] for line in told.get("IT1")) == ["10", "5"]
    assert read(odoo, "account.move", bill, "amount_total")["amount_total"] == 180

    assert_acknowledged(odoo, partner)
    assert [group for group, _number in trader.sent] == ["PO"]


def ship(odoo, order, quantities):
    """Ship quantities by item number of an order's open delivery; the rest is a backorder."""
    domain = [("picking_id.sale_id", "=", order), ("state", "not in", ("done", "cancel"))]
    moves = odoo.search_read("stock.move", domain, ["product_id", "picking_id"])
    skus = {
        row["id"]: row["default_code"]
        for row in odoo.search_read("product.product", [("default_code", "!=", False)], ["default_code"])
    }
    for move in moves:
        quantity = quantities.get(skus[move["product_id"][0]], 0)
        odoo.write("stock.move", [move["id"]], {"quantity": quantity, "picked": bool(quantity)})
    picking = moves[0]["picking_id"][0]
    action = odoo.call("stock.picking", "button_validate", [picking])
    if isinstance(action, dict):
        context = action["context"]
        wizard = odoo.call(action["res_model"], "create", {}, context=context)
        odoo.call(action["res_model"], "process", [wizard], context=context)
    assert read(odoo, "stock.picking", picking, "state")["state"] == "done"


def invoice_order(odoo, order):
    """Invoice what was delivered of an order and post it; return the invoice."""
    context = {"active_model": "sale.order", "active_ids": [order], "active_id": order}
    wizard = odoo.call(
        "sale.advance.payment.inv", "create", {"advance_payment_method": "delivered"}, context=context
    )
    odoo.call("sale.advance.payment.inv", "create_invoices", [wizard], context=context)
    (bill,) = read(odoo, "sale.order", order, "invoice_ids")["invoice_ids"]
    odoo.call("account.move", "action_post", [bill])
    return bill
