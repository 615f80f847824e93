from odoo.tests import tagged

from .test_outbound import OutboundCase


@tagged("post_install", "-at_install")
class TestRefusedOrders(OutboundCase):
    """What a customer hears of an order that is not delivered."""

    def take_unknown(self, reference="P1", control=7):
        """:return: dist.message of an order for an item that nobody knows"""
        raw = self.x12(self.order_850(reference, "PO1*1*10*EA*10**BP*NOBODY"), control=control)
        return self.take(raw).document_ids.message_id

    def test_a_cancelled_order(self):
        """E3, C4: every line is refused, in place of what was said before."""
        self.connect("855")
        self.take(self.x12(self.order_850("P1")))
        self.assertEqual(self.get_sent("855")[0][0]["purpose"], "original")
        self.get_order("P1")._action_cancel()
        (_first, (answer, _transaction)) = self.get_sent("855")
        self.assertEqual(
            (answer["order"], answer["status"], answer["purpose"]), ("P1", "rejected", "replace")
        )
        (line,) = answer["lines"]
        self.assertEqual((line["item"], line["quantity"]), ({"buyer_sku": "B-CORN"}, "10"))
        self.assertEqual([one["status"] for one in line["answers"]], ["rejected"])

    def test_a_cancelled_order_that_came_by_phone(self):
        """E3: the same without a document to answer to."""
        self.connect("855")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "client_order_ref": "PHONE-1",
                "order_line": [(0, 0, {"product_id": self.corn.id, "product_uom_qty": 3})],
            }
        )
        order.action_confirm()
        self.get_sent("855")
        order._action_cancel()
        (_first, (answer, _transaction)) = self.get_sent("855")
        self.assertEqual((answer["status"], answer["lines"][0]["quantity"]), ("rejected", "3"))

    def test_confirmed_and_cancelled_at_once(self):
        """E3, M1: what was never told has nothing in its place."""
        self.connect("855")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "client_order_ref": "PHONE-2",
                "order_line": [(0, 0, {"product_id": self.corn.id, "product_uom_qty": 3})],
            }
        )
        order.action_confirm()
        self._flush_events()
        order._action_cancel()
        ((answer, _transaction),) = self.get_sent("855")
        self.assertEqual((answer["status"], answer["purpose"]), ("rejected", "original"))

    def test_by_865(self):
        """E3: where it is agreed, what comes in place of an answer is a change of the seller."""
        self.connect("855", "865")
        self.take(self.x12(self.order_850("P1")))
        self.assertEqual(len(self.get_sent("855")), 1)
        self.get_order("P1")._action_cancel()
        ((change, _transaction),) = self.get_sent("865")
        self.assertEqual((change["order"], change["status"]), ("P1", "rejected"))
        self.assertEqual(change["lines"][0]["change"], "delete")

    def test_an_order_that_is_set_aside(self):
        """E3, X1: whoever ignores an order that cannot be taken refuses it; the customer hears so once."""
        self.connect("855")
        message = self.take_unknown()
        self.assertEqual((message.state, self.get_sent("855")), ("error", []))
        message.exception_id._ignore("Not in our range")
        ((answer, _transaction),) = self.get_sent("855")
        self.assertEqual(
            (answer["order"], answer["status"], answer["order_date"]), ("P1", "rejected", "2026-03-02")
        )
        (line,) = answer["lines"]
        self.assertEqual(line["item"], {"buyer_sku": "NOBODY"})
        self.assertEqual([(one["status"], one["quantity"]) for one in line["answers"]], [("rejected", "10")])

    def test_what_was_taken_under_the_same_number(self):
        """E3: an order that came again and was taken is not refused with its first copy."""
        self.connect("855")
        message = self.take_unknown()
        self.take(self.x12(self.order_850("P1"), control=8))
        self.assertTrue(self.get_order("P1"))
        message.exception_id._ignore("Came again")
        self.assertEqual([answer["status"] for answer, _transaction in self.get_sent("855")], ["accepted"])

    def test_by_edifact(self):
        """E3: ORDRSP with BGM 27 and every line refused."""
        self.edi_system, client, key = self.make_edi_system("EUROPE")
        self.profile.active = False
        self.profile = self.make_profile(
            self.edi_system, client, standard="EDIFACT", qualifier="14", own_qualifier="14", version="D01B"
        )
        self.agree(self.profile, "in", "ORDERS")
        self.connect("ORDRSP")
        raw = self.edifact(self.order_edifact("E1"), version="D01B")
        self.take(raw, key=key, media_type="application/edifact")
        self.get_sent("ORDRSP")
        self.get_order("E1")._action_cancel()
        (_first, (answer, transaction)) = self.get_sent("ORDRSP")
        self.assertEqual((answer["order"], answer["status"]), ("E1", "rejected"))
        self.assertEqual(transaction.body[0].get(3), "27")
        self.assertEqual(answer["lines"][0]["answers"][0]["status"], "rejected")
