from datetime import datetime, time, timedelta

from odoo.tests import new_test_user, tagged

from .planner_case import PlannerCase


@tagged("post_install", "-at_install")
class TestCircle(PlannerCase):
    """The whole circle: what was sold, what is expected, what is ordered for it, what came in, how good it was."""

    def test_from_history_to_accuracy(self):
        """P4, P5: history, forecast, proposals, approval, purchase order, receipt, next run, accuracy."""
        products = [self._make_product(f"ROUND-{number}") for number in range(3)]
        for number, product in enumerate(products):
            self._deliver(product, self._steady(number + 20), on_hand=30.0)
        last_week = self._start_of(1)
        run = self._plan_as_of(last_week)
        proposals = self.env["dist.planning.proposal"].search([("batch_id", "=", run.batch_id.id)])
        self.assertEqual(set(proposals.mapped("state")), {"proposed"})
        self.assertEqual(len(proposals), 3)
        planner = new_test_user(
            self.env,
            "circle-planner",
            groups="dist_integration_planning.group_dist_planning_planner",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        refused = proposals[2]
        refused.with_user(planner).action_refuse("Sold out at the supplier")
        proposals[:2].with_user(planner).action_approve()
        proposals._job_execute()
        orders = proposals.purchase_id
        self.assertEqual(proposals.mapped("state"), ["executed", "executed", "refused"])
        self.assertEqual((len(orders), orders.partner_id, orders.state), (1, self.supplier, "draft"))
        self.assertEqual(
            {line.product_id: line.product_qty for line in orders.order_line},
            {proposal.product_id: proposal.approved_quantity for proposal in proposals[:2]},
        )
        # whatever is tried again finds them done
        proposals._job_execute()
        self.assertEqual(len(self.env["purchase.order"].search([("company_id", "=", self.company.id)])), 1)
        self._receive(orders)
        run = self._plan()
        again = self.env["dist.planning.proposal"].search([("batch_id", "=", run.batch_id.id)])
        self.assertEqual(again.product_id, refused.product_id)
        item = self._item(proposals[0].product_id)
        self.assertEqual((item.on_hand, item.incoming), (30.0 + proposals[0].approved_quantity, 0.0))
        self.env["dist.planning.accuracy"]._job_measure(self.company)
        rows = self.env["dist.planning.accuracy"].search([("source_id", "=", self.source.id)])
        self.assertEqual((set(rows.mapped("bucket_start")), len(rows)), ({last_week}, 3))
        for row in rows:
            self.assertEqual(row.forecast, self._said(row, proposals.batch_id))
            self.assertGreater(row.actual, 0.0)
            self.assertEqual((row.abc, row.partner_id), (self._item(row.product_id).abc, self.supplier))

    def _plan_as_of(self, day):
        """:return: dist.planning.run as it would have been in the night before a day"""
        moment = datetime.combine(day - timedelta(days=1), time(22))
        run = self.env["dist.planning.run"]._make(self.source, day)
        run._plan(planned_at=moment)
        run.batch_id.activated_at = moment
        return run

    def _receive(self, order):
        order.button_confirm()
        for move in order.picking_ids.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        order.picking_ids._action_done()

    def _said(self, row, batch):
        return (
            self.env["dist.planning.forecast"]
            .search(
                [
                    ("batch_id", "=", batch.id),
                    ("product_id", "=", row.product_id.id),
                    ("bucket_start", "=", row.bucket_start),
                ]
            )
            .quantity
        )
