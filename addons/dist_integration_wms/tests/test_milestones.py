from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import WmsCase

EXPECTED = dict.fromkeys(("acknowledged", "received", "billed", "paid"), "expected")


@tagged("post_install", "-at_install")
class TestProcureToPay(WmsCase):
    """Purchases followed from their approval to the payment of the bill."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.process = cls._start_process("dist_integration_wms.process_procure_to_pay")

    def _order(self, **values):
        order = self._buy((self.tape, 4), **values).purchase_id
        self._update_milestones()
        return order

    def _milestones(self, order):
        found = self.env["dist.milestone"].search(
            [("res_model", "=", "purchase.order"), ("res_id", "=", order.id)]
        )
        return {milestone.step_id.code: milestone for milestone in found}

    def _states(self, order):
        return {code: milestone.state for code, milestone in self._milestones(order).items()}

    def _receive(self, order):
        picking = order.picking_ids
        picking.move_ids.write({"quantity": 4, "picked": True})
        picking._action_done()
        self._commit_events()
        self._update_milestones()

    def test_procure_to_pay(self):
        """M12: a purchase is approved, announced, received, billed and paid; what nobody did by then is left out."""
        order = self._order()
        self.assertEqual(self._states(order), {"approved": "reached", "announced": "reached", **EXPECTED})
        milestones = self._milestones(order)
        self.assertEqual(set(map(lambda item: item.system_id, milestones.values())), {self.system})
        self.assertGreater(milestones["received"].due_at, order.date_planned, "a working day later")
        self.assertIn("Announced to warehouse", order.dist_milestone_strip)
        self.assertIn("Announced to warehouse", order.picking_ids.dist_milestone_strip)
        self._receive(order)
        self.assertEqual(milestones["received"].state, "reached")
        # from 19.0 on who receives acknowledges as well
        self.assertIn(milestones["acknowledged"].state, ("skipped", "reached"))
        self.assertTrue(milestones["billed"].due_at)
        order.action_create_invoice()
        bill = order.invoice_ids
        bill.invoice_date = fields.Date.today()
        bill.action_post()
        self._update_milestones()
        self.assertEqual((milestones["billed"].state, milestones["paid"].state), ("reached", "expected"))
        self.assertGreater(milestones["paid"].due_at, fields.Datetime.now() + timedelta(days=44))
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        )
        wizard.create({})._create_payments()
        self._update_milestones()
        self.assertEqual(milestones["paid"].state, "reached")

    def test_acknowledged(self):
        """M12: the supplier's confirmation is a step."""
        order = self._order()
        order[order._fields["dist_is_acknowledged"].related.split(".")[0]] = True
        self._update_milestones()
        self.assertEqual(self._states(order)["acknowledged"], "reached")

    def test_overdue(self):
        """M12, X1: goods that do not come in time are told with what they are worth, until they come."""
        order = self._order()
        received = self._milestones(order)["received"]
        order.date_planned = fields.Datetime.now() - timedelta(days=7)
        self._update_milestones()
        exception = received.exception_id
        self.assertEqual((received.state, exception.state), ("overdue", "open"))
        self.assertEqual((exception.system_id, exception.severity), (self.system, "high"))
        self.assertEqual((exception.impact_orders, exception.res_id), (1, order.id))
        self.assertAlmostEqual(exception.impact_value, order.amount_total)
        self._receive(order)
        self.assertEqual((received.state, received.is_late, exception.state), ("reached", True, "resolved"))

    def test_own_warehouse(self):
        """M12: a purchase for a warehouse that works in Odoo is not announced to anybody, which may be left out."""
        own = self._make_warehouse(self.system, "Own", "OWN", dist_system_id=False)
        order = self._order(warehouse=own)
        self.assertEqual(self._states(order)["announced"], "expected")
        self.assertFalse(self._milestones(order)["received"].system_id)
        self._receive(order)
        self.assertEqual(
            (self._states(order)["announced"], self._states(order)["received"]), ("skipped", "reached")
        )

    def test_cancelled(self):
        """M12: nothing more is expected of a cancelled purchase, and of a draft nothing at all."""
        order = self._order()
        order.button_cancel()
        draft = order.copy()
        self._update_milestones()
        self.assertEqual(set(self._states(order).values()), {"reached", "skipped"})
        self.assertFalse(self._milestones(draft))

    def test_other_company(self):
        """M12: another company's purchase is followed and told there, and seen by nobody here."""
        company = self.env["res.company"].create({"name": "Other"})
        system, _client, _key = self._make_wms("Elsewhere", company_id=company.id)
        warehouse = self._make_warehouse(system, "Elsewhere", "ELSE")
        order = self._order(warehouse=warehouse, company_id=company.id)
        milestones = self.env["dist.milestone"].union(*self._milestones(order).values())
        self.assertEqual((milestones.company_id, milestones.system_id), (company, system))
        order.date_planned = fields.Datetime.now() - timedelta(days=7)
        self._update_milestones()
        exception = self._milestones(order)["received"].exception_id
        self.assertEqual((exception.company_id, exception.system_id), (company, system))
        self._check_seen_only_in(company, milestones, exception)

    def test_process_of_a_company(self):
        """M12: a process of one company does not follow the documents of another."""
        company = self.env["res.company"].create({"name": "Other"})
        self.process.company_id = company
        self.assertFalse(self._milestones(self._order()))
