from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import WmsHttpCase


@tagged("post_install", "-at_install")
class TestWarehouseDay(WmsHttpCase):
    """A warehouse person's day on one page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 100)
        cls.worker = new_test_user(cls.env, "day-worker", groups="stock.group_stock_user")
        cls.operator = new_test_user(
            cls.env,
            "day-operator",
            groups="stock.group_stock_user,dist_integration_base.group_dist_operator",
        )
        cls.profile = cls.env["dist.reconciliation.profile"].create(
            {"name": "Stock", "domain_code": "stock", "system_id": cls.system.id}
        )

    def _get_figures(self, warehouse=None, user=None):
        day = self.env["dist.warehouse.day"].with_user(user or self.worker)
        return day.get_figures((warehouse or self.warehouse).id)

    def _open(self, figure, key=None, user=None):
        """:return: the records that a figure opens, as a person sees them"""
        day = self.env["dist.warehouse.day"].with_user(user or self.worker)
        action = day.open_records(figure, self.warehouse.id, key)
        records = self.env[action["res_model"]].with_user(user or self.worker).search(action["domain"])
        view_ids = [view_id for view_id, kind in action["views"] if kind in ("tree", "list")]
        view = records.get_view(view_ids[0], "tree")
        # as the screen reads it: names of what is behind a field included
        for record in records:
            record.read([name for name in view["models"][records._name] if name in records._fields])
        return records

    def test_deliveries(self):
        """W1: what waits, what is released, late, short, asked and shipped; every figure opens what it counts."""
        released, late, short, shipped, asked, parts = (self._sell((self.tape, 4)) for _ in range(6))
        unreserved = self._sell((self._make_product("NONE"), 1))
        held = self._sell((self._make_product("NONE-2"), 1))
        held._dist_hold("The customer moves")
        late.scheduled_date -= timedelta(days=2)
        self._assert_ok(self._ship(short, (self.tape, 3))[0])
        self._assert_ok(self._ship(shipped, (self.tape, 4))[0])
        self._assert_ok(self._ship(parts, (self.tape, 3), complete=False)[0])
        asked._dist_ask("cancel", "The customer called")
        acknowledged = {"shipment": released.name, "status": "accepted"}
        self._assert_ok(self._post("/shipments/acknowledgements", acknowledged)[0])
        self._commit_events()
        rest, more = short.backorder_ids, parts.backorder_ids
        expected = {
            "waiting": unreserved | held,
            "held_back": held,
            "released": released | late | asked | rest | more,
            "unanswered": late | asked | rest | more,
            "late": late,
            "late_released": late,
            "short": rest,
            "shipped": short | shipped | parts,
        }
        figures = self._get_figures()["deliveries"]
        for figure, pickings in expected.items():
            with self.subTest(figure):
                self.assertEqual(set(self._open(figure).ids), set(pickings.ids))
                self.assertEqual(figures[figure], len(pickings))
        self.assertEqual((figures["requests"], figures["cancellations"]), (1, 1))
        self.assertEqual(self._open("requests").picking_id.ids, asked.ids)

    def test_incoming(self):
        """W3, W8: receipts and returns that are expected, and what came today."""
        receipt, late, done = (self._buy((self.tape, 4)) for _ in range(3))
        late.scheduled_date -= timedelta(days=2)
        self._assert_ok(self._receive(done, (self.tape, 4))[0])
        figures = self._get_figures()["incoming"]
        expected = {
            "receipts": receipt | late,
            "late_receipts": late,
            "returns": receipt.browse(),
            "received": done,
        }
        for figure, pickings in expected.items():
            with self.subTest(figure):
                self.assertEqual(set(self._open(figure).ids), set(pickings.ids))
                self.assertEqual(figures[figure], len(pickings))

    def test_decisions(self):
        """W4, X1: what waits for a person, by what has to be decided; people of the warehouse may read it."""
        picking = self._sell((self.tape, 4))
        self._assert_refused(self._ship(picking, (self.tape, 5))[0], 422, "over_shipment")
        line = {"sku": "TAPE", "change": "-3"}
        body = {"adjustment": "A-1", "reason": "count", "lines": [line]}
        self._assert_refused(self._post("/stock/adjustments", body)[0], 422, "adjustment_approval")
        self._post("/shipments/confirmations", {"confirmation": "C-X", "shipment": "X", "lines": [line]})
        rows = {row["kind"]: row["number"] for row in self._get_figures()["decisions"]}
        self.assertEqual((rows["quantities"], rows["adjustments"]), (1, 1))
        for user in (self.worker, self.operator):
            for kind, code in (("quantities", "over_shipment"), ("adjustments", "adjustment_approval")):
                self.assertEqual(self._open("decisions", kind, user).mapped("code"), [code])
        self.assertEqual(self._open("decisions", "other").mapped("code"), ["invalid_message"])

    def test_decisions_of_one_warehouse(self):
        """W4: of a system that runs several warehouses each shows its own decisions."""
        south = self._make_warehouse(self.system, "Southside", "SSIDE")
        self._put(self.tape, 10, location=south.lot_stock_id)
        line = {"sku": "TAPE", "change": "-3"}
        body = {"adjustment": "A-1", "warehouse": "SSIDE", "reason": "count", "lines": [line]}
        self._assert_refused(self._post("/stock/adjustments", body)[0], 422, "adjustment_approval")
        kinds = [
            {row["kind"] for row in self._get_figures(warehouse)["decisions"]}
            for warehouse in (self.warehouse, south)
        ]
        self.assertEqual(kinds, [set(), {"adjustments"}])
        self.assertFalse(self._open("decisions"))

    def test_decisions_of_several_warehouses(self):
        """W4, X1: what is about several warehouses is shown with each of them alone, whatever their names."""
        south = self._make_warehouse(self.system, "Southside", "SSIDE")
        dock = self._make_warehouse(self.system, "Southside, Dock 1", "SDOCK")
        values = {
            "category": "technical",
            "system_id": self.system.id,
            "company_id": self.env.company.id,
        }
        self.env["dist.exception"].create(
            [
                {**values, "name": names or "none", "impact_warehouses": names}
                for names in (
                    "Northside, Southside",
                    "Southside, Southside, Dock 1",
                    "Southside, Dock 1",
                    "Southside, Closed",
                    False,
                )
            ]
        )
        for warehouse, number in ((self.warehouse, 3), (south, 5), (dock, 4)):
            rows = {row["kind"]: row["number"] for row in self._get_figures(warehouse)["decisions"]}
            self.assertEqual(rows, {"other": number}, warehouse.name)
        self.assertEqual(
            set(self._open("decisions").mapped("name")), {"Northside, Southside", "Southside, Closed", "none"}
        )

    def _count(self, text, profile=None, **values):
        profile = profile or self.profile
        run = self.env["dist.reconciliation"]._make(profile, text.encode(), "snapshot.csv", **values)
        run._enqueue()
        self.env.flush_all()
        run._job_run()
        self.env.invalidate_all()
        self.assertEqual((run.state, run.error), ("done", False))
        return run

    def test_variances(self):
        """W5: what Odoo and the warehouse disagree about, with its value, the dearest first."""
        self._put(self.glove, 10)
        self._count("sku,quantity\nTAPE,97\nGLOVE,9\n")
        for user in (self.worker, self.operator):
            variances = self._get_figures(user=user)["variances"]
            self.assertEqual((variances["number"], len(variances["values"])), (2, 1))
            self.assertIn("16.00", variances["values"][0])
            self.assertEqual([line["variance"] for line in variances["lines"]], [-3.0, -1.0])
            self.assertIn("TAPE", variances["lines"][0]["item"])
            self.assertTrue(variances["compared_at"])
            self.assertEqual(self._open("variances", user=user).mapped("variance"), [-3.0, -1.0])
            line_id = variances["lines"][1]["id"]
            self.assertEqual(self._open("variances", line_id, user).ids, [line_id])

    def test_compared(self):
        """W5: how much agrees is said by a warehouse's last full list: not by a count, nor by another warehouse."""
        south = self._make_warehouse(self.system, "Southside", "SSIDE")
        self._put(self.glove, 10)
        self._put(self.tape, 10, location=south.lot_stock_id)
        self._count("sku,quantity\nTAPE,97\nGLOVE,10\n", warehouse_id=self.warehouse.id)
        self._count("sku,quantity\nTAPE,97\n", warehouse_id=self.warehouse.id, coverage="part")
        self._count("sku,quantity\nTAPE,10\n", warehouse_id=south.id)
        accuracies = [
            self._get_figures(warehouse)["variances"]["accuracy"] for warehouse in (self.warehouse, south)
        ]
        self.assertEqual(accuracies, [50.0, 100.0])
        other = self.profile.copy({"name": "Cold store"})
        self._count("sku,quantity\nTAPE,100\nGLOVE,10\n", profile=other, warehouse_id=self.warehouse.id)
        self.assertEqual(self._get_figures(self.warehouse)["variances"]["accuracy"], 75.0, "of every profile")
        other.active = False
        self.assertEqual(self._get_figures(self.warehouse)["variances"]["accuracy"], 50.0)

    def test_one_warehouse(self):
        """W1: the figures of one warehouse are its own."""
        system, _client, _key = self._make_wms("Southside")
        south = self._make_warehouse(system, "Southside", "SSIDE")
        self._put(self.tape, 10, location=south.lot_stock_id)
        self._sell((self.tape, 1), warehouse=south)
        self.assertEqual(self._get_figures()["deliveries"]["released"], 0)
        self.assertEqual(self._get_figures(south)["deliveries"]["released"], 1)
        day = self.env["dist.warehouse.day"].with_user(self.worker)
        names = [row["name"] for row in day.get_figures()["warehouses"]]
        self.assertTrue({"Northside", "Southside"} <= set(names))

    def test_chosen_before(self):
        """W1: a warehouse that was chosen once and is run by nobody else any more stands for all, not for nothing."""
        self._sell((self.tape, 1))
        own = self._make_warehouse(self.system, "Own", "OWN", dist_system_id=False)
        figures = self._get_figures(own)
        self.assertFalse(figures["chosen"])
        self.assertGreaterEqual(figures["deliveries"]["released"], 1)
        self.assertEqual(self._get_figures()["chosen"], self.warehouse.id)

    def test_other_company(self):
        """G8: nothing of another company is counted, or opened."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "day-stranger",
            groups="stock.group_stock_user",
            company_id=company.id,
            company_ids=[fields.Command.set(company.ids)],
        )
        self._sell((self.tape, 1))
        figures = self._get_figures(user=stranger)
        self.assertFalse(figures["warehouses"])
        self.assertFalse(any(figures["deliveries"].values()))
        self.assertFalse(self._open("released", user=stranger))

    def test_bad_input(self):
        """X1: a figure that does not exist has a name; who has nothing to do with the warehouse sees nothing."""
        day = self.env["dist.warehouse.day"].with_user(self.worker)
        with self.assertRaisesRegex(UserError, "no figure"):
            day.open_records("nothing")
        for figure, key in (("decisions", "nope"), ("variances", "abc")):
            with self.subTest(figure), self.assertRaisesRegex(UserError, "no figure"):
                day.open_records(figure, None, key)
        seller = new_test_user(self.env, "day-seller", groups="sales_team.group_sale_salesman")
        for call in (
            lambda: day.with_user(seller).get_figures(),
            lambda: day.with_user(seller).open_records("late"),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_reading_is_all(self):
        """G8: people of the warehouse change neither exceptions nor variances, and see none of other partners."""
        shop, _client, _key = self._make_system("Shop", message_types=())
        values = {"name": "x", "category": "technical", "company_id": self.env.company.id}
        own, other = self.env["dist.exception"].create(
            [{**values, "system_id": self.system.id}, {**values, "system_id": shop.id}]
        )
        found = self.env["dist.exception"].with_user(self.worker).search([("id", "in", (own | other).ids)])
        self.assertEqual(found.ids, own.ids)
        with self.assertRaises(AccessError):
            found.write({"severity": "low"})
