from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from .test_purchase_invoiced import CORN, InvoicedCase

ALL_DONE = "PO1*1*12*EA*3.25**VP*MILL-1"


@tagged("post_install", "-at_install")
class TestScorecard(InvoicedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in ("855", "856"):
            cls.agree(cls.mill, "in", code)

    def facts(self, subject, partner=None):
        self.env.flush_all()
        domain = [("subject", "=", subject), ("edi_partner_id", "=", (partner or self.mill).id)]
        return self.env["dist.edi.scorecard"].search(domain, order="id")

    def told(self, subject):
        self.env.flush_all()
        self.mill.invalidate_recordset()
        return self.mill[f"score_{subject}"]

    def answer(self, order, line=ALL_DONE):
        return self.hear([f"BAK*00*AC*{order.name}*20260302", line, "CTT*1"])

    def announce(self, order, quantity, number):
        head = [f"BSN*00*{number}*20310505*1015*0001", "HL*1**S", "HL*2*1*O", f"PRF*{order.name}"]
        self.hear([*head, "HL*3*2*I", "LIN**VP*MILL-1", f"SN1**{quantity}*EA", "CTT*3"], code="856")
        return self.env["dist.supplier.shipment"].search([("external_id", "=", number)])

    def test_documents_and_refusals(self):
        """E10: a refused document counts once, its correction not again; tests count for nothing."""
        order = self.buy()
        self.answer(order)
        refused = [f"BAK*00*AC*{order.name}*20261302", ALL_DONE, "CTT*1"]
        self.hear(refused)
        self.take(self.x12(refused, code="855", control=99, sender="MILL", test=True), key=self.mill_key)
        live = [("state", "=", "refused"), ("interchange_id.is_test", "=", False)]
        document = self.env["dist.edi.document"].search(live)
        wizard = self.env["dist.edi.correct"].browse(document.action_correct()["res_id"])
        wizard.content = wizard.content.replace("20261302", "20261202")
        wizard.action_resubmit()
        facts = self.facts("received")
        self.assertEqual(facts.mapped("is_good"), [True, False])
        self.assertEqual(facts[1].action_open_record()["res_id"], document.id)
        self.assertEqual(self.told("received"), "50% of 2")

    def test_answers_and_acknowledgements(self):
        """E10: within the agreed hours or not; what is overdue is late, what is still awaited is not counted."""
        receiver, endpoint = self.make_receiver("purchase.order", system=self.supplier)
        orders = self.buy() | self.buy() | self.buy()
        self.deliver(endpoint)
        expected = self.env["dist.edi.expectation"].search(
            [("edi_partner_id", "=", self.mill.id)], order="id"
        )
        self.assertEqual(len(expected), 3)
        self.assertFalse(self.facts("acknowledged") | self.facts("answered"))
        self.answer(orders[0])
        group = expected[0].control_number
        self.hear([f"AK1*PO*{group}", "AK9*A*1*1*1"], code="997")
        expected[1].sudo().due_at = fields.Datetime.now() - timedelta(hours=1)
        old = fields.Datetime.now() - timedelta(days=3)
        sent = self.env["dist.edi.document"].search([("direction", "=", "out")], order="id")
        self.env.flush_all()
        self.env.cr.execute("UPDATE dist_edi_document SET create_date = %s WHERE id = %s", (old, sent[1].id))
        self.env.invalidate_all()
        self.assertEqual(self.facts("acknowledged").mapped("is_good"), [True, False])
        self.assertEqual(self.facts("answered").mapped("is_good"), [True, False])
        self.assertEqual(self.facts("sent").mapped("is_good"), [True])
        self.assertEqual(self.facts("answered")[1].action_open_record()["res_id"], orders[1].id)

    def test_prices_and_quantities(self):
        """E10: confirmed and invoiced prices against those that were ordered, and how much is confirmed."""
        order = self.buy((self.corn, 12, 4))
        self.answer(order, "PO1*1*9*EA*5**VP*MILL-1")
        self.assertEqual(self.facts("priced").mapped("deviation"), [25.0])
        self.assertEqual(self.facts("filled").mapped("share"), [75.0])
        self.assertEqual(self.told("filled"), "0% of 1, 75% of the quantity")
        self.assertEqual(self.told("priced"), "0% of 1, by +25.00% on average")

    def test_ship_notices(self):
        """E10: right is a notice after which just that has come."""
        self.answer(self.buy())
        first, second, third = self.buy(), self.buy(), self.buy()
        right, short, over = (
            self.announce(order, quantity, f"S-{quantity}-{order.id}")
            for order, quantity in ((first, 12), (second, 12), (third, 14))
        )
        self.assertFalse(self.facts("announced"))
        self.receive(first)
        self.receive(second, 5)
        self.receive(third)
        facts = {fact.res_id: fact.is_good for fact in self.facts("announced")}
        self.assertEqual(facts, {right.id: True, short.id: False, over.id: False})

    def test_on_time_in_full(self):
        """E10: by the planned day, and all of it; a line whose day is to come is not late."""
        past = fields.Datetime.now() - timedelta(days=5)
        orders = [self.buy() for _time in range(4)]
        for order in orders[1:]:
            order.order_line.date_planned = past
        self.receive(orders[0])
        self.receive(orders[1])
        picking = self.receive(orders[2], 6)
        picking.move_line_ids.date = past
        self.env.flush_all()
        facts = {fact.res_id: (fact.is_good, fact.share) for fact in self.facts("on_time")}
        self.assertEqual(
            facts,
            {
                orders[0].id: (True, 100.0),
                orders[1].id: (False, 0.0),
                orders[2].id: (False, 50.0),
                orders[3].id: (False, 0.0),
            },
        )

    def test_invoices(self):
        """E10: one that matched by itself, and one that a person accepted; what waits is not counted."""
        matched = self.invoice(self.buy_and_receive(), CORN)
        decided = self.invoice(
            self.buy_and_receive(), CORN.replace("3.25", "4"), number="INV-2", total="4800"
        )
        self.assertEqual(self.facts("matched").mapped("res_id"), [matched.id])
        decided.action_accept()
        self.assertEqual(self.facts("matched").mapped("is_good"), [True, False])
        self.assertEqual(self.told("matched"), "50% of 2")
        self.assertEqual(sorted(self.facts("priced").mapped("is_good")), [False, True])

    def test_figures_open_their_records(self):
        """E10: the button of a figure opens what it counts; the charts group by partner and month."""
        self.invoice(self.buy_and_receive(), CORN)
        self.env.flush_all()
        action = self.mill.with_context(dist_subject="matched").action_view_scorecard()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual((found, self.told("matched")), (self.facts("matched"), "100% of 1"))
        self.assertIn(action["views"][0][1], ("tree", "list"))
        rows = self.env["dist.edi.scorecard"]._read_group(
            [("edi_partner_id", "=", self.mill.id)], ["date:month", "subject"], ["rate:avg", "__count"]
        )
        self.assertGreaterEqual(len(rows), 3)

    def test_who_sees_it(self):
        """E10, G8: buyers see the figures of their companies."""
        self.invoice(self.buy_and_receive(), CORN)
        self.env.flush_all()
        buyer = new_test_user(self.env, "buyer", groups="purchase.group_purchase_user")
        facts = self.env["dist.edi.scorecard"].with_user(buyer)
        self.assertTrue(facts.search_count([]))
        beta = self.env["res.company"].create({"name": "Beta"})
        buyer.write({"company_ids": [(6, 0, beta.ids)], "company_id": beta.id})
        self.assertFalse(facts.search_count([]))
