from datetime import timedelta
from decimal import Decimal

import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..lib.promise import PromiseTerms, promise
from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestAvailabilityRules(CommerceCase):
    """C5: what a channel may promise, by its rules."""

    def rule(self, **values):
        return self.env["dist.availability.rule"].create({"channel_id": self.channel.id, **values})

    def available(self, sku="TEST-CORN", **values):
        response = self.call("POST", "/availability/query", {"skus": [sku], **values})
        self.assertEqual(response.status_code, 200, response.text)
        (item,) = response.json_body["items"]
        return item["available"]

    def move(self, quantity, days=0, source=None, target=None):
        suppliers = self.env.ref("stock.stock_location_suppliers")
        move = self.env["stock.move"].create(
            {
                "name": "Test",
                "product_id": self.corn.id,
                "product_uom_qty": quantity,
                "product_uom": self.units.id,
                "location_id": (source or suppliers).id,
                "location_dest_id": (target or self.warehouse.lot_stock_id).id,
                "date": fields.Datetime.now() + timedelta(days=days),
            }
        )
        move._action_confirm()
        return move

    def test_formula(self):
        """C5: buffer, share, cap and what comes in, in their order; never below zero."""
        free, inbound = Decimal("10"), Decimal("5")
        one = Decimal(1)
        for values, expected in (
            ({}, 15),
            ({"share": Decimal(50)}, 7),
            ({"share": Decimal(50), "buffer": Decimal(2)}, 5),
            ({"cap": Decimal(3)}, 3),
            ({"cap": Decimal(0)}, 0),
            ({"buffer": Decimal(99)}, 0),
        ):
            self.assertEqual(promise(free, inbound, PromiseTerms(**values), one), expected, values)
        self.assertEqual(promise(Decimal(-9), Decimal(0), PromiseTerms(share=Decimal(50)), one), 0)
        self.assertEqual(
            promise(one, Decimal(0), PromiseTerms(share=Decimal(50)), Decimal("0.1")), Decimal("0.5")
        )

    def test_buffer_share_and_cap(self):
        """C5: a rule keeps back, shares out and caps; its buffer takes the place of the channel's."""
        self.channel.safety_buffer = 40
        rule = self.rule(buffer=10)
        self.assertEqual(self.available(), "90")
        rule.share = 33
        self.assertEqual(self.available(), "23")
        rule.write({"is_capped": True, "cap": 20})
        self.assertEqual(self.available(), "20")
        rule.unlink()
        self.assertEqual(self.available(), "60")

    def test_nearest_rule(self):
        """C5: the product's own rule, then its category's, then those above, then the one for everything."""
        category = self.env["product.category"].create({"name": "Seeds"})
        below = self.env["product.category"].create({"name": "Corn", "parent_id": category.id})
        self.corn.categ_id = below
        self.rule(buffer=1)
        self.assertEqual(self.available(), "99")
        self.rule(buffer=2, categ_id=category.id)
        self.assertEqual(self.available(), "98")
        self.rule(buffer=3, categ_id=below.id)
        self.assertEqual(self.available(), "97")
        self.rule(buffer=4, product_id=self.corn.id)
        self.assertEqual(self.available(), "96")
        self.assertEqual(self.available("TEST-GLOVES"), "29")

    def test_rule_of_warehouse(self):
        """C5: a warehouse may have a rule of its own."""
        east = self.env["stock.warehouse"].create(
            {"name": "East", "code": "EAST", "company_id": self.company.id}
        )
        self.set_stock(self.corn, 50, warehouse=east)
        self.channel.availability_warehouse_ids = self.warehouse | east
        self.rule(buffer=5)
        self.rule(buffer=20, warehouse_id=east.id)
        self.assertEqual(self.available(), "125")
        self.assertEqual(self.available(warehouses=["EAST"]), "30")

    def test_horizon(self):
        """C5: goods on their way in count when they are expected within the horizon."""
        self.move(7, days=2)
        self.move(50, days=9)
        rule = self.rule()
        self.assertEqual(self.available(), "100")
        rule.horizon_days = 3
        self.assertEqual(self.available(), "107")
        rule.horizon_days = 10
        self.assertEqual(self.available(), "157")

    def test_orders_that_wait(self):
        """C5: what confirmed orders wait for, and orders that wait for a person, are not promised again."""
        self.rule()
        customers = self.env.ref("stock.stock_location_customers")
        self.move(30, source=self.warehouse.lot_stock_id, target=customers)
        self.assertEqual(self.available(), "70")
        self.channel.require_tax = True
        answer, _order = self.submit_ok(self.order(self.line(quantity="5")))
        self.assertEqual((answer["status"], self.available()), ("held", "65"))

    def test_in_several_steps(self):
        """C5: goods that leave in several steps are taken once."""
        self.rule()
        self.warehouse.delivery_steps = "pick_ship"
        self.submit_ok(self.order(self.line(quantity="15")))
        self.assertEqual(self.available(), "85")
        self.submit_ok(self.order(self.line(quantity="100")))
        self.assertEqual(self.available(), "0")

    def test_reserved_is_taken_once(self):
        """C5: what is reserved is not taken again as ordered."""
        self.rule()
        self.submit_ok(self.order(self.line(quantity="15")))
        self.assertEqual(self.available(), "85")

    def test_same_as_without_rules(self):
        """C5: a rule that asks for nothing changes no answer."""
        bodies = [{"skus": ["TEST-CORN", "NOPE", 'A"B\\C', "TEST-GLOVES", "TEST-CORN"]}]
        self.make_product('A"B\\C', 3)
        self.bind(self.gloves, "SHOP-77")
        bodies.append({"skus": ["SHOP-77"]})
        before = [self.call("POST", "/availability/query", body).json_body["items"] for body in bodies]
        self.rule()
        after = [self.call("POST", "/availability/query", body).json_body["items"] for body in bodies]
        self.assertEqual(before, after)

    def test_order_is_checked_by_the_rules(self):
        """C3, C5: an order gets what its channel may promise, not more."""
        self.channel.stock_policy = "partial"
        self.rule(share=50)
        answer, _order = self.submit_ok(self.order(self.line(quantity="40"), self.line(quantity="40")))
        self.assertEqual([line["accepted_quantity"] for line in answer["lines"]], ["40", "10"])

    @mute_logger("odoo.sql_db")
    def test_bad_rules(self):
        """C5: a share above all of it, two targets, or two rules of one target are refused."""
        self.rule(product_id=self.corn.id)
        category = self.env["product.category"].create({"name": "Seeds"})
        for values in (
            {"share": 101},
            {"buffer": -1},
            {"horizon_days": -1},
            {"product_id": self.gloves.id, "categ_id": category.id},
            {"product_id": self.corn.id},
        ):
            with (
                self.subTest(values=values),
                self.assertRaises(psycopg2.IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.rule(**values)

    def test_rights(self):
        """G8: managers make rules, others read them; those of another company are not seen."""
        rule = self.rule(buffer=1)
        user = new_test_user(self.env, "rule-reader", groups="dist_integration_base.group_dist_user")
        self.assertEqual(rule.with_user(user).buffer, 1)
        with self.assertRaises(AccessError):
            rule.with_user(user).buffer = 2
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "rule-stranger",
            groups="dist_integration_base.group_dist_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(rule.with_user(stranger).search([("id", "=", rule.id)]))
