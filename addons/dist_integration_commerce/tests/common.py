import json
from itertools import count

from odoo import Command

from odoo.addons.dist_integration_base.lib.schema import compile_schema
from odoo.addons.dist_integration_base.tests.common import DistHttpCase

SCOPES = (
    "customers:read",
    "customers:write",
    "orders:submit",
    "orders:change",
    "orders:read",
    "quotations:submit",
    "returns:submit",
    "availability:read",
    "availability:hold",
    "invoices:read",
)
INBOUND = (
    "customer.upsert",
    "order.submit",
    "order.change",
    "order.cancel",
    "quotation.submit",
    "quotation.order",
    "return.submit",
)
HOLDS = ("hold.create", "hold.release")


class CommerceCase(DistHttpCase):
    """A shop with one channel, products with stock, a customer; calls go through HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.numbers = count(1)
        cls.company = cls.env.company
        # from 19.0 on pricelists count only where the feature is switched on
        cls.env.ref("base.group_user").implied_ids |= cls.env.ref("product.group_product_pricelist")
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1)
        cls.system, cls.client, cls.key = cls.make_shop("TESTSHOP")
        cls.channel = cls.make_channel(cls.system)
        cls.units = cls.env.ref("uom.product_uom_unit")
        cls.dozen = cls.env.ref("uom.product_uom_dozen")
        cls.map_code("unit", "EA", cls.units)
        cls.map_code("unit", "DZ", cls.dozen)
        cls.corn = cls.make_product("TEST-CORN", 100.0, price=10.0)
        cls.gloves = cls.make_product("TEST-GLOVES", 30.0, price=4.0)
        cls.customer = cls.env["res.partner"].create(
            {"name": "Meadow Farms", "is_company": True, "email": "meadow@example.com", "city": "Salem"}
        )
        cls.bind(cls.customer, "C-1")

    @classmethod
    def make_shop(cls, code, company=None, kind="shop"):
        """:return: (dist.system, dist.api.client, key)"""
        return cls._make_system(
            f"Shop {code}",
            scopes=SCOPES,
            message_types=INBOUND,
            code=code,
            kind=kind,
            company_id=(company or cls.company).id,
        )

    @classmethod
    def allow_holds(cls, system, channel):
        """Let a shop set goods aside."""
        channel.allow_holds = True
        for code in HOLDS:
            cls._make_flow(system, code)

    @classmethod
    def make_channel(cls, system, **values):
        company = system.company_id
        warehouse = cls.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        return cls.env["dist.sales.channel"].create(
            {
                "name": f"Channel {system.code}",
                "code": "WEB",
                "system_id": system.id,
                "company_id": company.id,
                "warehouse_id": warehouse.id,
                **values,
            }
        )

    @classmethod
    def make_product(cls, sku, quantity, price=1.0, **values):
        product = cls.env["product.product"].create(
            {
                "name": f"Product {sku}",
                "default_code": sku,
                "detailed_type": "product",
                "list_price": price,
                "taxes_id": [Command.clear()],
                **values,
            }
        )
        if quantity:
            cls.set_stock(product, quantity)
        return product

    @classmethod
    def set_stock(cls, product, quantity, warehouse=None):
        location = (warehouse or cls.warehouse).lot_stock_id
        cls.env["stock.quant"]._update_available_quantity(product, location, quantity)

    @classmethod
    def map_code(cls, domain, code, record, system=None):
        return cls.env["dist.code.map"].create(
            {
                "system_id": (system or cls.system).id,
                "domain": domain,
                "external_code": code,
                "res_model": record._name,
                "res_id": record.id,
            }
        )

    @classmethod
    def bind(cls, record, external_id, system=None):
        return cls.env["dist.binding"]._bind(system or cls.system, record, external_id)

    @classmethod
    def set_whole_units(cls, unit):
        """Sell a unit in whole numbers only; 19.0 has one precision for all units."""
        unit.rounding = 1.0
        cls.env["decimal.precision"].search([("name", "=", "Product Unit of Measure")]).digits = 0

    # calls

    def call(self, method, path, body=None, key=None, headers=None):
        """:return: response of the API; ``json_body`` holds the decoded body"""
        response = self._call(method, path, body, key or self.key, **(headers or {}))
        is_json = "json" in response.headers.get("Content-Type", "")
        response.json_body = response.json() if is_json and response.content else None
        return response

    def line(self, sku="TEST-CORN", quantity="1", **values):
        return {"line": str(next(self.numbers)), "item": {"sku": sku}, "quantity": quantity, **values}

    def order(self, *lines, **values):
        """:return: body of an order of the known customer"""
        return {
            "reference": f"WEB-{next(self.numbers)}",
            "customer": {"external_id": "C-1"},
            "lines": list(lines) or [self.line()],
            **values,
        }

    def submit(self, body, **options):
        return self.call("POST", "/orders", body, **options)

    def submit_ok(self, body, **options):
        """:return: (answer, sale.order)"""
        response = self.submit(body, **options)
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json_body
        order = self.env["sale.order"].search([("name", "=", answer["order"])])
        self.assertEqual(len(order), 1)
        return answer, order

    def submit_refused(self, body, status=422, **options):
        """:return: (problem, dict of codes to pointers)"""
        orders = self.env["sale.order"].search_count([])
        response = self.submit(body, **options)
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"], "application/problem+json; charset=utf-8")
        self.assertEqual(self.env["sale.order"].search_count([]), orders, "a refused order leaves nothing")
        problem = response.json_body
        return problem, {error["code"]: error["pointer"] for error in problem["errors"]}

    def codes(self, answer):
        """:return: codes of all reasons of an answer, the order's own and its lines'"""
        reasons = answer["reasons"] + [reason for line in answer["lines"] for reason in line["reasons"]]
        return [reason["code"] for reason in reasons]

    def messages_of(self, record):
        return self.env["dist.message"].search([("res_model", "=", record._name), ("res_id", "=", record.id)])

    def exceptions_of(self, record):
        return self.env["dist.exception"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )


class EventCase(CommerceCase):
    """The shop hears of what happens."""

    outbound = (
        "order.confirmed",
        "order.held",
        "order.cancelled",
        "order.shipped",
        "invoice.posted",
        "invoice.paid",
        "invoice.cancelled",
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.subscribe(cls.system)

    @classmethod
    def subscribe(cls, system):
        endpoint = cls._make_endpoint(system, "http://127.0.0.1:1/hook")
        for code in cls.outbound:
            cls._make_flow(system, code, endpoint_id=endpoint.id)

    def sent(self, system=None):
        """Messages out since the last call, each valid against its schema.

        :return: list of (type, data)
        """
        self._commit_events()
        messages = self.env["dist.message"].search(
            [("direction", "=", "out"), ("system_id", "=", (system or self.system).id)], order="id"
        )
        fresh = messages.filtered(lambda message: message.id > getattr(self, "last_seen", 0))
        self.last_seen = max(messages.ids, default=0)
        found = []
        for message in fresh:
            data = json.loads(message.event_id.payload)
            self.assertEqual(compile_schema(message.version_id._get_schema()).errors(data), [])
            found.append((message.message_type_id.code, data))
        self.assertFalse(self.env["dist.event"].search([("state", "=", "error")]))
        return found

    def deliver(self, order, quantity=None):
        picking = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        for move in picking.move_ids:
            move.quantity = quantity or move.product_uom_qty
            move.picked = True
        picking._action_done()
        return picking
