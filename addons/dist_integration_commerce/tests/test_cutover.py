from odoo.tests import tagged

from .common import CommerceCase

BUSINESS = ("sale_order", "sale_order_line", "stock_picking", "stock_move", "res_partner", "dist_binding", "dist_event",
            "queue_job", "mail_mail", "mail_message", "mail_activity", "dist_exception")  # fmt: skip


@tagged("post_install", "-at_install")
class TestCutover(CommerceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        flows = {flow.message_type_id.code: flow for flow in cls.system.flow_ids}
        cls.orders, cls.customers = flows["order.submit"], flows["customer.upsert"]
        cls.orders.comparison_keys = "lines[] = sku"
        cls.orders.comparison_ignore = "lines[].line"

    def make_old_order(self, reference, quantity=1.0):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "client_order_ref": reference,
                "warehouse_id": self.warehouse.id,
                "order_line": [(0, 0, {"product_id": self.corn.id, "product_uom_qty": quantity})],
            }
        )
        order.action_confirm()
        self.env.flush_all()
        return order

    def count(self):
        self.env.flush_all()
        counts = {}
        for table in BUSINESS:
            self.env.cr.execute(f"SELECT count(*) FROM {table}")  # pylint: disable=sql-injection
            counts[table] = self.env.cr.fetchone()[0]
        return counts

    def get_comparison(self, response):
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        return self.env["dist.cutover.comparison"].search([("message_id", "=", message.id)])

    def test_order_in_the_shadow(self):
        """G10, C3: an order is checked, priced and confirmed, compared, and nothing of it is left."""
        self.orders._set_stage("shadow", "test")
        body = self.order(self.line(quantity="2"))
        self.make_old_order(body["reference"], 2)
        sequence = self.env["ir.sequence"].search([("code", "=", "sale.order")], limit=1)
        before, number = self.count(), sequence.number_next_actual
        response = self.submit(body)
        self.assertEqual((response.status_code, response.json_body["status"]), (202, "shadow"))
        self.assertEqual(self.count(), before)
        sequence.invalidate_recordset()
        self.assertEqual(sequence.number_next_actual, number, "no order number is used up")
        comparison = self.get_comparison(response)
        self.assertEqual(
            comparison.state, "equal", comparison.difference_ids.mapped(lambda item: (item.path, item.ours))
        )

    def test_difference_of_an_order(self):
        """G10, C3: another quantity shows, in the line and in the amounts."""
        self.orders._set_stage("shadow", "test")
        body = self.order(self.line(quantity="3"))
        self.make_old_order(body["reference"], 2)
        comparison = self.get_comparison(self.submit(body))
        self.assertEqual(comparison.state, "different")
        self.assertIn("lines[TEST-CORN].quantity", comparison.difference_ids.mapped("path"))

    def test_unknown_code_in_the_shadow(self):
        """G10, M8: a code nobody has explained shows before the flow goes live."""
        self.orders._set_stage("shadow", "test")
        comparison = self.get_comparison(self.submit(self.order(self.line(unit="??"))))
        self.assertEqual((comparison.state, comparison.error_code), ("failed", "unknown_unit"))

    def test_order_of_the_old_interface(self):
        """G10, C3: in coexistence an order that exists under the reference is taken for the one submitted."""
        self.orders._set_stage("coexist", "test")
        body = self.order(self.line(quantity="2"))
        old = self.make_old_order(body["reference"], 2)
        answer, order = self.submit_ok(body)
        self.assertEqual((order, answer["status"]), (old, "accepted"))
        self.assertEqual(order.dist_external_ref, body["reference"])
        read = self.call("GET", f"/orders/{body['reference']}")
        self.assertEqual(read.json_body["order"], old.name)
        again, same = self.submit_ok(body, headers={"Idempotency-Key": "another"})
        self.assertEqual((again, same), (answer, old))
        _answer, new = self.submit_ok(self.order())
        self.assertNotEqual(new, old)

    def test_customer_in_the_shadow(self):
        """G10, C1: a change of a customer is compared with the customer as the old interface left it."""
        self.customers._set_stage("shadow", "test")
        response = self.call("PUT", "/customers/C-1", {"name": "Meadow Farms", "phone": "+1 555 0100"})
        self.assertEqual(response.status_code, 202, response.text)
        comparison = self.get_comparison(response)
        self.assertEqual(comparison.difference_ids.mapped("path"), ["phone"])
        self.assertFalse(self.customer.phone)
        self.customer.phone = "+1 555 0100"
        response = self.call("PUT", "/customers/C-1", {"name": "Meadow Farms", "phone": "+1 555 0100"})
        self.assertEqual(self.get_comparison(response).state, "equal")
