from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderBulk(CommerceCase):
    def bulk(self, *bodies, **options):
        response = self.call("POST", "/orders/bulk", {"items": list(bodies)}, **options)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json_body["items"]

    def test_all_taken(self):
        """C3, M4: many orders in one call, each with its own answer."""
        bodies = [self.order(self.line(quantity="1"), self.line("TEST-GLOVES")) for _index in range(12)]
        items = self.bulk(*bodies)
        self.assertEqual([item["status"] for item in items], [200] * 12)
        self.assertEqual(
            [item["answer"]["reference"] for item in items], [body["reference"] for body in bodies]
        )
        orders = self.env["sale.order"].search([("dist_channel_id", "=", self.channel.id)])
        self.assertEqual(len(orders), 12)
        self.assertEqual(set(orders.mapped("state")), {"sale"})
        self.assertEqual(len(set(orders.mapped("name"))), 12)
        for order in orders:
            self.assertEqual(len(order.picking_ids), 1, "each order has its own delivery")
            self.assertEqual(self.messages_of(order).res_id, order.id)

    def test_one_create_for_all(self):
        """C3: orders of a batch are created and confirmed together."""
        calls = []
        model = type(self.env["sale.order"])
        original = model.action_confirm

        def action_confirm(orders):
            calls.append(len(orders))
            return original(orders)

        self.patch(model, "action_confirm", action_confirm)
        self.bulk(*[self.order() for _index in range(10)])
        self.assertEqual(calls, [10])

    def test_wrong_ones_leave_the_others(self):
        """C3, M4: one that is refused, one that waits and one that does not fit leave the others alone."""
        good, last = self.order(), self.order()
        items = self.bulk(
            good,
            self.order(customer={"external_id": "NOBODY"}),
            self.order(self.line(unit="PAL")),
            self.order(self.line(quantity="0")),
            last,
        )
        self.assertEqual([item["status"] for item in items], [200, 422, 202, 422, 200])
        self.assertEqual(items[1]["problem"]["errors"][0]["code"], "unknown_customer")
        self.assertEqual(items[2]["answer"]["status"], "held")
        self.assertEqual(items[3]["problem"]["code"], "invalid_message")
        orders = self.env["sale.order"].search([("dist_channel_id", "=", self.channel.id)])
        self.assertEqual(set(orders.mapped("dist_external_ref")), {good["reference"], last["reference"]})

    def test_held_among_taken(self):
        """C3: a held order in a batch does not hold the others."""
        self.customer.credit_limit = 35.0
        self.channel.credit_check = True
        items = self.bulk(*[self.order(self.line(quantity="2")) for _index in range(3)])
        self.assertEqual([item["answer"]["status"] for item in items], ["accepted", "held", "held"])

    def test_stock_is_shared_out_once(self):
        """C3: the orders of a batch do not all get the same last piece."""
        self.channel.stock_policy = "partial"
        items = self.bulk(*[self.order(self.line("TEST-GLOVES", "20")) for _index in range(2)])
        accepted = [item["answer"]["lines"][0]["accepted_quantity"] for item in items]
        self.assertEqual(accepted, ["20", "10"])

    def test_same_order_twice_in_a_batch(self):
        """C3, M5: the same order twice in one call is one order and one answer."""
        body = self.order()
        first, second = self.bulk(body, body)
        self.assertEqual(first["answer"], second["answer"])
        self.assertEqual(self.env["sale.order"].search_count([("dist_channel_id", "=", self.channel.id)]), 1)

    def test_other_order_with_the_same_reference_in_a_batch(self):
        """C3: of two different orders with one reference the first is taken, the second refused."""
        body = self.order()
        first, second = self.bulk(body, {**body, "lines": [self.line(quantity="9")]})
        self.assertEqual(first["answer"]["status"], "accepted")
        self.assertEqual(second["status"], 409)
        self.assertEqual(second["problem"]["code"], "duplicate_order")

    def test_new_customer_twice_in_a_batch(self):
        """C1, C3: two orders of the same new customer make one customer."""
        self.channel.customer_policy = "create"
        customer = {"external_id": "NEW-5", "name": "Batch Farm"}
        self.bulk(self.order(customer=customer), self.order(customer=customer))
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Batch Farm")]), 1)

    def test_customer_follows_by_channel(self):
        """C3: in one batch each channel's choice about followers holds for its own orders."""
        self.make_channel(self.system, code="B2B", follow_orders=True)
        quiet, loud = self.order(channel="WEB"), self.order(channel="B2B")
        self.bulk(quiet, loud)
        orders = self.env["sale.order"]
        self.assertFalse(
            self.customer
            & orders.search([("dist_external_ref", "=", quiet["reference"])]).message_partner_ids
        )
        self.assertTrue(
            self.customer & orders.search([("dist_external_ref", "=", loud["reference"])]).message_partner_ids
        )
