from datetime import datetime, time, timedelta
from unittest.mock import patch

from odoo.tests import tagged

from ..lib.accuracy import Accuracy, naive_scale
from .planner_case import WEEKS, PlannerCase


@tagged("post_install", "-at_install")
class TestAccuracy(PlannerCase):
    """Forecasts against what was sold."""

    def _say(self, source, start, rows, moment=None):
        """Have a source say its forecasts in a version that is in force since a day before a period.

        :param rows: list of (product, start of a period, quantity)
        :param moment: datetime (UTC) since when it is in force, where it is not the evening before
        """
        moment = moment or datetime.combine(start - timedelta(days=1), time(20))
        batch = self.env["dist.planning.batch"]._stage_rows(
            source,
            f"{source.code}-{moment}",
            forecasts=[
                {
                    **self._get_place(source, product),
                    "bucket_start": day,
                    "bucket": "week",
                    "baseline": quantity,
                    "low": quantity - 5.0,
                    "high": quantity + 5.0,
                }
                for product, day, quantity in rows
            ],
            parameters=[{**self._get_place(source, rows[0][0]), "safety_stock": 1.0}],
            planned_at=moment,
        )
        batch._activate()
        batch.activated_at = moment
        return batch

    def _get_place(self, source, product):
        """A platform outside names items by their codes."""
        if source.kind == "external":
            codes = product.default_code, self.warehouse.code, product.uom_id.name
            return dict(zip(("product_id", "warehouse_id", "uom_id"), codes))
        return {"product_id": product.id, "warehouse_id": self.warehouse.id}

    def _accuracy(self, source, groupby=()):
        names = ("wape", "bias", "mase", "tracking_signal", "value_added", "coverage")
        groups = self.env["dist.planning.accuracy"]._read_group(
            [("source_id", "=", source.id)], groupby, [f"{name}:avg" for name in names]
        )
        return {tuple(group[: len(groupby)]): dict(zip(names, group[len(groupby) :])) for group in groups}

    def test_figures_of_a_group_are_ratios_of_sums(self):
        """P5: WAPE, bias, MASE, tracking signal and value added, of a period and of many."""
        product = self._make_product("STEADY")
        sold = [9.0, 11.0] * (WEEKS // 2 - 2) + [12.0, 8.0, 20.0, 40.0]
        self._deliver(product, sold, on_hand=5.0)
        weeks = [self._start_of(number) for number in (2, 1)]
        for week in weeks:
            self._say(self.source, week, [(product, week, 24.0)])
        self.env["dist.planning.history"]._refresh(self.company)
        self.env["dist.planning.accuracy"]._measure(self.source)
        rows = self.env["dist.planning.accuracy"].search(
            [("source_id", "=", self.source.id)], order="bucket_start"
        )
        self.assertEqual(rows.mapped("bucket_start"), weeks)
        self.assertEqual(rows.mapped("actual"), [20.0, 40.0])
        self.assertEqual(rows.mapped("error"), [4.0, -16.0])
        # what was sold last when the forecast was made: 8, then 20
        self.assertEqual(rows.mapped("naive"), [12.0, 20.0])
        self.assertEqual(rows.mapped("within"), [1, 0])
        figures = self._accuracy(self.source)[()]
        self.assertAlmostEqual(figures["wape"], 100 * 20 / 60)
        self.assertAlmostEqual(figures["bias"], 100 * -12 / 60)
        # the year that was known then
        before = [naive_scale(sold[-54:-2], power=2), naive_scale(sold[-53:-1], power=2)]
        own, naive = 4**2 / before[0] + 16**2 / before[1], 12**2 / before[0] + 20**2 / before[1]
        self.assertAlmostEqual(figures["value_added"], 100 * (1 - (own / naive) ** 0.5))
        self.assertEqual([round(row.value_added, 1) for row in rows], [66.7, 20.0])
        self.assertAlmostEqual(figures["tracking_signal"], -12 * 2 / 20)
        self.assertAlmostEqual(figures["coverage"], 50.0)
        self.assertGreater(figures["mase"], 1.0)

    def test_a_new_item_does_not_outweigh_all_else(self):
        """P5: errors are held against the changes since an item was first sold, not against a year without it."""
        weeks = {"STEADY": [30.0, 50.0] * (WEEKS // 2), "NEW": [24.0, 26.0, 22.0, 26.0]}
        week, total = self._start_of(1), Accuracy()
        rows = []
        for sku, sold in weeks.items():
            product = self._make_product(sku)
            self._deliver(product, sold, on_hand=5.0)
            rows.append((product, week, 30.0))
            known = sold[-53:-1]
            total.add(30.0, sold[-1], known[-1], naive_scale(known), naive_scale(known, power=2))
        self._say(self.source, week, rows)
        self.env["dist.planning.history"]._refresh(self.company)
        self.env["dist.planning.accuracy"]._measure(self.source)
        new = self.env["dist.planning.accuracy"].search([("product_id.default_code", "=", "NEW")])
        self.assertEqual((new.scale, new.square, new.naive_square), (3.0, 1.6, 1.6))
        figures = self._accuracy(self.source)[()]
        self.assertAlmostEqual(figures["mase"], total.mase)
        self.assertAlmostEqual(figures["value_added"], 100 * total.value_added)

    def test_only_what_was_said_before_counts(self):
        """P5: at a fixed lag; a forecast that came when the week had begun says nothing about it."""
        product = self._make_product("STEADY")
        self._deliver(product, [10.0] * WEEKS, on_hand=5.0)
        week = self._start_of(1)
        for lag, quantity in ((3, 30.0), (2, 20.0), (1, 11.0)):
            self._say(self.source, self._start_of(lag), [(product, week, quantity)])
        late = self._say(self.source, week + timedelta(days=3), [(product, week, 10.0)])
        self.assertEqual(late.state, "active")
        self.env["dist.planning.history"]._refresh(self.company)
        for lag, said in ((1, 11.0), (2, 20.0), (3, 30.0)):
            self.source.accuracy_lag = lag
            self.env["dist.planning.accuracy"]._measure(self.source)
            row = self.env["dist.planning.accuracy"].search(
                [("source_id", "=", self.source.id), ("lag", "=", lag), ("bucket_start", "=", week)]
            )
            self.assertEqual(row.forecast, said)

    def test_a_period_begins_at_the_warehouses_midnight(self):
        """P5: a forecast counts that was there when the period began where the goods are; it is kept for that."""
        product = self._make_product("STEADY")
        self._deliver(product, [10.0] * WEEKS, on_hand=5.0)
        week = self._start_of(3)
        midnight = datetime.combine(week, time())
        for hours, quantity in ((-30, 40.0), (-4, 30.0), (3, 20.0), (60, 10.0)):
            self._say(self.source, week, [(product, week, quantity)], midnight + timedelta(hours=hours))
        for zone, said in (("UTC", 30.0), ("Asia/Tokyo", 40.0), ("America/New_York", 20.0)):
            with patch.object(type(self.warehouse), "_dist_get_planning_zone", return_value=zone):
                self.env["dist.planning.history"]._refresh(self.company)
                self.env["dist.planning.accuracy"]._measure(self.source)
            row = self.env["dist.planning.accuracy"].search([("source_id", "=", self.source.id)])
            self.assertEqual(row.forecast, said, zone)
        with patch.object(type(self.warehouse), "_dist_get_planning_zone", return_value="America/New_York"):
            self.source._gc_versions()
        forecasts = self.env["dist.planning.forecast"].search([("source_id", "=", self.source.id)])
        self.assertEqual(sorted(forecasts.mapped("quantity")), [10.0, 20.0])

    def test_measuring_again_changes_nothing(self):
        """P5: a period is measured once; what came back later corrects it."""
        product = self._make_product("STEADY")
        self._deliver(product, [10.0] * WEEKS, on_hand=5.0)
        week = self._start_of(1)
        self._say(self.source, week, [(product, week, 12.0)])
        accuracy = self.env["dist.planning.accuracy"]
        for _time in range(2):
            self.env["dist.planning.history"]._refresh(self.company)
            accuracy._measure(self.source)
        row = accuracy.search([("source_id", "=", self.source.id)])
        self.assertEqual((len(row), row.actual, row.error), (1, 10.0, 2.0))
        sold = self.env["stock.move"].search([("product_id", "=", product.id)], order="date desc", limit=1)
        self._move(
            product,
            4.0,
            self.customers,
            self.warehouse.lot_stock_id,
            self.today,
            origin_returned_move_id=sold.id,
        )
        self.env["dist.planning.history"]._refresh(self.company)
        accuracy._measure(self.source)
        self.assertEqual((row.actual, row.error), (6.0, 6.0))

    def _make_platform(self):
        system, _client, _key = self._make_system("Platform", company_id=self.company.id)
        return self.env["dist.planning.source"].create(
            {"name": "Platform", "code": "platform", "system_id": system.id, "company_id": self.company.id}
        )

    def test_only_versions_that_count_are_kept(self):
        """P5: of the nights of a week the last one's forecasts stay; what was there before them is not needed."""
        product = self._make_product("STEADY")
        self._deliver(product, [10.0] * WEEKS, on_hand=5.0)
        week = self._start_of(1)
        for source in (self.source, self._make_platform()):
            versions = [
                self._say(source, self._start_of(3) + timedelta(days=days), [(product, week, 10.0 + days)])
                for days in (2, 3, 9)
            ]
            self.env.flush_all()
            source._gc_versions()
            forecasts = self.env["dist.planning.forecast"].search([("source_id", "=", source.id)])
            self.assertEqual(sorted(forecasts.mapped("quantity")), [13.0, 19.0])
            parameters = self.env["dist.planning.parameter"].search([("source_id", "=", source.id)])
            self.assertEqual(parameters.batch_id, versions[2])
            self.assertEqual([version.state for version in versions], ["superseded", "superseded", "active"])

    def test_versions_that_nothing_is_measured_by_go(self):
        """P5: a week is measured again for a quarter of a year; then the forecasts before it are not needed."""
        product = self._make_product("STEADY")
        week = self._start_of(1)
        for weeks in (40, 30, 20, 1):
            self._say(self.source, self._start_of(weeks), [(product, week, float(weeks))])
        self.env.flush_all()
        self.source._gc_versions()
        forecasts = self.env["dist.planning.forecast"].search([("source_id", "=", self.source.id)])
        # the second last was in force when the first week began that is measured
        self.assertEqual(sorted(forecasts.mapped("quantity")), [1.0, 20.0])

    def test_two_sources_side_by_side(self):
        """P4: the platform's forecasts and the built-in planner's, of the same items and periods."""
        product, only = self._make_product("STEADY"), self._make_product("ONLY")
        self._deliver(product, self._steady(1), on_hand=5.0)
        self._deliver(only, self._steady(2), on_hand=5.0)
        other = self._make_platform()
        week = self._start_of(1)
        self._say(other, week, [(product, week, 90.0)])
        self._say(self.source, week, [(product, week, 41.0), (only, week, 40.0)])
        self._plan()
        self.env["dist.planning.accuracy"]._job_measure(self.company)
        shared = self.env["dist.planning.accuracy"].search([("is_shared", "=", True)])
        self.assertEqual(shared.product_id, product)
        self.assertEqual(shared.source_id, self.source | other)
        worse, better = self._accuracy(other)[()], self._accuracy(self.source)[()]
        self.assertGreater(worse["wape"], better["wape"])
        chart = self.env["dist.planning.item"].get_planning_chart(product.id, self.warehouse.id)
        self.assertEqual({line["name"] for line in chart["sources"]}, {"Own planner", "Platform"})

    def test_by_class_supplier_and_planner(self):
        """P5: the figures by class, supplier and planner."""
        product, other = (
            self._make_product("A1", standard_price=90.0),
            self._make_product("C1", standard_price=0.1),
        )
        self._deliver(product, self._steady(1), on_hand=5.0)
        self._deliver(other, self._steady(2), on_hand=5.0)
        self._plan()
        self._item(product).planner_id = self.env.user
        week = self._start_of(1)
        self.env["dist.planning.batch"].search([("source_id", "=", self.source.id)]).planned_at = "2020-01-01"
        self._say(self.source, week, [(product, week, 40.0), (other, week, 80.0)])
        self.env["dist.planning.accuracy"]._job_measure(self.company)
        by_class = self._accuracy(self.source, ["abc"])
        self.assertLess(by_class["A",]["wape"], by_class["C",]["wape"])
        self.assertEqual(set(self._accuracy(self.source, ["partner_id"])), {(self.supplier,)})
        self.assertIn((self.env.user,), self._accuracy(self.source, ["planner_id"]))

    def test_chart(self):
        """P5: what was sold, what is expected and between which bounds, and how the stock goes on."""
        product = self._make_product("STEADY")
        self._deliver(product, self._steady(1), on_hand=70.0)
        run = self._plan()
        chart = self.env["dist.planning.item"].get_planning_chart(product.id, self.warehouse.id)
        self.assertEqual((len(chart["labels"]), chart["past"]), (52 + 13, 52))
        self.assertEqual(chart["actual"][52:], [None] * 13)
        self.assertTrue(all(value is not None for value in chart["actual"][:52]))
        line = chart["sources"][0]
        self.assertTrue(
            all(
                line["low"][52 + step] < line["forecast"][52 + step] < line["high"][52 + step]
                for step in range(13)
            )
        )
        stock = chart["stock"]
        self.assertLess(stock["projected"][-1], 0.0)
        proposal = self.env["dist.planning.proposal"].search([("batch_id", "=", run.batch_id.id)])
        self.assertAlmostEqual(sum(stock["proposed"]), proposal.quantity)
        self.assertAlmostEqual(
            stock["with_proposals"][-1] - stock["projected"][-1], proposal.quantity, places=3
        )
