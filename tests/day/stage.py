"""Sets the stage of the day: two partners, a warehouse, a sales channel, goods, customers, and a person who decides.

What demonstration data holds already is used as it is; the rest is made over RPC, as an administrator would.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from partners.client import ApiClient
from partners.onboarding import Connection, connect
from rpc import Session

from day.orders import load_catalogue

SHOP_HEARS = (
    "order.confirmed",
    "order.held",
    "order.cancelled",
    "order.shipped",
    "invoice.posted",
    "invoice.paid",
)
SHOP_SENDS = ("customer.upsert", "order.submit")
SHOP_SCOPES = (
    "customers:read",
    "customers:write",
    "orders:submit",
    "orders:read",
    "availability:read",
    "invoices:read",
)
WAREHOUSE_HEARS = (
    "shipment.requested",
    "shipment.cancelled",
    "shipment.hold.requested",
    "shipment.hold.released",
    "shipment.change.requested",
    "shipment.cancel.requested",
    "receipt.requested",
    "receipt.cancelled",
    "return.requested",
    "return.cancelled",
)
WAREHOUSE_SENDS = (
    "shipment.acknowledged",
    "shipment.confirmed",
    "shipment.request.answered",
    "receipt.confirmed",
    "return.confirmed",
    "stock.adjusted",
    "stock.snapshot",
)
WAREHOUSE_SCOPES = (
    "shipments:acknowledge",
    "shipments:confirm",
    "shipments:answer",
    "shipments:read",
    "receipts:confirm",
    "returns:confirm",
    "stock:adjust",
    "stock:count",
)
# what an adjustment may be worth without somebody's approval
ADJUSTMENT_LIMIT = 50
# A day has no hours to spend on waiting for the next attempt.
ENDPOINT = {
    "timeout": 10,
    "retry_schedule": "1s, 2s, 3s, 5s, 5s, 5s, 10s, 10s, 10s, 30s, 30s, 30s",
    "breaker_pause": 3,
}
CRITICAL = {"criticality": "critical"}
OPERATOR = "olivia.operator@example.com"
OPERATOR_GROUPS = (
    "dist_integration_base.group_dist_operator",
    "sales_team.group_sale_salesman_all_leads",
    "stock.group_stock_user",
)


@dataclass
class Stage:
    """What the day is played with.

    :ivar operator: a session of the person who works on exceptions
    """

    shop: Connection
    warehouse: Connection
    warehouse_id: int
    location_id: int
    products: dict[str, int]
    operator: Session


def set_stage(odoo: Session, shop_url: str, warehouse_url: str, plenty: int = 1) -> Stage:
    """Make everything ready.

    :param odoo: session of an administrator
    :param shop_url: where the shop receives webhooks
    :param warehouse_url: where the warehouse does
    :param plenty: how many times as much as usual is in stock of what is not scarce
    """
    catalogue = load_catalogue()
    warehouse = connect(
        odoo,
        catalogue["warehouse"]["code"],
        warehouse_url,
        receives=WAREHOUSE_HEARS,
        submits=WAREHOUSE_SENDS,
        scopes=WAREHOUSE_SCOPES,
        system={"name": catalogue["warehouse"]["name"], "kind": "warehouse"},
        endpoint=ENDPOINT,
        flows={"shipment.requested": CRITICAL, "shipment.confirmed": CRITICAL},
    )
    shop = connect(
        odoo,
        catalogue["shop"]["code"],
        shop_url,
        receives=SHOP_HEARS,
        submits=SHOP_SENDS,
        scopes=SHOP_SCOPES,
        system={"name": catalogue["shop"]["name"], "kind": "shop"},
        endpoint=ENDPOINT,
        flows={"order.submit": CRITICAL},
    )
    warehouse_id = _make_warehouse(odoo, catalogue["warehouse"], warehouse.system)
    _make_channel(odoo, catalogue["shop"]["channel"], shop.system, warehouse_id)
    for code, xml_id in catalogue["units"].items():
        _map_code(odoo, shop.system, "unit", code, "uom.uom", odoo.ref(xml_id))
    products = {row["sku"]: _make_product(odoo, row) for row in catalogue["products"]}
    (row,) = odoo.call("stock.warehouse", "read", [warehouse_id], ["lot_stock_id"])
    location_id = row["lot_stock_id"][0]
    _count_stock(odoo, catalogue["products"], products, location_id, plenty)
    _make_profile(odoo, warehouse.system)
    _make_customers(odoo, catalogue["customers"], shop)
    _make_accounts(odoo)
    return Stage(shop, warehouse, warehouse_id, location_id, products, _make_operator(odoo))


def stock_rows(odoo: Session, location_id: int) -> list[dict[str, Any]]:
    """Return what Odoo has on hand below a location, as rows of the warehouse's stock count."""
    totals: dict[tuple[str, str], float] = {}
    quants = odoo.search_read(
        "stock.quant", [("location_id", "child_of", location_id)], ["product_id", "lot_id", "quantity"]
    )
    ids = sorted({quant["product_id"][0] for quant in quants})
    skus = {
        row["id"]: row["default_code"] for row in odoo.call("product.product", "read", ids, ["default_code"])
    }
    for quant in quants:
        lot = quant["lot_id"][1] if quant["lot_id"] else ""
        key = (skus[quant["product_id"][0]] or "", lot)
        totals[key] = totals.get(key, 0) + quant["quantity"]
    return [
        {"sku": sku, "lot": lot, "quantity": f"{total:.6f}".rstrip("0").rstrip(".")}
        for (sku, lot), total in sorted(totals.items())
        if round(total, 6)
    ]


def return_goods(odoo: Session, number: str) -> None:
    """Announce that a shipment comes back whole."""
    domain = [("dist_release_ref", "=", number), ("state", "=", "done")]
    (picking,) = odoo.search("stock.picking", domain, limit=1)
    context = {"active_id": picking, "active_ids": [picking], "active_model": "stock.picking"}
    wizard = odoo.call("stock.return.picking", "create", {"picking_id": picking}, context=context)
    lines = odoo.search_read("stock.return.picking.line", [("wizard_id", "=", wizard)], ["move_id"])
    for line in lines:
        (move,) = odoo.call("stock.move", "read", [line["move_id"][0]], ["quantity"])
        odoo.write("stock.return.picking.line", [line["id"]], {"quantity": move["quantity"]})
    # how the button is called changes with the series
    button = "create_returns" if _is_17(odoo) else "action_create_returns"
    odoo.call("stock.return.picking", button, [wizard])


def _is_17(odoo: Session) -> bool:
    return "detailed_type" in odoo.call("product.product", "fields_get", ["detailed_type"], ["type"])


def _make_warehouse(odoo: Session, row: Mapping[str, Any], system_id: int) -> int:
    warehouse_id = odoo.ensure(
        "stock.warehouse", [("code", "=", row["short"])], {"name": row["title"], "code": row["short"]}
    )
    values = {"dist_system_id": system_id, "dist_adjustment_limit": ADJUSTMENT_LIMIT}
    odoo.write("stock.warehouse", [warehouse_id], values)
    return warehouse_id


def _make_channel(odoo: Session, row: Mapping[str, Any], system_id: int, warehouse_id: int) -> None:
    domain = [("system_id", "=", system_id), ("code", "=", row["code"])]
    values = {
        "warehouse_id": warehouse_id,
        "credit_check": True,
        "stock_policy": "backorder",
        "price_policy": "hold",
        "price_tolerance": 2,
    }
    channel_id = odoo.ensure(
        "dist.sales.channel",
        domain,
        {"name": row["name"], "code": row["code"], "system_id": system_id, **values},
    )
    odoo.write("dist.sales.channel", [channel_id], values)
    for product in load_catalogue()["products"]:
        if product.get("multiple"):
            product_id = _make_product(odoo, product)
            rule = {"channel_id": channel_id, "product_id": product_id, "multiple": product["multiple"]}
            domain = [("channel_id", "=", channel_id), ("product_id", "=", product_id)]
            odoo.ensure("dist.quantity.rule", domain, rule)


def _map_code(odoo: Session, system_id: int, domain: str, code: str, model: str, record_id: int) -> None:
    known = [("system_id", "=", system_id), ("domain", "=", domain), ("external_code", "=", code)]
    values = {"system_id": system_id, "domain": domain, "external_code": code}
    odoo.ensure("dist.code.map", known, {**values, "res_model": model, "res_id": record_id})


def _make_product(odoo: Session, row: Mapping[str, Any]) -> int:
    values = {
        "name": row["name"],
        "default_code": row["sku"],
        "list_price": row["price"],
        "standard_price": round(row["price"] * 0.6, 2),
        "invoice_policy": "delivery",
        "tracking": "lot" if "lots" in row else "none",
    }
    if row.get("unit") == "DZ":
        values["uom_id"] = odoo.ref("uom.product_uom_dozen")
    # how a storable product is told changes with the series
    values |= {"detailed_type": "product"} if _is_17(odoo) else {"is_storable": True}
    return odoo.ensure("product.product", [("default_code", "=", row["sku"])], values)


def _make_profile(odoo: Session, system_id: int) -> None:
    """Have the lists that the warehouse hands over compared."""
    values = {"name": "Stock", "domain_code": "stock", "system_id": system_id}
    domain = [("domain_code", "=", "stock"), ("system_id", "=", system_id)]
    odoo.ensure("dist.reconciliation.profile", domain, values)


def _count_stock(
    odoo: Session, rows: list[dict[str, Any]], products: Mapping[str, int], location_id: int, plenty: int
) -> None:
    """Bring the stock of every product to what the catalogue says."""
    quants = []
    for row in rows:
        product_id = products[row["sku"]]
        lots = {
            odoo.ensure(
                "stock.lot",
                [("name", "=", name), ("product_id", "=", product_id)],
                {"name": name, "product_id": product_id, "company_id": _company(odoo)},
            ): quantity
            for name, quantity in row.get("lots", {}).items()
        } or {False: row.get("stock", 0)}
        for lot_id, quantity in lots.items():
            quantity *= 1 if row.get("scarce") else plenty
            values = {"product_id": product_id, "location_id": location_id, "inventory_quantity": quantity}
            quants.append({**values, "lot_id": lot_id})
    context = {"inventory_mode": True}
    ids = odoo.call("stock.quant", "create", quants, context=context)
    odoo.call("stock.quant", "action_apply_inventory", ids, context=context)


def _company(odoo: Session) -> int:
    (row,) = odoo.call("res.users", "read", [odoo.user], ["company_id"])
    return row["company_id"][0]


def _make_customers(odoo: Session, rows: list[dict[str, Any]], shop: Connection) -> None:
    """Have the shop send its customers; the credit limit is the distributor's own affair."""
    api = ApiClient(odoo.url, shop.key)
    for row in rows:
        customer = {
            "external_id": row["external_id"],
            "name": row["name"],
            "is_company": True,
            "email": f"{row['external_id'].lower()}@example.com",
            "address": {"street": "1 Main Street", "zip": "97301", "city": row["city"], "country": "US"},
        }
        answer = api.put(f"/customers/{row['external_id']}", customer)
        if not answer.ok:
            raise RuntimeError(f"Customer {row['external_id']} was answered {answer.status}: {answer.raw!r}")
        if "credit_limit" in row:
            domain = [("system_id", "=", shop.system), ("external_id", "=", row["external_id"])]
            (bound,) = odoo.search_read("dist.binding", domain, ["res_id"])
            odoo.write("res.partner", [bound["res_id"]], {"credit_limit": row["credit_limit"]})


def _make_accounts(odoo: Session) -> None:
    """Load a chart of accounts when the company has none: invoices need one."""
    company_id = _company(odoo)
    if not odoo.count("account.journal", [("type", "=", "sale"), ("company_id", "=", company_id)]):
        odoo.call("account.chart.template", "try_loading", "generic_coa", company_id, install_demo=False)


def _make_operator(odoo: Session) -> Session:
    """Return a session of the person who works on exceptions, with the rights of an operator only."""
    fields = odoo.call("res.users", "fields_get", ["groups_id", "group_ids"], ["type"])
    groups = "groups_id" if "groups_id" in fields else "group_ids"
    values = {
        "name": "Olivia Operator",
        "login": OPERATOR,
        groups: [(4, odoo.ref(xml_id)) for xml_id in OPERATOR_GROUPS],
    }
    user_id = odoo.ensure("res.users", [("login", "=", OPERATOR)], values)
    password = secrets.token_urlsafe(16)
    odoo.write("res.users", [user_id], {"password": password})
    return Session(odoo.url, odoo.database, OPERATOR, password)
