from odoo import Command
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderTax(CommerceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create(
            {"name": "Test 10%", "amount": 10.0, "type_tax_use": "sale", "company_id": cls.company.id}
        )
        cls.taxed = cls.make_product("TEST-TAXED", 100, price=10.0, taxes_id=[Command.set(cls.tax.ids)])

    def test_tax_is_computed(self):
        """C3: amounts are answered with their tax."""
        answer, _order = self.submit_ok(self.order(self.line("TEST-TAXED", "3")))
        self.assertEqual(answer["amount_untaxed"], "30.00")
        self.assertEqual(answer["amount_tax"], "3.00")
        self.assertEqual(answer["amount_total"], "33.00")

    def test_totals_agree(self):
        """C3: totals that agree are no remark; a rounding of one cent a line agrees."""
        lines = [self.line("TEST-TAXED", "3"), self.line("TEST-TAXED", "1")]
        totals = {"untaxed": "40", "tax": "4.02", "total": "43.98"}
        answer, _order = self.submit_ok(self.order(*lines, totals=totals))
        self.assertEqual(answer["status"], "accepted")

    def test_totals_differ(self):
        """C3: what the shop charged and what Odoo computes differ: a person decides."""
        totals = {"untaxed": "30.00", "tax": "2.10", "total": "32.10"}
        answer, order = self.submit_ok(self.order(self.line("TEST-TAXED", "3"), totals=totals))
        self.assertEqual(answer["status"], "held")
        self.assertEqual(self.codes(answer), ["tax_mismatch", "total_mismatch"])
        self.assertEqual(answer["reasons"][0]["pointer"], "/totals/tax")
        self.assertEqual(order.state, "draft")

    def test_totals_of_what_was_not_taken(self):
        """C3: totals of the whole order are not held against a part of it."""
        self.channel.stock_policy = "partial"
        self.make_product("TEST-EMPTY", 0)
        answer, _order = self.submit_ok(
            self.order(self.line("TEST-TAXED", "1"), self.line("TEST-EMPTY"), totals={"total": "12.00"})
        )
        self.assertEqual(answer["status"], "accepted_in_part")

    def test_line_without_tax(self):
        """C3: where every line is taxed, a line without tax holds the order."""
        self.channel.require_tax = True
        answer, _order = self.submit_ok(self.order(self.line("TEST-TAXED"), self.line("TEST-CORN")))
        self.assertEqual(answer["status"], "held")
        self.assertEqual(answer["lines"][1]["reasons"][0]["code"], "tax_missing")
        self.assertEqual(answer["lines"][0]["reasons"], [])

    def test_fiscal_position_explains_no_tax(self):
        """C3: a fiscal position of the customer may take the tax away."""
        self.channel.require_tax = True
        self.customer.property_account_position_id = self.env["account.fiscal.position"].create(
            {"name": "Export", "company_id": self.company.id}
        )
        answer, _order = self.submit_ok(self.order(self.line("TEST-CORN")))
        self.assertEqual(answer["status"], "accepted")
