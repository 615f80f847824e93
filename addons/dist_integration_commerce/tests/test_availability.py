from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestAvailability(CommerceCase):
    def query(self, *skus, status=200, key=None, **values):
        response = self.call("POST", "/availability/query", {"skus": list(skus), **values}, key=key)
        self.assertEqual(response.status_code, status, response.text)
        return response.json_body

    def stock(self, sku, **values):
        """:return: dict of the only warehouse of the only item"""
        (item,) = self.query(sku, **values)["items"]
        (warehouse,) = item["warehouses"]
        return warehouse

    def test_quantities(self):
        """C5: on hand, reserved, incoming and available of an item."""
        self.submit_ok(self.order(self.line(quantity="15")))
        receipt = self.env["stock.move"].create(
            {
                "name": "In",
                "product_id": self.corn.id,
                "product_uom_qty": 40.0,
                "product_uom": self.units.id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
            }
        )
        receipt._action_confirm()
        self.assertEqual(
            self.stock("TEST-CORN"),
            {
                "warehouse": self.warehouse.code,
                "on_hand": "100",
                "reserved": "15",
                "incoming": "40",
                "available": "85",
            },
        )

    def test_same_as_odoo(self):
        """C5: the figures are those that Odoo computes for the warehouse."""
        self.submit_ok(self.order(self.line(quantity="7")))
        figures = self.stock("TEST-CORN")
        product = self.corn.with_context(warehouse=self.warehouse.id)
        self.assertEqual(float(figures["on_hand"]), product.qty_available)
        self.assertEqual(float(figures["available"]), product.free_qty)

    def test_buffer(self):
        """C5: the channel's buffer is kept back in each warehouse, never below zero."""
        self.channel.safety_buffer = 40
        self.assertEqual(self.stock("TEST-CORN")["available"], "60")
        self.assertEqual(self.stock("TEST-GLOVES")["available"], "0")
        self.assertEqual(self.stock("TEST-GLOVES")["on_hand"], "30")

    def test_unknown_item(self):
        """C5: an unknown item carries its error, the others their stock, in the order asked for."""
        items = self.query("NOPE", "TEST-CORN", "NOPE", "TEST-GLOVES")["items"]
        self.assertEqual([item["sku"] for item in items], ["NOPE", "TEST-CORN", "NOPE", "TEST-GLOVES"])
        self.assertEqual(items[0], {"sku": "NOPE", "error": "unknown_item"})
        self.assertEqual(items[1]["available"], "100")
        self.assertEqual(items[1]["unit"], "Units")

    def test_no_stock_at_all(self):
        """C5: an item that never had stock has none."""
        self.make_product("TEST-EMPTY", 0)
        self.assertEqual(
            self.stock("TEST-EMPTY"),
            {
                "warehouse": self.warehouse.code,
                "on_hand": "0",
                "reserved": "0",
                "incoming": "0",
                "available": "0",
            },
        )

    def test_quant_without_quantity(self):
        """C5: Odoo makes a quant without a quantity beside a locked one: what it reserves is not available."""
        for product in (self.corn, self.make_product("TEST-EMPTY", 0)):
            self.env.cr.execute(
                "INSERT INTO stock_quant (product_id, location_id, company_id, reserved_quantity, in_date) "
                "VALUES (%s, %s, %s, 4, now())",
                (product.id, self.warehouse.lot_stock_id.id, self.company.id),
            )
        stock = self.stock("TEST-CORN")
        self.assertEqual((stock["on_hand"], stock["reserved"], stock["available"]), ("100", "4", "96"))
        stock = self.stock("TEST-EMPTY")
        self.assertEqual((stock["on_hand"], stock["reserved"], stock["available"]), ("0", "4", "0"))

    def test_warehouses(self):
        """C5: each published warehouse is shown, and their sum; one that is not published is unknown."""
        east = self.env["stock.warehouse"].create(
            {"name": "East", "code": "EAST", "company_id": self.company.id}
        )
        secret = self.env["stock.warehouse"].create(
            {"name": "Own", "code": "SECR", "company_id": self.company.id}
        )
        self.set_stock(self.corn, 5, warehouse=east)
        self.set_stock(self.corn, 1000, warehouse=secret)
        self.channel.availability_warehouse_ids = self.warehouse | east
        (item,) = self.query("TEST-CORN")["items"]
        found = {stock["warehouse"]: stock["available"] for stock in item["warehouses"]}
        self.assertEqual(found, {self.warehouse.code: "100", "EAST": "5"})
        self.assertEqual(item["available"], "105")
        self.assertEqual(self.stock("TEST-CORN", warehouses=["EAST"])["available"], "5")
        for code in ("SECR", "NONE"):
            problem = self.query("TEST-CORN", warehouses=["EAST", code], status=422)
            self.assertEqual(problem["errors"][0]["pointer"], "/warehouses/1")
            self.assertEqual(problem["code"], "unknown_warehouse")

    def test_odd_item_numbers(self):
        """C5: quotes, backslashes and letters of any language come back as they went."""
        odd = 'A"B\\C é 😀'
        self.make_product(odd, 3)
        (item,) = self.query(odd)["items"]
        self.assertEqual(item["sku"], odd)
        self.assertEqual(item["available"], "3")

    def test_fractions(self):
        """C5: quantities are exact decimal strings."""
        self.make_product("TEST-KG", 0.3)
        self.set_stock(self.env["product.product"].search([("default_code", "=", "TEST-KG")]), 0.1)
        self.assertEqual(self.stock("TEST-KG")["on_hand"], "0.4")

    def test_item_numbers_of_several_products(self):
        """C5: a number that two products share means neither."""
        self.make_product("TEST-TWIN", 5)
        self.make_product("TEST-TWIN", 5)
        self.assertEqual(self.query("TEST-TWIN")["items"][0]["error"], "unknown_item")

    def test_archived_and_foreign_products(self):
        """C5: neither archived products nor those of another company are known."""
        self.make_product("TEST-OLD", 5).active = False
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.make_product("TEST-FOREIGN", 0, company_id=other.id)
        items = self.query("TEST-OLD", "TEST-FOREIGN")["items"]
        self.assertEqual([item.get("error") for item in items], ["unknown_item"] * 2)

    def test_bound_item_number(self):
        """C5, M8: the system's own number of a product is understood."""
        self.bind(self.gloves, "SHOP-77")
        self.assertEqual(self.stock("SHOP-77")["available"], "30")

    def test_many(self):
        """C5: ten thousand items in one call."""
        skus = [f"NONE-{number}" for number in range(9_998)] + ["TEST-CORN", "TEST-GLOVES"]
        items = self.query(*skus)["items"]
        self.assertEqual(len(items), 10_000)
        self.assertEqual(items[-1]["available"], "30")

    def test_bad_queries(self):
        """M4: no items, too many, no texts: refused."""
        for body in (
            {},
            {"skus": []},
            {"skus": ["A"] * 10_001},
            {"skus": [1]},
            {"skus": [""]},
            {"skus": ["A" * 65]},
            {"skus": "A"},
            {"skus": ["A"], "more": 1},
            {"skus": ["A"], "warehouses": []},
        ):
            with self.subTest(body=str(body)[:60]):
                response = self.call("POST", "/availability/query", body)
                self.assertEqual(response.status_code, 422, response.text[:500])

    def test_channel(self):
        """C5: with several channels the caller names one; with none it is told."""
        self.make_channel(self.system, code="B2B", safety_buffer=99)
        self.assertEqual(self.query("TEST-CORN", status=422)["code"], "channel_missing")
        self.assertEqual(self.stock("TEST-CORN", channel="B2B")["available"], "1")
        self.assertEqual(self.query("TEST-CORN", channel="NO", status=422)["code"], "unknown_channel")
        _system, _client, key = self.make_shop("OTHER")
        self.assertEqual(self.query("TEST-CORN", key=key, status=422)["code"], "no_channel")
