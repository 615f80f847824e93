from datetime import datetime
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestReleaseRules(WmsCase):
    """W1: when deliveries are handed over, in which waves, and what holds them back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 100)
        cls.worker = new_test_user(cls.env, "wave-worker", groups="stock.group_stock_user")

    def _use_waves(self, *hours):
        self.warehouse.write(
            {
                "dist_release_mode": "wave",
                "dist_tz": "Europe/Berlin",
                "dist_cutoff_ids": [(0, 0, {"hour": hour, "days": "weekdays"}) for hour in hours],
            }
        )

    def _run_at(self, moment):
        """Run the scheduled action as if it were another moment (UTC)."""
        with patch.object(fields.Datetime, "now", lambda *args: moment):
            self.warehouse.invalidate_recordset()
            self.env["stock.warehouse"]._cron_release()
            self._commit_events()
        self.env.invalidate_all()

    def _run(self):
        """Run the scheduled action now."""
        self.env.flush_all()
        self.env["stock.warehouse"]._cron_release()
        self._commit_events()
        self.env.invalidate_all()

    # modes

    def test_by_hand(self):
        """W1: where a person releases, nothing leaves by itself; the list says what it waits for."""
        self.warehouse.dist_release_mode = "manual"
        picking = self._sell((self.tape, 4))
        self.assertEqual((picking.state, picking.dist_release_state), ("assigned", "not_released"))
        self.assertIn("person", picking.dist_wait_reason)
        self._run()
        self.assertEqual(picking.dist_release_state, "not_released")
        picking.with_user(self.worker).action_dist_release()
        self._commit_events()
        self.assertEqual(self._get_codes(picking), ["shipment.requested"])
        self.assertFalse(picking.dist_wait_reason)
        self.assertEqual(
            self._buy((self.tape, 4)).dist_release_state, "requested", "only shipments are put off"
        )

    def test_operation_type(self):
        """W1: an operation type may have a rule of its own."""
        self.warehouse.out_type_id.dist_release_mode = "manual"
        self.assertEqual(self._sell((self.tape, 4)).dist_release_state, "not_released")
        self.warehouse.write({"dist_release_mode": "manual"})
        self.warehouse.out_type_id.dist_release_mode = "ready"
        self.assertEqual(self._sell((self.tape, 4)).dist_release_state, "requested")

    def test_waits_for_goods(self):
        """W1: a delivery without goods says so, and is in no wave."""
        self._use_waves(10)
        picking = self._sell((self.glove, 4))
        self.assertIn("not reserved", picking.dist_wait_reason)
        self._run_at(datetime(2026, 3, 2, 8, 0))
        self._run_at(datetime(2026, 3, 2, 9, 0))
        self.assertEqual((picking.dist_release_state, picking.dist_wave_id.id), ("not_released", False))

    # waves

    def test_cutoff(self):
        """W1: at the cut-off, on the clock of the warehouse, what is ready leaves as one wave, once."""
        self._use_waves(10, 14)
        first, second = self._sell((self.tape, 4)), self._sell((self.tape, 2))
        with patch.object(fields.Datetime, "now", lambda *args: datetime(2026, 3, 2, 8, 0)):
            self.env.invalidate_all()
            self.assertIn("10:00", first.dist_wait_reason)
        # the cut-off before the rule was set up does not count; 10:00 in Berlin is 09:00 UTC
        self._run_at(datetime(2026, 3, 2, 8, 30))
        self.assertEqual(first.dist_release_state, "not_released")
        self._run_at(datetime(2026, 3, 2, 9, 2))
        wave = first.dist_wave_id
        self.assertEqual((wave.state, wave.picking_ids), ("released", first | second))
        self.assertEqual(wave.cutoff_at, datetime(2026, 3, 2, 9, 0))
        self.assertEqual((wave.picking_count, wave.released_by_id.id), (2, False))
        self.assertEqual(self._get_codes(first | second), ["shipment.requested"] * 2)
        third = self._sell((self.tape, 1))
        self._run_at(datetime(2026, 3, 2, 9, 30))
        self.assertEqual(third.dist_release_state, "not_released")
        self._run_at(datetime(2026, 3, 2, 13, 0))
        self.assertEqual(third.dist_release_state, "requested")
        self.assertNotEqual(third.dist_wave_id, wave)
        self.assertEqual(self._get_codes(first), ["shipment.requested"])

    def test_cutoff_missed(self):
        """W1, M7: a server that was down makes up for the last cut-off, once, and releases what is ready now."""
        self._use_waves(10, 14)
        self._run_at(datetime(2026, 3, 2, 8, 30))
        picking = self._sell((self.tape, 4))
        self._run_at(datetime(2026, 3, 4, 7, 0))
        self.assertEqual(picking.dist_wave_id.cutoff_at, datetime(2026, 3, 3, 13, 0))
        self._run_at(datetime(2026, 3, 4, 7, 5))
        self.assertEqual(
            self.env["dist.release.wave"].search_count([("warehouse_id", "=", self.warehouse.id)]), 1
        )

    def test_urgent(self):
        """W1: urgent deliveries do not wait for the wave, if the warehouse agreed to that."""
        self._use_waves(10)
        picking, other = self._sell((self.tape, 4)), self._sell((self.tape, 2))
        picking.priority = "1"
        self._commit_events()
        self.assertEqual(picking.dist_release_state, "not_released")
        self.warehouse.dist_urgent_at_once = True
        other.with_user(self.worker).priority = "1"
        self._commit_events()
        self.assertEqual(other.dist_release_state, "requested")
        self.assertEqual(self._get_data(other, "shipment.requested")["priority"], "urgent")

    def test_nothing_ready(self):
        """W1: a cut-off without anything ready makes no wave."""
        self._use_waves(10)
        self._run_at(datetime(2026, 3, 2, 8, 30))
        self._run_at(datetime(2026, 3, 2, 9, 0))
        self.assertFalse(self.env["dist.release.wave"].search([("warehouse_id", "=", self.warehouse.id)]))

    def test_wave_by_hand(self):
        """W1: a worker releases a wave before its time, or plans one and releases it."""
        self._use_waves(10)
        first, second = self._sell((self.tape, 4)), self._sell((self.tape, 2))
        form = Form(self.env["dist.release.wave.make"].with_user(self.worker))
        form.warehouse_id = self.warehouse.with_user(self.worker)
        self.assertEqual((form.ready_count, form.held_count), (2, 0))
        action = form.save().action_release()
        self._commit_events()
        wave = self.env["dist.release.wave"].browse(action["res_id"])
        self.assertEqual((wave.picking_ids, wave.released_by_id), (first | second, self.worker))
        with self.assertRaisesRegex(UserError, "Nothing is ready"):
            form.save().action_release()
        planned = self._sell((self.tape, 1)).with_user(self.worker)
        action = planned.action_dist_plan_wave()
        wave = self.env["dist.release.wave"].with_user(self.worker).browse(action["res_id"])
        self.assertEqual((wave.state, planned.dist_release_state), ("draft", "not_released"))
        self.assertIn(wave.name, planned.dist_wait_reason)
        wave.action_release()
        self._commit_events()
        self.assertEqual((wave.state, planned.dist_release_state), ("released", "requested"))
        with self.assertRaisesRegex(UserError, "released already"):
            wave.action_release()
        with self.assertRaisesRegex(UserError, "is kept"):
            wave.action_discard()

    def test_plan_refused(self):
        """W1: only open deliveries of one warehouse make a wave; a planned one can be discarded."""
        released = self._sell((self.tape, 4))
        with self.assertRaisesRegex(UserError, "released before"):
            released.action_dist_plan_wave()
        self._use_waves(10)
        picking = self._sell((self.tape, 1))
        action = picking.action_dist_plan_wave()
        self.env["dist.release.wave"].browse(action["res_id"]).with_user(self.worker).action_discard()
        self.assertFalse(picking.dist_wave_id)

    def test_unsubscribed(self):
        """W1, M7: a wave without an active flow hands over nothing."""
        self._use_waves(10)
        self.env["dist.flow"].search(
            [("system_id", "=", self.system.id), ("message_type_id.code", "=", "shipment.requested")]
        ).action_retire()
        picking = self._sell((self.tape, 1))
        self.assertIn("No active flow", picking.dist_wait_reason)
        wave = self.env["dist.release.wave"].browse(picking.action_dist_plan_wave()["res_id"])
        with self.assertRaisesRegex(UserError, "No active flow"):
            wave.action_release()
        self.assertEqual(picking.dist_release_state, "not_released")

    def test_failure(self):
        """W1, X1: a warehouse that fails is told to a person and keeps no other one waiting; success settles it."""
        other, _client, _key = self._make_wms("Southside")
        south = self._make_warehouse(other, "Southside", "SSIDE")
        self._put(self.tape, 10, south.lot_stock_id)
        south.dist_hold_unpaid = True
        picking = self._sell((self.tape, 1), warehouse=south)
        picking.write({"dist_release_state": "not_released", "dist_is_held_back": True})
        model = type(self.warehouse)
        original = model._dist_get_due_cutoff

        def fail(warehouse):
            if warehouse.name == "Northside":
                raise ZeroDivisionError
            return original(warehouse)

        with (
            patch.object(model, "_dist_get_due_cutoff", fail),
            mute_logger("odoo.addons.dist_integration_wms.models.stock_warehouse_release"),
        ):
            self._run()
        exception = self.env["dist.exception"].search([("code", "=", "release_failed")])
        self.assertEqual((exception.res_id, exception.state), (self.warehouse.id, "open"))
        self.assertEqual(picking.dist_release_state, "requested")
        self._run()
        self.assertEqual(exception.state, "resolved")

    # holds

    def test_held_by_person(self):
        """W1: a person holds a delivery; it says why it waits, and leaves when it is let go."""
        self.warehouse.dist_release_policy = "confirmed"
        self.warehouse.dist_release_mode = "manual"
        picking = self._sell((self.tape, 4)).with_user(self.worker)
        action = picking.with_context(dist_kind="hold").action_dist_ask()
        ask = Form(self.env["dist.release.ask"].with_user(self.worker).with_context(**action["context"]))
        ask.reason = "Wrong address"
        ask.save().action_ask()
        self.assertEqual((picking.dist_wait_reason, picking.dist_is_held_back), ("Wrong address", True))
        with self.assertRaisesRegex(UserError, "Wrong address"):
            picking.action_dist_release()
        self.warehouse.dist_release_mode = "ready"
        self._run()
        self.assertEqual(picking.dist_release_state, "not_released")
        picking.action_dist_let_go()
        held, let_go = self._assert_told(picking, "overridden", self.worker).sorted("id").mapped("reason")
        self.assertIn("Wrong address", held)
        self.assertIn("Not held any more", let_go)
        self._commit_events()
        self.assertEqual((picking.dist_release_state, picking.dist_is_held_back), ("requested", False))

    def test_held_in_wave(self):
        """W1: what is held stays out of the wave, which counts it."""
        self._use_waves(10)
        held, free = self._sell((self.tape, 4)), self._sell((self.tape, 2))
        held._dist_hold("Ask first")
        self._run_at(datetime(2026, 3, 2, 8, 30))
        self._run_at(datetime(2026, 3, 2, 9, 0))
        self.assertEqual((free.dist_wave_id.left_count, free.dist_wave_id.picking_ids), (1, free))
        self.assertEqual(held.dist_release_state, "not_released")

    def test_credit(self):
        """W1: the deliveries of a customer over his credit limit wait, and leave by themselves once he has paid."""
        self.warehouse.dist_hold_over_credit = True
        self.env.company.account_use_credit_limit = True
        self.customer.credit_limit = 1.0
        picking = self._sell((self.tape, 4))
        self.assertEqual((picking.state, picking.dist_release_state), ("assigned", "not_released"))
        self.assertIn("credit limit", picking.dist_held_back_reason)
        self._run()
        self.assertEqual(picking.dist_release_state, "not_released")
        self.customer.credit_limit = 1000.0
        self._run()
        self.assertEqual((picking.dist_release_state, picking.dist_is_held_back), ("requested", False))

    def test_payment(self):
        """W1: an order paid in advance waits for its payment."""
        self.warehouse.dist_hold_unpaid = True
        term = self.env["account.payment.term"].create({"name": "Prepaid", "dist_in_advance": True})
        picking = self._sell((self.tape, 4), payment_term_id=term.id)
        self.assertEqual(picking.dist_release_state, "not_released")
        self.assertIn("paid in advance", picking.dist_wait_reason)
        order = picking.sale_id
        self.tape.invoice_policy = "order"
        order.order_line.invalidate_recordset()
        order.order_line._compute_qty_to_invoice()
        order.order_line._compute_invoice_status()
        invoice = order._create_invoices()
        invoice.action_post()
        self._run()
        self.assertEqual(picking.dist_release_state, "not_released")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self._run()
        self.assertEqual(picking.dist_release_state, "requested")

    def test_hook(self):
        """W1: an addon holds a delivery by one method."""
        model = type(self.env["stock.picking"])
        with patch.object(model, "_dist_get_release_holds", lambda picking: ["Fraud check"]):
            picking = self._sell((self.tape, 4))
            self.assertEqual(picking.dist_held_back_reason, "Fraud check")
        self._run()
        self.assertEqual(picking.dist_release_state, "requested")

    # rights

    def test_rights(self):
        """W1: who may not change transfers releases no wave; nobody writes what happened by hand."""
        clerk = new_test_user(
            self.env, "wave-clerk", groups="base.group_user,dist_integration_base.group_dist_user"
        )
        self._use_waves(10)
        picking = self._sell((self.tape, 4))
        wave = self.env["dist.release.wave"].browse(picking.action_dist_plan_wave()["res_id"])
        with self.assertRaises(AccessError):
            wave.with_user(clerk).action_release()
        with self.assertRaises(AccessError):
            wave.with_user(self.worker).write({"state": "released"})
        with self.assertRaises(AccessError):
            picking.with_user(self.worker).write({"dist_release_state": "acknowledged"})
        with self.assertRaises(AccessError):
            picking.with_user(self.worker).write({"dist_wave_id": False})

    def test_companies(self):
        """Multi-company: waves, cut-offs and requests of another company are not seen."""
        other = self.env["res.company"].create({"name": "Other"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", other.id)], limit=1)
        wave = self.env["dist.release.wave"].create({"warehouse_id": warehouse.id})
        cutoff = self.env["dist.release.cutoff"].create({"warehouse_id": warehouse.id, "hour": 10})
        for record in (wave, cutoff):
            mine = record.with_user(self.worker)
            self.assertFalse(mine.search([("id", "=", record.id)]), record._name)

    def test_audit(self):
        """G5: a cut-off time that is changed stands in the history of the warehouse."""
        self._use_waves(10)
        self.warehouse.dist_cutoff_ids.hour = 11.5
        entry = self.env["dist.audit.entry"].search([("res_model", "=", "stock.warehouse")], limit=1)
        self.assertEqual((entry.res_id, entry.action), (self.warehouse.id, "changed"))

    def test_speed(self):
        """W1: a wave is handed over as a set, not one by one."""
        self._use_waves(10)
        few = self._count(2)
        many = self._count(10)
        self.assertLess(many, 3 * few, (few, many))

    def _count(self, number):
        self.env["stock.picking"].union(*(self._sell((self.tape, 1)) for _number in range(number)))
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.env["dist.release.wave"]._make(self.warehouse, self.warehouse._dist_get_ready({"wave"}))
        self._commit_events()
        return self.env.cr.sql_log_count - before
