from odoo import Command
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderStock(CommerceCase):
    def test_backorder(self):
        """C3: by policy the whole quantity is taken; the answer says what is not there yet."""
        answer, order = self.submit_ok(self.order(self.line("TEST-GLOVES", "40")))
        line = answer["lines"][0]
        self.assertEqual(answer["status"], "accepted")
        self.assertEqual(line["status"], "backordered")
        self.assertEqual(line["accepted_quantity"], "40")
        self.assertEqual(line["backordered_quantity"], "10")
        self.assertEqual(line["reasons"][0]["effect"], "note")
        self.assertEqual(order.order_line.product_uom_qty, 40.0)
        self.assertEqual(order.state, "sale")

    def test_partial(self):
        """C3: by policy what is available is taken, the rest is not ordered."""
        self.channel.stock_policy = "partial"
        answer, order = self.submit_ok(self.order(self.line("TEST-GLOVES", "40")))
        line = answer["lines"][0]
        self.assertEqual(answer["status"], "accepted_in_part")
        self.assertEqual(line["status"], "accepted_in_part")
        self.assertEqual(line["quantity"], "40")
        self.assertEqual(line["accepted_quantity"], "30")
        self.assertEqual(line["backordered_quantity"], "0")
        self.assertEqual(order.order_line.product_uom_qty, 30.0)

    def test_partial_in_whole_units(self):
        """C3: of 30 pieces two dozens can be taken, not two and a half."""
        self.channel.stock_policy = "partial"
        self.set_whole_units(self.dozen)
        answer, order = self.submit_ok(self.order(self.line("TEST-GLOVES", "3", unit="DZ")))
        self.assertEqual(answer["lines"][0]["accepted_quantity"], "2")
        self.assertEqual(order.order_line.product_uom_qty, 2.0)

    def test_partial_nothing_there(self):
        """C3: a line of which nothing is there is refused; so is an order of such lines alone."""
        self.channel.stock_policy = "partial"
        self.make_product("TEST-EMPTY", 0)
        answer, order = self.submit_ok(self.order(self.line("TEST-EMPTY"), self.line()))
        self.assertEqual(answer["status"], "accepted_in_part")
        self.assertEqual(answer["lines"][0]["reasons"][0]["code"], "out_of_stock")
        self.assertEqual(len(order.order_line), 1)
        _problem, errors = self.submit_refused(self.order(self.line("TEST-EMPTY")))
        self.assertEqual(errors, {"out_of_stock": "/lines/0/quantity"})

    def test_hold(self):
        """C3: by policy an order that cannot be filled waits for a person."""
        self.channel.stock_policy = "hold"
        answer, order = self.submit_ok(self.order(self.line("TEST-GLOVES", "40")))
        self.assertEqual(answer["status"], "held")
        self.assertEqual(answer["lines"][0]["backordered_quantity"], "10")
        self.assertEqual(self.codes(answer), ["insufficient_stock"])
        self.assertEqual(order.state, "draft")
        self.assertFalse(order.picking_ids)

    def test_two_lines_share_the_stock(self):
        """C3: two lines of one item do not both get the last piece."""
        self.channel.stock_policy = "partial"
        answer, _order = self.submit_ok(
            self.order(self.line("TEST-GLOVES", "20"), self.line("TEST-GLOVES", "20"))
        )
        self.assertEqual([line["accepted_quantity"] for line in answer["lines"]], ["20", "10"])

    def test_reserved_stock_is_gone(self):
        """C3: what another order reserved is not available."""
        self.channel.stock_policy = "partial"
        self.submit_ok(self.order(self.line("TEST-GLOVES", "25")))
        answer, _order = self.submit_ok(self.order(self.line("TEST-GLOVES", "25")))
        self.assertEqual(answer["lines"][0]["accepted_quantity"], "5")

    def test_safety_buffer(self):
        """C3, C5: the channel's buffer is not sold."""
        self.channel.write({"stock_policy": "partial", "safety_buffer": 10})
        answer, _order = self.submit_ok(self.order(self.line("TEST-GLOVES", "25")))
        self.assertEqual(answer["lines"][0]["accepted_quantity"], "20")

    def test_stock_of_another_warehouse(self):
        """C3: only the warehouse that ships counts."""
        self.channel.stock_policy = "partial"
        other = self.env["stock.warehouse"].create(
            {"name": "East", "code": "EAST", "company_id": self.company.id}
        )
        product = self.make_product("TEST-EAST", 0)
        self.set_stock(product, 50, warehouse=other)
        self.submit_refused(self.order(self.line("TEST-EAST")))
        self.channel.warehouse_id = other
        _answer, order = self.submit_ok(self.order(self.line("TEST-EAST")))
        self.assertEqual(order.picking_ids.picking_type_id.warehouse_id, other)

    def test_drop_ship(self):
        """C5, W9: what the supplier sends to the customer is not asked of the stock, and not promised from it."""
        self.channel.stock_policy = "partial"
        places = [self.env.ref(f"stock.stock_location_{name}").id for name in ("suppliers", "customers")]
        rule = {
            "name": "Drop-ship",
            "action": "pull",
            "picking_type_id": self.warehouse.out_type_id.id,
            "location_src_id": places[0],
            "location_dest_id": places[1],
        }
        route = self.env["stock.route"].create({"name": "Drop-ship", "rule_ids": [Command.create(rule)]})
        self.make_product("TEST-DROP", 0, route_ids=[Command.set(route.ids)])
        answer, order = self.submit_ok(self.order(self.line("TEST-DROP", "40")))
        self.assertEqual((answer["status"], self.codes(answer)), ("accepted", []))
        self.assertEqual(order.picking_ids.location_id.usage, "supplier")
        body = {"skus": ["TEST-DROP"]}
        (item,) = self.call("POST", "/availability/query", body).json_body["items"]
        self.assertEqual(item["available"], "0")

    def test_service_needs_no_stock(self):
        """C3: a service is always there."""
        self.channel.stock_policy = "hold"
        self.env["product.product"].create(
            {"name": "Advice", "default_code": "TEST-ADVICE", "type": "service", "taxes_id": False}
        )
        answer, _order = self.submit_ok(self.order(self.line("TEST-ADVICE", "1000")))
        self.assertEqual(answer["status"], "accepted")
