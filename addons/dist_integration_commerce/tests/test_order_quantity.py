from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderQuantity(CommerceCase):
    def rule(self, **values):
        return self.env["dist.quantity.rule"].create({"channel_id": self.channel.id, **values})

    def test_minimum_of_the_channel(self):
        """C3: below the least quantity of a line the line is refused."""
        self.channel.minimum_quantity = 5
        problem, errors = self.submit_refused(self.order(self.line(quantity="4")))
        self.assertEqual(errors, {"minimum_quantity": "/lines/0/quantity"})
        self.assertIn("5", problem["detail"])
        self.submit_ok(self.order(self.line(quantity="5")))

    def test_minimum_is_in_the_unit_of_the_product(self):
        """C3: a dozen is twelve."""
        self.channel.minimum_quantity = 12
        self.submit_ok(self.order(self.line(quantity="1", unit="DZ")))
        self.submit_refused(self.order(self.line(quantity="11", unit="EA")))

    def test_multiple(self):
        """C3: an item sold in lots is refused in any other quantity."""
        self.rule(product_id=self.corn.id, multiple=6)
        _problem, errors = self.submit_refused(self.order(self.line(quantity="8")))
        self.assertEqual(errors, {"quantity_multiple": "/lines/0/quantity"})
        self.submit_ok(self.order(self.line(quantity="18")))
        self.submit_ok(self.order(self.line(quantity="1", unit="DZ")))

    def test_rule_goes_before_the_channel(self):
        """C3: the rule of a product, then that of its nearest category, then the channel."""
        parent = self.env["product.category"].create({"name": "Supplies"})
        child = self.env["product.category"].create({"name": "Gloves", "parent_id": parent.id})
        self.gloves.categ_id = child
        self.channel.minimum_quantity = 10
        self.rule(categ_id=parent.id, minimum=3)
        self.submit_ok(self.order(self.line("TEST-GLOVES", "3")))
        self.rule(categ_id=child.id, minimum=2)
        self.submit_ok(self.order(self.line("TEST-GLOVES", "2")))
        self.rule(product_id=self.gloves.id, minimum=0)
        self.submit_ok(self.order(self.line("TEST-GLOVES", "1")))
        self.submit_refused(self.order(self.line("TEST-CORN", "9")))

    def test_rule_is_for_one_thing(self):
        """C3: a rule is for a product or a category, once."""
        self.rule(product_id=self.corn.id)
        category = self.env["product.category"].create({"name": "Grain"}).id
        for values in (
            {},
            {"product_id": self.gloves.id, "categ_id": category},
            {"product_id": self.corn.id},
            {"categ_id": category, "minimum": -1},
            {"categ_id": category, "multiple": -1},
        ):
            with self.subTest(values=values), self.assertRaises(IntegrityError):
                with mute_logger("odoo.sql_db"), self.cr.savepoint():
                    self.rule(**values)

    def test_minimum_order_value(self):
        """C3: an order below the least value is refused."""
        self.channel.minimum_amount = 50.0
        problem, errors = self.submit_refused(self.order(self.line(quantity="4")))
        self.assertEqual(errors, {"minimum_order_value": "/lines"})
        self.assertIn("50", problem["detail"])
        self.submit_ok(self.order(self.line(quantity="5")))
