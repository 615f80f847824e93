from odoo import Command
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderPrice(CommerceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pricelist = cls.env["product.pricelist"].create(
            {
                "name": "Contract",
                "currency_id": cls.company.currency_id.id,
                "item_ids": [
                    Command.create(
                        {
                            "applied_on": "0_product_variant",
                            "product_id": cls.corn.id,
                            "compute_price": "fixed",
                            "fixed_price": 8.0,
                        }
                    ),
                    Command.create(
                        {
                            "applied_on": "0_product_variant",
                            "product_id": cls.corn.id,
                            "compute_price": "fixed",
                            "fixed_price": 7.0,
                            "min_quantity": 50,
                        }
                    ),
                ],
            }
        )
        cls.customer.property_product_pricelist = cls.pricelist

    def test_contract_price_when_none_is_submitted(self):
        """C3: an order without prices gets those of the customer's pricelist, volume breaks included."""
        _answer, order = self.submit_ok(self.order(self.line(quantity="10"), self.line(quantity="60")))
        self.assertEqual(order.order_line.mapped("price_unit"), [8.0, 7.0])

    def test_same_price(self):
        """C3: the contract price submitted is no remark."""
        answer, order = self.submit_ok(self.order(self.line(quantity="10", unit_price="8.00")))
        self.assertEqual(answer["status"], "accepted")
        self.assertEqual(self.codes(answer), [])
        self.assertEqual(order.order_line.price_unit, 8.0)

    def test_price_of_a_dozen(self):
        """C3: a price is compared for the unit of the line."""
        answer, order = self.submit_ok(self.order(self.line(quantity="1", unit="DZ", unit_price="96")))
        self.assertEqual(self.codes(answer), [])
        self.assertEqual(order.order_line.price_unit, 96.0)

    def test_beyond_tolerance_holds(self):
        """C3: a price beyond the tolerance holds the order, which carries the contract price; whoever decides reads
        both.
        """
        answer, order = self.submit_ok(self.order(self.line(unit_price="7.99")))
        self.assertEqual(answer["status"], "held")
        self.assertEqual(answer["lines"][0]["status"], "held")
        self.assertEqual(self.codes(answer), ["price_mismatch"])
        self.assertIn("7.99", answer["lines"][0]["reasons"][0]["detail"])
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.order_line.price_unit, 8.0)
        exception = self.env["dist.exception"].search(
            [("res_model", "=", "sale.order"), ("res_id", "=", order.id)]
        )
        self.assertIn("Submitted price 7.99, contract price 8.", exception.detail)

    def test_tolerance(self):
        """C3: the tolerance is included, in both directions; within it the submitted price is taken."""
        self.channel.price_tolerance = 5.0
        for price, expected in (
            ("7.60", "accepted"),
            ("8.40", "accepted"),
            ("7.59", "held"),
            ("8.41", "held"),
        ):
            with self.subTest(price=price):
                answer, order = self.submit_ok(self.order(self.line(unit_price=price)))
                self.assertEqual(answer["status"], expected)
                wanted = float(price) if expected == "accepted" else 8.0
                self.assertEqual(order.order_line.price_unit, wanted)
                self.assertEqual(answer["amount_untaxed"], f"{wanted:.2f}")

    def test_refuse_line(self):
        """C3: by policy the line with the wrong price is refused, the rest is taken."""
        self.channel.price_policy = "refuse"
        answer, order = self.submit_ok(
            self.order(self.line(unit_price="1"), self.line("TEST-GLOVES", unit_price="4"))
        )
        self.assertEqual(answer["status"], "accepted_in_part")
        self.assertEqual(answer["lines"][0]["reasons"][0]["code"], "price_mismatch")
        self.assertEqual(order.order_line.product_id, self.gloves)
        self.assertEqual(answer["amount_untaxed"], "4.00")
        self.assertEqual(order.state, "sale")

    def test_refuse_only_line(self):
        """C3: an order all of whose lines are refused is refused."""
        self.channel.price_policy = "refuse"
        _problem, errors = self.submit_refused(self.order(self.line(unit_price="1")))
        self.assertEqual(errors, {"price_mismatch": "/lines/0/unit_price"})

    def test_take_contract_price(self):
        """C3: by policy the contract price is taken, and the answer says so."""
        self.channel.price_policy = "contract"
        answer, order = self.submit_ok(self.order(self.line(unit_price="1")))
        self.assertEqual(answer["status"], "accepted")
        self.assertEqual(self.codes(answer), ["contract_price_taken"])
        self.assertEqual(answer["lines"][0]["unit_price"], "8")
        self.assertEqual(order.order_line.price_unit, 8.0)

    def test_take_submitted_price(self):
        """C3: by policy the submitted price is taken, and the answer says so."""
        self.channel.price_policy = "accept"
        answer, order = self.submit_ok(self.order(self.line(quantity="3", unit_price="1.50")))
        self.assertEqual(answer["status"], "accepted")
        self.assertEqual(self.codes(answer), ["price_differs"])
        self.assertEqual(order.order_line.price_unit, 1.5)
        self.assertEqual(answer["amount_untaxed"], "4.50")

    def test_pricelist_of_the_channel(self):
        """C3: a pricelist of the channel goes before the customer's."""
        self.channel.pricelist_id = self.env["product.pricelist"].create(
            {"name": "Web", "currency_id": self.company.currency_id.id}
        )
        _answer, order = self.submit_ok(self.order(self.line(unit_price="10")))
        self.assertEqual(order.pricelist_id, self.channel.pricelist_id)
        self.assertEqual(order.order_line.price_unit, 10.0)

    def test_discount_shown_on_the_line(self):
        """C3: where the pricelist shows its discount, the price after discount is compared."""
        self.pricelist.item_ids.unlink()
        self.pricelist.item_ids = [
            Command.create({"applied_on": "3_global", "compute_price": "percentage", "percent_price": 20.0})
        ]
        if "discount_policy" in self.pricelist._fields:
            self.pricelist.discount_policy = "without_discount"
        answer, order = self.submit_ok(self.order(self.line(unit_price="8.00")))
        self.assertEqual(self.codes(answer), [])
        self.assertEqual(answer["lines"][0]["unit_price"], "8")
        self.assertEqual(answer["amount_untaxed"], "8.00")
        self.assertEqual(order.order_line.price_subtotal, 8.0)

    def test_currency(self):
        """C3: an order in another currency than the customer's prices is refused."""
        other = "EUR" if self.company.currency_id.name != "EUR" else "USD"
        _problem, errors = self.submit_refused(self.order(currency=other))
        self.assertEqual(errors, {"currency_mismatch": "/currency"})
        self.submit_ok(self.order(currency=self.company.currency_id.name))

    def test_foreign_currency_pricelist(self):
        """C3: amounts are in the currency of the customer's pricelist."""
        euro = self.env.ref("base.EUR")
        usd = self.env.ref("base.USD")
        foreign = euro if self.company.currency_id != euro else usd
        foreign.active = True
        self.pricelist.currency_id = foreign
        answer, order = self.submit_ok(self.order(self.line(unit_price="8"), currency=foreign.name))
        self.assertEqual(answer["currency"], foreign.name)
        self.assertEqual(order.currency_id, foreign)
        self.assertEqual(answer["amount_untaxed"], "8.00")
