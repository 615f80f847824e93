"""A distributor's data: products, warehouses with stock, customers, and a shop that orders."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from .connection import make_system
from .session import Session

PRODUCTS = 10_000
WAREHOUSES = 4
CUSTOMERS = 200
STOCK = 5_000
LINES = 5
# one price for all: the tax of a line never has to be rounded, so that submitted totals are easily right
PRICE = 8.0
BATCH = 1_000
SCOPES = ("orders:submit", "orders:read", "availability:read")
# steps far apart, so that orders that follow each other share no product
STRIDE = 2_503


@dataclass(frozen=True)
class Catalogue:
    """Ids and codes of what was made.

    :param key: API key of the shop
    """

    products: list[int]
    warehouses: list[int]
    customers: list[int]
    carrier: int
    key: str

    def sku(self, number: int) -> str:
        """Return the item number of a product."""
        return f"SKU-{number:05d}"

    def orders(self) -> "Iterator[Order]":
        """Orders without end, each of five lines; the same ones in the same order at every call."""
        for number in count():
            lines = [
                ((number * LINES + line) * STRIDE % len(self.products), 1 + (number + line) % 5)
                for line in range(LINES)
            ]
            yield Order(self, number, lines)


@dataclass(frozen=True)
class Order:
    """One order, in the words of the API and in those of Odoo.

    :param lines: pairs of a product's number and a quantity
    """

    catalogue: Catalogue
    number: int
    lines: list[tuple[int, int]]

    def to_message(self) -> dict[str, Any]:
        """Return the body of POST /orders, with everything given that can be checked."""
        untaxed = sum(quantity * PRICE for _product, quantity in self.lines)
        return {
            "reference": f"WEB-{self.number}",
            "customer": {"external_id": f"C-{self.number % CUSTOMERS}"},
            "shipping_method": "STANDARD",
            "lines": [
                {
                    "line": str(position),
                    "item": {"sku": self.catalogue.sku(product)},
                    "quantity": str(quantity),
                    "unit": "EA",
                    "unit_price": f"{PRICE:.2f}",
                }
                for position, (product, quantity) in enumerate(self.lines, 1)
            ],
            "totals": {"untaxed": f"{untaxed:.2f}"},
        }

    def to_values(self) -> dict[str, Any]:
        """Return what creates the same sale.order."""
        return {
            "partner_id": self.catalogue.customers[self.number % CUSTOMERS],
            "warehouse_id": self.catalogue.warehouses[0],
            "client_order_ref": f"WEB-{self.number}",
            "carrier_id": self.catalogue.carrier,
            "order_line": [
                [0, 0, {"product_id": self.catalogue.products[product], "product_uom_qty": quantity}]
                for product, quantity in self.lines
            ],
        }


def build(session: Session) -> Catalogue:
    """Make the data of the comparison."""
    with session.transaction() as env:
        products = _make_products(env)
        warehouses = _make_warehouses(env)
        customers = _make_customers(env)
        carrier = _make_carrier(env)
        key = _make_shop(env, warehouses, customers, carrier)
        _make_stock(env, products, warehouses)
        catalogue = Catalogue(products, warehouses.ids, customers.ids, carrier.id, key)
    session.vacuum()
    return catalogue


def _make_products(env: Any) -> list[int]:
    products = env["product.product"].with_context(tracking_disable=True)
    storable = {"detailed_type": "product"} if "detailed_type" in products._fields else {"is_storable": True}
    ids: list[int] = []
    for first in range(0, PRODUCTS, BATCH):
        values = [
            {
                "name": f"Product {number}",
                "default_code": f"SKU-{number:05d}",
                "list_price": PRICE,
                **storable,
            }
            for number in range(first, first + BATCH)
        ]
        ids += products.create(values).ids
        env.flush_all()
        env.invalidate_all()
    return ids


def _make_warehouses(env: Any) -> Any:
    warehouses = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    missing = range(len(warehouses), WAREHOUSES)
    return warehouses + warehouses.create(
        [{"name": f"Warehouse {number}", "code": f"WH{number}"} for number in missing]
    )


def _make_customers(env: Any) -> Any:
    country = env.ref("base.us").id
    return env["res.partner"].create(
        [
            {"name": f"Customer {number}", "is_company": True, "country_id": country, "credit_limit": 1e9}
            for number in range(CUSTOMERS)
        ]
    )


def _make_carrier(env: Any) -> Any:
    service = env["product.product"].create({"name": "Delivery", "type": "service"})
    return env["delivery.carrier"].create({"name": "Standard", "product_id": service.id, "fixed_price": 5.0})


def _make_shop(env: Any, warehouses: Any, customers: Any, carrier: Any) -> str:
    """Make a shop whose channel checks whatever there is to check; return its key."""
    system, key = make_system(env, "Shop", SCOPES, ("order.submit",))
    for domain, code, record in (
        ("unit", "EA", env.ref("uom.product_uom_unit")),
        ("carrier", "STANDARD", carrier),
    ):
        env["dist.code.map"].create(
            {
                "system_id": system.id,
                "domain": domain,
                "external_code": code,
                "res_model": record._name,
                "res_id": record.id,
            }
        )
    for number, customer in enumerate(customers):
        env["dist.binding"]._bind(system, customer, f"C-{number}")
    env["dist.sales.channel"].create(
        {
            "name": "Web",
            "code": "WEB",
            "system_id": system.id,
            "warehouse_id": warehouses[0].id,
            "availability_warehouse_ids": [(6, 0, warehouses.ids)],
            "credit_check": True,
            "require_tax": True,
            "price_tolerance": 1.0,
            "minimum_amount": 1.0,
            "minimum_quantity": 1.0,
            "carrier_ids": [(6, 0, carrier.ids)],
        }
    )
    return key


def _make_stock(env: Any, products: list[int], warehouses: Any) -> None:
    """Put stock of every product into every warehouse, by SQL: 40,000 quants take Odoo half an hour."""
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO stock_quant (product_id, location_id, company_id, quantity, reserved_quantity, in_date,
                                 create_uid, create_date, write_uid, write_date)
        SELECT product_id, location_id, %(company)s, %(stock)s + mod(product_id, 97), 0, now() AT TIME ZONE 'UTC',
               1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
        FROM unnest(%(products)s) AS product_id, unnest(%(locations)s) AS location_id
        """,
        {
            "company": env.company.id,
            "stock": STOCK,
            "products": products,
            "locations": warehouses.lot_stock_id.ids,
        },
    )
    env.invalidate_all()
