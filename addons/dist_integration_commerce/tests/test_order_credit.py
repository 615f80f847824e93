from odoo import Command, fields
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderCredit(CommerceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.credit_check = True
        cls.customer.credit_limit = 100.0

    def invoice(self, amount, partner=None):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or self.customer).id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Old debt", "quantity": 1, "price_unit": amount, "tax_ids": False}
                    )
                ],
            }
        )
        move.action_post()
        return move

    def test_within_the_limit(self):
        """C3: an order up to the limit is taken."""
        answer, _order = self.submit_ok(self.order(self.line(quantity="10")))
        self.assertEqual(answer["status"], "accepted")

    def test_beyond_the_limit(self):
        """C3, X1: beyond the limit the order is held; the exception says what is at risk."""
        answer, order = self.submit_ok(self.order(self.line(quantity="11")))
        self.assertEqual(answer["status"], "held")
        self.assertEqual(self.codes(answer), ["credit_limit"])
        exception = self.exceptions_of(order)
        self.assertEqual(exception.category, "business")
        self.assertEqual(exception.code, "credit_limit")
        self.assertEqual(exception.impact_orders, 1)
        self.assertEqual(exception.impact_lines, 1)
        self.assertEqual(exception.impact_skus, "TEST-CORN")
        self.assertEqual(exception.impact_warehouses, self.warehouse.name)
        self.assertEqual(exception.impact_value, 110.0)
        self.assertEqual(exception.currency_id, self.company.currency_id)

    def test_former_orders_count(self):
        """C3: confirmed orders that are not invoiced yet count; held ones do not."""
        self.submit_ok(self.order(self.line(quantity="6")))
        answer, _order = self.submit_ok(self.order(self.line(quantity="5")))
        self.assertEqual(answer["status"], "held")
        answer, _order = self.submit_ok(self.order(self.line(quantity="4")))
        self.assertEqual(answer["status"], "accepted")

    def test_open_invoices_count(self):
        """C3: open receivables count, those of a contact of the company too; paid ones do not."""
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.customer.id})
        debt = self.invoice(60.0, contact)
        answer, _order = self.submit_ok(self.order(self.line(quantity="5")))
        self.assertEqual(answer["status"], "held")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=debt.ids
        ).create({})._create_payments()
        answer, _order = self.submit_ok(self.order(self.line(quantity="5")))
        self.assertEqual(answer["status"], "accepted")

    def test_contact_uses_the_limit_of_its_company(self):
        """C3: an order of a contact is measured against its company."""
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.customer.id})
        self.bind(contact, "C-2")
        answer, _order = self.submit_ok(self.order(self.line(quantity="11"), customer={"external_id": "C-2"}))
        self.assertEqual(answer["status"], "held")

    def test_no_limit(self):
        """C3: a customer without a limit is not limited."""
        self.customer.credit_limit = 0.0
        answer, _order = self.submit_ok(self.order(self.line(quantity="90")))
        self.assertEqual(answer["status"], "accepted")

    def test_check_switched_off(self):
        """C3: a channel without credit check does not ask."""
        self.channel.credit_check = False
        answer, _order = self.submit_ok(self.order(self.line(quantity="90")))
        self.assertEqual(answer["status"], "accepted")

    def test_foreign_currency(self):
        """C3: exposure is counted in the currency of the company."""
        foreign = self.env["res.currency"].create({"name": "XTC", "symbol": "X", "rounding": 0.01})
        self.env["res.currency.rate"].create(
            {"currency_id": foreign.id, "rate": 10.0, "name": "2020-01-01", "company_id": self.company.id}
        )
        self.channel.pricelist_id = self.env["product.pricelist"].create(
            {"name": "X", "currency_id": foreign.id}
        )
        answer, order = self.submit_ok(self.order(self.line(quantity="9")))
        self.assertEqual(order.amount_total, 900.0)
        self.assertEqual(answer["status"], "accepted")
        answer, _order = self.submit_ok(self.order(self.line(quantity="2")))
        self.assertEqual(answer["status"], "held")
