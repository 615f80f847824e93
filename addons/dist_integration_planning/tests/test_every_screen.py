from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.screens import ScreensMixin

from .common import MANAGER, PLANNER, PlanningCase

MODULE = "dist_integration_planning"


@tagged("post_install", "-at_install")
class TestEveryScreen(ScreensMixin, PlanningCase):
    """What a day of planning leaves, looked at by people who have one right only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = cls._make_screen_users(
            planner=PLANNER, planning_manager=MANAGER, buyer="purchase.group_purchase_user"
        )

    def setUp(self):
        super().setUp()
        self._make_rule(value_limit=50.0)
        self.env["dist.planning.supplier"].create({"partner_id": self.supplier.id})
        transfer = {"kind": "transfer", "source_warehouse": "NORTH"}
        rows = [
            self._forecast(),
            self._parameter(reorder_point=5, lead_time_days=9),
            self._proposal(),
            self._proposal("P-2", quantity=100),
            self._proposal("P-3", **transfer),
            self._alert(),
        ]
        self._take_in(rows)
        self._take_in([self._forecast("TYPO")], "R-2", 1)
        self._execute()
        self._sell_and_export()
        self._plan_here()

    def _plan_here(self):
        """The built-in planner beside it: a run that is done, one that failed, and what was measured."""
        source = self.env["dist.planning.source"].create({"name": "Own", "code": "own", "kind": "built_in"})
        runs = self.env["dist.planning.run"]
        run, failed = runs._make(source), runs._make(source)
        run.state = "queued"
        failed.write({"state": "failed", "error": "Nothing worked."})
        self.env.flush_all()
        run._job_run()
        self.assertEqual(run.state, "done", run.error)
        item = self.env["dist.planning.item"]._find(self.tape, self.warehouse)
        self.env["dist.planning.accuracy"].create(
            {
                "source_id": source.id,
                "company_id": source.company_id.id,
                "product_id": item.product_id.id,
                "warehouse_id": item.warehouse_id.id,
                "bucket": "week",
                "bucket_start": "2026-03-02",
                "lag": 1,
                "forecast": 4.0,
                "actual": 3.0,
                "absolute": 1.0,
            }
        )

    def _sell_and_export(self):
        """A platform is told of a week in which something was sold."""
        customer = self.env["res.partner"].create({"name": "Fieldmart"})
        line = {"product_id": self.tape.id, "product_uom_qty": 3}
        order = self.env["sale.order"].create(
            {"partner_id": customer.id, "order_line": [Command.create(line)]}
        )
        order.action_confirm()
        order.date_order = fields.Datetime.subtract(fields.Datetime.now(), days=14)
        self.source.mapping_id = self.env.ref(f"{MODULE}.mapping_lokad")
        self.env.flush_all()
        requests = self.env["dist.planning.export.request"]
        requests._answer(self.source, "full", self.client, "POST /dist/v1/planning/exports A", "hash")
        self.env.invalidate_all()
        export = self.source.export_ids
        export._job_run()
        self.assertEqual(export.state, "done", export.error)

    def test_every_screen(self):
        """P2, P3: each opens for whoever sees its menu, with filters, forms and buttons."""
        self._check_reachable(MODULE, self.users)
        opened = self._check_menus(MODULE, self.users)
        self._check_all_opened(MODULE, opened)

    def test_documents(self):
        """P3: offers of suppliers show their order multiple, proposals open what they became."""
        self._check_form(self.tape.seller_ids, {"buyer": self.users["buyer"]})
        done = self._get_proposals("P-1")
        self.assertEqual(done.action_open_document()["res_model"], "purchase.order")
        self.assertEqual(self._get_proposals("P-3").action_open_document()["res_model"], "stock.picking")
