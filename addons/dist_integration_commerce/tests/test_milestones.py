from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderToCash(CommerceCase):
    """Orders as the shop submits them, followed to the warehouse."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.process = cls.env.ref("dist_integration_commerce.process_order_to_cash")
        cls.process.action_start()
        cls.wms, _client, _key = cls._make_system("Hub", kind="warehouse")
        cls.warehouse.dist_system_id = cls.wms
        endpoint = cls._make_endpoint(cls.wms, "http://127.0.0.1:9/hook")
        cls._make_flow(cls.wms, "shipment.requested", endpoint_id=endpoint.id)

    def _update(self):
        self.env.flush_all()
        self.env["dist.milestone"]._cron_update()
        self.env.invalidate_all()

    def _order(self):
        _answer, order = self.submit_ok(self.order(self.line(quantity="3")))
        self._commit_events()
        self._update()
        return order

    def _milestones(self, order):
        found = self.env["dist.milestone"].search(
            [("res_model", "=", "sale.order"), ("res_id", "=", order.id)]
        )
        return {milestone.step_id.code: milestone for milestone in found}

    def test_order_to_cash(self):
        """M12: an order is confirmed, released, accepted and shipped; what is not invoiced in time is overdue."""
        order = self._order()
        milestones = self._milestones(order)
        self.assertEqual(
            {code: milestone.state for code, milestone in milestones.items()},
            {
                "confirmed": "reached",
                "released": "reached",
                "acknowledged": "expected",
                "shipped": "expected",
                "invoiced": "expected",
                "paid": "expected",
            },
        )
        self.assertEqual(milestones["shipped"].system_id, self.wms)
        picking = order.picking_ids
        self.assertIn("Accepted by warehouse", order.dist_milestone_strip)
        self.assertIn("Accepted by warehouse", picking.dist_milestone_strip)
        picking.dist_release_state = "acknowledged"
        self._update()
        self.assertEqual(milestones["acknowledged"].state, "reached")
        picking.move_ids.picked = True
        picking._action_done()
        self._update()
        self.assertEqual(milestones["shipped"].state, "reached")
        self.assertTrue(milestones["invoiced"].due_at)
        milestones["invoiced"].due_at = fields.Datetime.now() - timedelta(days=1)
        self._update()
        exception = milestones["invoiced"].exception_id
        self.assertEqual((exception.impact_orders, exception.state), (1, "open"))
        order._create_invoices().action_post()
        self._update()
        self.assertEqual((milestones["invoiced"].state, exception.state), ("reached", "resolved"))

    def test_refused_release(self):
        """M12: when the warehouse refuses, the goods are free for others, once; a new release goes on."""
        order = self._order()
        picking = order.picking_ids
        self.assertEqual(picking.state, "assigned")
        picking.dist_release_state = "refused"
        self._update()
        self._update()
        milestone = self._milestones(order)["acknowledged"]
        self.assertEqual((milestone.state, picking.state), ("compensated", "confirmed"))
        notes = order.message_ids.filtered(lambda message: "freed" in (message.body or ""))
        self.assertEqual(len(notes), 1)
        picking.dist_release_state = "acknowledged"
        self._update()
        self.assertEqual(milestone.state, "compensated", "what was compensated is history")

    def test_cancelled(self):
        """M12: nothing more is expected of a cancelled order."""
        order = self._order()
        order._action_cancel()
        self._update()
        states = {milestone.state for milestone in self._milestones(order).values()}
        self.assertEqual(states, {"reached", "skipped"})
