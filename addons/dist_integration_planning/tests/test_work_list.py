import time

from odoo.tests import tagged

from .common import PlanningCase

PROPOSALS = 5000
SHOWN = 80
COLUMNS = [
    "product_id",
    "kind",
    "warehouse_id",
    "partner_id",
    "on_hand",
    "incoming",
    "requested",
    "daily_demand",
    "cover_days",
    "quantity",
    "approved_quantity",
    "date_order",
    "value",
    "change",
    "reason_ids",
    "state",
]


@tagged("post_install", "-at_install")
class TestWorkList(PlanningCase):
    """A planner's list of five thousand proposals."""

    def test_5000(self):
        """P3: five thousand come in, are shown, changed and approved without anybody having to wait for long."""
        planner = self._make_planner()
        started = time.monotonic()
        self._take_in(
            [self._proposal(f"P-{number:04}", quantity=1 + number % 50) for number in range(PROPOSALS)]
        )
        taken = time.monotonic() - started
        proposals = self._get_proposals().with_user(planner)
        self.assertEqual(len(proposals), PROPOSALS)
        self.env.invalidate_all()
        queries = self.env.cr.sql_log_count
        proposals[:SHOWN].read(COLUMNS)
        self.assertLess(self.env.cr.sql_log_count - queries, SHOWN, "the list asks for each row")
        groups = proposals._read_group([("state", "=", "proposed")], ["partner_id"], ["__count", "value:sum"])
        self.assertEqual([group[:2] for group in groups], [(self.supplier, PROPOSALS)])
        started = time.monotonic()
        proposals[:20].write({"approved_quantity": 7})
        changed = time.monotonic() - started
        started = time.monotonic()
        proposals.action_approve()
        self.env.flush_all()
        approved = time.monotonic() - started
        self.assertEqual(set(proposals.mapped("state")), {"approved"})
        jobs = self.env["queue.job"].search([("method_name", "=", "_job_execute")])
        self.assertEqual(sum(len(job.records) for job in jobs), PROPOSALS)
        self.assertLessEqual(max(len(job.records) for job in jobs), 200)
        self.assertLess(taken, 120)
        self.assertLess(changed, 10)
        self.assertLess(approved, 60)
