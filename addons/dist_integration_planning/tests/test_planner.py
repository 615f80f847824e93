import math
import random
from datetime import date, timedelta
from unittest.mock import patch

import psycopg2
from psycopg2 import errorcodes

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.dist_integration_planning.lib import backend
from odoo.addons.queue_job.exception import RetryableJobError

from .planner_case import WEEKS, PlannerCase


class Conflict(psycopg2.Error):
    """Another transaction came between."""

    pgcode = errorcodes.SERIALIZATION_FAILURE


@tagged("post_install", "-at_install")
class TestPlanner(PlannerCase):
    """The built-in planner, from deliveries to proposals."""

    def test_a_run_makes_a_version_like_any_other(self):
        """P4: forecasts, parameters and proposals of every item, in force at once."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        run = self._plan()
        batch = run.batch_id
        self.assertEqual((batch.state, batch.source_id), ("active", self.source))
        self.assertEqual((batch.forecast_count, batch.parameter_count, batch.proposal_count), (13, 1, 1))
        self.assertEqual((run.item_count, run.proposal_count, run.progress), (1, 1, 100.0))
        forecasts = self.env["dist.planning.forecast"].search([("batch_id", "=", batch.id)])
        self.assertEqual(forecasts[0].bucket_start, self.monday)
        for forecast in forecasts:
            self.assertAlmostEqual(forecast.quantity, 40.0, delta=4.0)
            bands = [forecast.low, forecast.lower, forecast.quantity, forecast.upper, forecast.high]
            self.assertEqual(bands, sorted(bands))
            self.assertGreater(forecast.high, forecast.low + 8.0)

    def test_the_order_fills_up_in_packs(self):
        """P4: the proposal fills the position up to the level, in whole packs of at least the supplier's minimum."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        run = self._plan()
        item = self._item(product)
        proposal = self.env["dist.planning.proposal"].search([("batch_id", "=", run.batch_id.id)])
        self.assertEqual((proposal.kind, proposal.partner_id), ("purchase", self.supplier))
        self.assertGreaterEqual(proposal.quantity, item.maximum - 30.0)
        self.assertLess(proposal.quantity, item.maximum - 30.0 + 12.0)
        self.assertEqual(proposal.quantity % 12.0, 0.0)
        self.assertEqual(proposal.date_planned, self.today + timedelta(days=14))
        # three weeks of forty, and safety for 95 %
        self.assertAlmostEqual(item.reorder_point - item.safety_stock, 120.0, delta=12.0)
        self.assertGreater(item.safety_stock, 0.0)

    def test_absurd_lead_time(self):
        """P4: a lead time mistyped on a vendor's line holds up no run; the others are planned as ever."""
        products = self._make_product("STEADY"), self._make_product("FAR")
        for product in products:
            self._deliver(product, self._steady(1), on_hand=30.0)
        products[1].seller_ids.delay = 999_999
        run = self._plan()
        proposals = self.env["dist.planning.proposal"].search([("batch_id", "=", run.batch_id.id)])
        self.assertEqual(set(proposals.product_id), set(products))

    def test_what_is_on_its_way_is_not_ordered_again(self):
        """P4, rule 15: a request for quotation is supply, so is what another warehouse sends."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        run = self._plan()
        former = self.env["dist.planning.proposal"].search([("batch_id", "=", run.batch_id.id)])
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "company_id": self.company.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "order_line": [(0, 0, {"product_id": product.id, "product_qty": 200.0, "price_unit": 4.0})],
            }
        )
        self.assertEqual(order.state, "draft")
        run = self._plan()
        self.assertEqual(run.proposal_count, 0)
        self.assertEqual(self._item(product).incoming, 200.0)
        self.assertEqual(former.mapped("state"), ["superseded"])
        order.button_cancel()
        self.assertEqual(self._plan().proposal_count, 1)

    def test_second_need_of_a_week(self):
        """P4: what is needed beyond what was ordered this week is proposed as well; what was refused, when it is much
        more.
        """
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        self._plan()
        first = self._get_open()
        first._decide("approved")
        first._job_execute()
        self.assertEqual((first.state, self._plan().proposal_count), ("executed", 0))
        self._owe(product, 5000.0)
        for _night in range(2):
            self._plan()
            second = self._get_open()
            self.assertEqual(second.key, f"{first.key}/2")
            self.assertGreater(second.quantity, 4500.0)
        second._decide("refused")
        self._plan()
        self.assertFalse(self._get_open())
        self._owe(product, 20_000.0)
        self._plan()
        self.assertEqual(self._get_open().key, f"{first.key}/3")

    def test_cancelled_order(self):
        """P4: an order of this week that a buyer cancelled is not proposed again the next night."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        self._plan()
        proposal = self._get_open()
        proposal._decide("approved")
        proposal._job_execute()
        proposal.purchase_id.button_cancel()
        self._plan()
        self.assertFalse(self._get_open())

    def test_much_more_than_was_cancelled(self):
        """P4: what is needed beyond an order that was cancelled is proposed, also where another one was made since."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        self._plan()
        first = self._carry_out()
        # what follows is another order
        first.purchase_id.button_confirm()
        self._owe(product, 5000.0)
        self._plan()
        second = self._carry_out()
        first.purchase_id.button_cancel()
        self._plan()
        self.assertFalse(self._get_open(), "what a buyer cancelled is not asked again")
        self._owe(product, 20_000.0)
        self._plan()
        third = self._get_open()
        self.assertEqual((second.key, third.key), (f"{first.key}/2", f"{first.key}/3"))
        self.assertGreater(third.quantity, 19_000.0)

    def test_need_after_a_refusal_was_taken_back(self):
        """P4: what is needed while a refused proposal is open again is not taken for what was ordered meanwhile."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        self._plan()
        first = self._get_open()
        first._decide("refused")
        self._owe(product, 5000.0)
        self._plan()
        second = self._carry_out()
        self.assertEqual(second.key, f"{first.key}/2")
        first.action_reopen()
        self._owe(product, 20_000.0)
        self._plan()
        self.assertEqual(self._get_open(), first)
        self.assertGreater(first.quantity, 19_000.0)

    def test_need_after_more_was_ordered_than_refused(self):
        """P4: what is needed beyond what was ordered is proposed, though as much was refused before."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        self._plan()
        first = self._get_open()
        first._decide("refused")
        self._owe(product, 5000.0)
        self._plan()
        self._carry_out()
        self.assertEqual(self._plan().proposal_count, 0)
        self._owe(product, first.quantity)
        self._plan()
        third = self._get_open()
        self.assertEqual(third.key, f"{first.key}/3")
        self.assertLess(third.quantity, 2 * first.quantity)

    def _carry_out(self):
        """Approve the open proposal, and carry it out.

        :return: dist.planning.proposal
        """
        proposal = self._get_open()
        proposal._decide("approved")
        proposal._job_execute()
        self.assertEqual(proposal.state, "executed")
        return proposal

    def _get_open(self):
        """:return: dist.planning.proposal that wait for a decision"""
        return self.env["dist.planning.proposal"].search(
            [("source_id", "=", self.source.id), ("state", "=", "proposed")]
        )

    def _owe(self, product, quantity):
        """A customer is to get so much today."""
        move = self._move(product, quantity, self.warehouse.lot_stock_id, self.customers, self.today)
        move.state = "confirmed"

    def test_each_number_is_explained(self):
        """P4: the item's page says in words and figures how its numbers come about."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        self._plan()
        item = self._item(product)
        text = item.explanation_html
        for words in (
            "Demand is smooth",
            "smoothing with trend",
            "A service level of 95 % asks for 1.64 standard deviations",
            "Over 21 days (14 until an order arrives, 7 until the next look)",
            "below the reorder point",
            "It comes in multiples of 12",
            "It is bought from Harbour Supplies",
        ):
            self.assertIn(words, text)
        self.assertIn(f"{item.safety_stock:.1f}".rstrip("0").rstrip("."), text)

    def test_a_walk_is_explained(self):
        """P4: demand that goes up and down without an average is expected to stay where it is."""
        product = self._make_product("WALK")
        source, level, weeks = random.Random(2), 200.0, []
        for _week in range(WEEKS):
            level *= math.exp(source.gauss(0.0, 0.05))
            weeks.append(float(round(level)))
        self._deliver(product, weeks, on_hand=300.0)
        self._plan()
        item = self._item(product)
        self.assertEqual((item.method, item.weekly_demand), ("last value", weeks[-1]))
        self.assertIn("what was sold last is expected again", item.explanation_html)
        self.assertNotIn("the last value would have missed", item.explanation_html)

    def test_runs_are_explained(self):
        """P4: of demand that comes in runs the page says so."""
        product = self._make_product("RUNS")
        source, sold, weeks = random.Random(3), True, []
        for _week in range(WEEKS):
            weeks.append(float(source.randint(20, 40)) if sold else 0.0)
            sold = sold != (source.random() < 0.25)
        self._deliver(product, weeks, on_hand=30.0)
        self._plan()
        self.assertIn("Sales come in runs of weeks", self._item(product).explanation_html)

    def test_stopped_demand_is_explained(self):
        """P4: an item that nobody wants any more is not ordered, and its page says since when."""
        product = self._make_product("STOPPED")
        self._deliver(product, [*self._steady(1, weeks=WEEKS - 6), *[0.0] * 6], on_hand=30.0)
        run = self._plan()
        item = self._item(product)
        self.assertEqual((item.weekly_demand, item.reorder_point, run.proposal_count), (0.0, 0.0, 0))
        self.assertIn("Nothing was sold in the last 6 weeks", item.explanation_html)

    def test_weeks_out_of_stock_do_not_count(self):
        """P4, rule 4: what could not be sold is not taken for what nobody wanted."""
        product = self._make_product("EMPTY")
        stock = self.warehouse.lot_stock_id
        weeks = self._steady(2)
        self._move(product, sum(weeks[:-8]), self.suppliers, stock, self._start_of(WEEKS + 1))
        for number, quantity in enumerate(weeks[:-8]):
            # on a Friday: of the last week enough days are left to tell
            day = self._start_of(WEEKS - number) + timedelta(days=4)
            self._move(product, quantity, stock, self.customers, day)
        self._plan()
        item = self._item(product)
        self.assertAlmostEqual(item.weekly_demand, 40.0, delta=5.0)
        self.assertEqual(item.explanation["stock_outs"], 8)
        self.assertIn("8 weeks are left out", item.explanation_html)

    def test_new_item_with_expectation(self):
        """P4: a new item is planned by what is expected of it until its own sales tell more."""
        product = self._make_product("NEW")
        self._deliver(product, [8.0, 12.0], on_hand=5.0)
        self._plan()
        item = self._item(product)
        self.assertAlmostEqual(item.weekly_demand, (0.7 * 8.0 + 12.0) / 1.7, delta=0.1)
        self.assertIn("in which the last weeks count most", item.explanation_html)
        with Form(item) as form:
            form.expected_demand = 34.0
        self._plan()
        self.assertAlmostEqual(item.weekly_demand, (20.0 + 10 * 34.0) / 12, delta=0.1)
        self.assertIn("The item is new", item.explanation_html)

    def test_new_item_without_a_sale(self):
        """P4: what is expected of an item that was never sold counts, without the day it is sold from."""
        product = self._make_product("NEW")
        item = self.env["dist.planning.item"].create(
            {"product_id": product.id, "warehouse_id": self.warehouse.id, "expected_demand": 70.0}
        )
        run = self._plan()
        self.assertAlmostEqual(item.weekly_demand, 70.0)
        self.assertEqual(run.proposal_count, 1)
        self.assertIn("The item is new", item.explanation_html)

    def test_ending_item(self):
        """P4: nothing is forecast or ordered beyond the day an item is sold until."""
        product = self._make_product("ENDING")
        self._deliver(product, self._steady(3), on_hand=115.0)
        self.assertEqual(self._plan().proposal_count, 1)
        item = self._item(product)
        item.end_date = self.monday + timedelta(days=13)
        run = self._plan()
        rows = self.env["dist.planning.forecast"].search([("batch_id", "=", run.batch_id.id)])
        self.assertTrue(all(row.quantity > 0 for row in rows[:2]))
        self.assertTrue(all(row.quantity == 0 for row in rows[2:]))
        self.assertEqual(run.proposal_count, 0)

    def test_supersession(self):
        """P4: an item that takes another's place is forecast from both, and the old one is ordered no more."""
        old, new = self._make_product("OLD"), self._make_product("NEWER")
        self._deliver(old, self._steady(4, weeks=WEEKS - 4) + [0.0] * 4, on_hand=10.0)
        self._deliver(new, [20.0, 19.0, 22.0, 20.0], on_hand=5.0)
        self._plan()
        item = self._item(new)
        self.assertIn("mean", item.method)
        item.write({"supersedes_id": old.id, "supersession_factor": 0.5, "launch_date": self._start_of(4)})
        run = self._plan()
        self.assertAlmostEqual(item.weekly_demand, 20.0, delta=2.5)
        self.assertIn("smoothing", item.method)
        self.assertEqual(self._item(old).weekly_demand, 0.0)
        proposed = self.env["dist.planning.proposal"].search([("batch_id", "=", run.batch_id.id)]).product_id
        self.assertEqual(proposed, new)
        self.assertIn("takes that item", item.explanation_html)

    def test_supersession_goes_one_way(self):
        """P4: an item cannot take its own place, not even in the end."""
        one, other = self._make_product("ONE"), self._make_product("OTHER")
        items = self.env["dist.planning.item"].create(
            [{"product_id": product.id, "warehouse_id": self.warehouse.id} for product in (one, other)]
        )
        items[0].supersedes_id = other
        with self.assertRaisesRegex(ValidationError, "its own place"):
            items[1].supersedes_id = one

    def test_resupplied_warehouse(self):
        """P4: a warehouse that another one resupplies gets a transfer, and its need is demand there."""
        shop = self.env["stock.warehouse"].create(
            {
                "name": "Shop",
                "code": "SHOP",
                "company_id": self.company.id,
                "resupply_wh_ids": [(6, 0, self.warehouse.ids)],
            }
        )
        product = self._make_product("BOTH")
        product.route_ids |= shop.resupply_route_ids
        self._deliver(product, self._steady(5), on_hand=100.0)
        self._deliver(product, self._steady(6, level=10.0, deviation=2.0), warehouse=shop, on_hand=2.0)
        self.source.may_transfer = True
        run = self._plan()
        proposals = self.env["dist.planning.proposal"].search([("batch_id", "=", run.batch_id.id)])
        transfer = proposals.filtered(lambda one: one.kind == "transfer")
        self.assertEqual((transfer.warehouse_id, transfer.source_warehouse_id), (shop, self.warehouse))
        central = self._item(product)
        self.assertAlmostEqual(central.weekly_demand, 40.0, delta=4.0)
        self.assertAlmostEqual(central.reorder_point - central.safety_stock, 150.0, delta=15.0)
        self.assertIn("resupplied from here", central.explanation_html)

    def test_classes(self):
        """P5: ABC by expected turnover at cost, XYZ by how demand varies."""
        steady, small = self._make_product("A1", standard_price=50.0), self._make_product("C1")
        self._deliver(steady, self._steady(7))
        self._deliver(small, [3.0 if week % 7 == 0 else 0.0 for week in range(WEEKS)])
        self._plan()
        self.assertEqual((self._item(steady).abc, self._item(steady).xyz), ("A", "X"))
        self.assertEqual((self._item(small).abc, self._item(small).xyz), ("C", "Z"))

    def test_the_item_tells_the_rules(self):
        """P3, P4: class and forecast error of the item decide with the rule; its planner gets the rest."""
        steady, wild = self._make_product("STEADY", standard_price=4.0), self._make_product("WILD")
        self._deliver(steady, self._steady(1), on_hand=30.0)
        self._deliver(
            wild, [(90.0, 2.0, 0.0, 260.0, 7.0)[week * week % 5] for week in range(WEEKS)], on_hand=3.0
        )
        self.env["dist.planning.rule"].create(
            {"name": "What is forecast well", "company_id": self.company.id, "error_limit": 20.0}
        )
        self.env["dist.planning.item"].create(
            [
                {"product_id": product.id, "warehouse_id": self.warehouse.id, "planner_id": self.env.uid}
                for product in (steady, wild)
            ]
        )
        run = self._plan()
        found = self.env["dist.planning.proposal"].search([("batch_id", "=", run.batch_id.id)])
        by_product = {proposal.product_id: proposal for proposal in found}
        self.assertEqual(by_product[steady].state, "approved")
        self.assertEqual(by_product[wild].state, "proposed")
        self.assertIn("Its forecasts err by", by_product[wild].reason_text)
        self.assertEqual(by_product[wild].planner_id, self.env.user)

    def test_risks_in_money(self):
        """P5: days of cover, risk of stock-out at sales price, overstock at cost."""
        short, much = self._make_product("SHORT"), self._make_product("MUCH")
        self._deliver(short, self._steady(8), on_hand=20.0)
        self._deliver(much, self._steady(9), on_hand=2000.0)
        self._plan()
        item = self._item(short)
        self.assertAlmostEqual(item.days_of_cover, 3.5, delta=0.5)
        self.assertGreater(item.stock_out_risk, 99.0)
        self.assertAlmostEqual(item.shortage_value, 10.0 * (120.0 - 20.0), delta=120.0)
        self.assertEqual(item.overstock_value, 0.0)
        item = self._item(much)
        self.assertAlmostEqual(item.days_of_cover, 350.0, delta=30.0)
        self.assertLess(item.stock_out_risk, 0.01)
        self.assertAlmostEqual(item.overstock_value, 4.0 * (2000.0 - item.maximum), delta=1.0)

    def test_without_numpy(self):
        """P4: without numpy the same numbers come out."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        self._plan()
        item = self._item(product)
        with_numpy = item.reorder_point, item.weekly_demand
        with patch.object(backend, "numpy", None):
            self._plan()
        self.assertAlmostEqual(item.reorder_point, with_numpy[0], places=4)
        self.assertAlmostEqual(item.weekly_demand, with_numpy[1], places=4)

    def test_day_of_another_time(self):
        """P4: a run of a day that nobody plans from is refused when it is entered."""
        for day in (date(1900, 1, 1), date.max, self.today + timedelta(days=400)):
            refused = self.assertRaisesRegex(ValidationError, "last ten years")
            with self.subTest(day), refused, self.env.cr.savepoint():
                self.env["dist.planning.run"]._make(self.source, day)

    def test_a_failure_leaves_nothing_and_says_why(self):
        """P4: a run that fails leaves no version, says why, and starts again from the beginning."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        run = self.env["dist.planning.run"]._make(self.source)
        run.state = "queued"
        self.env.flush_all()
        kind = type(self.env["dist.planning.run"])
        with patch.object(kind, "_store_classes", side_effect=UserError("No room.")):
            with self.assertLogs("odoo.addons.dist_integration_planning.models.dist_planning_run", "ERROR"):
                run._job_run()
        self.assertEqual((run.state, run.error), ("failed", "No room."))
        self.assertFalse(run.batch_id)
        exception = self.env["dist.exception"].search([("code", "=", "planning_run_failed")])
        self.assertEqual((exception.state, exception.res_id, exception.detail), ("open", run.id, "No room."))
        run.action_start()
        self.env.flush_all()
        run._job_run()
        self.assertEqual((run.state, run.error), ("done", False))
        exception.invalidate_recordset()
        self.assertEqual(exception.state, "resolved")

    def test_who_is_told_of_a_failure(self):
        """P4: a run that fails lies before whoever started it."""
        manager = new_test_user(
            self.env,
            "starts",
            groups="dist_integration_planning.group_dist_planning_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        self.source.with_user(manager).action_plan()
        run = self.env["dist.planning.run"].search([("source_id", "=", self.source.id)])
        self.env.flush_all()
        with patch.object(type(run), "_plan", side_effect=UserError("No room.")):
            with self.assertLogs("odoo.addons.dist_integration_planning.models.dist_planning_run", "ERROR"):
                run._job_run()
        exception = self.env["dist.exception"].search([("code", "=", "planning_run_failed")])
        self.assertEqual((exception.assignee_id, exception.activity_ids.user_id), (manager, manager))

    def test_a_run_is_never_given_up(self):
        """P4: a run that others come between is tried anew without end, and so is one whose job was lost."""
        self._deliver(self._make_product("STEADY"), self._steady(1), on_hand=30.0)
        run = self.env["dist.planning.run"]._make(self.source)
        run.state = "queued"
        self.env.flush_all()
        with patch.object(type(run), "_plan", side_effect=Conflict) as plan:
            # assertRaises would take back that it is running
            try:
                run._job_run()
            except RetryableJobError as conflict:
                self.assertEqual((plan.call_count, conflict.ignore_retry), (2, True))
            else:
                self.fail("nobody came between")
        run.invalidate_recordset()
        # within a test, what the run noted is taken back with the transaction around it
        self.assertIn(run.state, ("queued", "running"))
        jobs = self.env["queue.job"].search([("identity_key", "=", run._get_identity_key())])
        jobs.unlink()
        for _time in range(2):
            self.env["dist.planning.run"]._resume_lost()
        jobs = self.env["queue.job"].search([("identity_key", "=", run._get_identity_key())])
        self.assertEqual((len(jobs), run.state), (1, "queued"))
        self.env.flush_all()
        run._job_run()
        self.assertEqual(run.state, "done", run.error)

    def test_who_may_do_what(self):
        """P4: planners set how items are planned, not what was found; others only read."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=30.0)
        self._plan()
        users = {
            name: new_test_user(
                self.env,
                f"plan-{name}",
                groups=group,
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
            )
            for name, group in (
                ("planner", "dist_integration_planning.group_dist_planning_planner"),
                ("user", "dist_integration_base.group_dist_user"),
            )
        }
        item = self._item(product)
        item.with_user(users["planner"]).service_level = 99.0
        with self.assertRaises(AccessError):
            item.with_user(users["planner"]).on_hand = 1000.0
        with self.assertRaises(AccessError):
            item.with_user(users["user"]).service_level = 50.0
        with self.assertRaises(AccessError):
            self.source.with_user(users["planner"]).action_plan()
        chart = self.env["dist.planning.item"].with_user(users["user"])
        self.assertTrue(chart.get_planning_chart(product.id, self.warehouse.id))

    def test_scheduled_run(self):
        """P4: the nightly job plans those sources that ask for it."""
        self.source.is_scheduled = True
        self.env["dist.planning.source"]._cron_plan()
        run = self.env["dist.planning.run"].search([("source_id", "=", self.source.id)])
        self.assertEqual((len(run), run.state), (1, "queued"))
