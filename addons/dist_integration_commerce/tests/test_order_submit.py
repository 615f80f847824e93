from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderSubmit(CommerceCase):
    def test_accepted(self):
        """C3: an order against which nothing stands is confirmed and answered with amounts and lines."""
        body = self.order(self.line("TEST-CORN", "10", unit="EA"), self.line("TEST-GLOVES", "2", unit="DZ"))
        answer, order = self.submit_ok(body)
        self.assertEqual(answer["status"], "accepted")
        self.assertEqual(answer["reference"], body["reference"])
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.dist_state, "accepted")
        self.assertEqual(order.dist_channel_id, self.channel)
        self.assertEqual(order.dist_external_ref, body["reference"])
        self.assertEqual(order.partner_id, self.customer)
        self.assertEqual(order.warehouse_id, self.warehouse)
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [10.0, 2.0])
        self.assertEqual(order.order_line[1]._dist_get_unit(), self.dozen)
        self.assertEqual(answer["amount_untaxed"], "196.00")
        self.assertEqual(answer["amount_total"], "196.00")
        self.assertEqual(answer["currency"], order.currency_id.name)
        first, second = answer["lines"]
        self.assertEqual(first["line"], body["lines"][0]["line"])
        self.assertEqual(first["status"], "accepted")
        self.assertEqual(first["accepted_quantity"], "10")
        self.assertEqual(first["backordered_quantity"], "0")
        self.assertEqual(first["unit_price"], "10")
        self.assertEqual(second["unit_price"], "48")
        self.assertEqual(second["unit"], "DZ")
        self.assertEqual(len(order.picking_ids), 1)
