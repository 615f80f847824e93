import hashlib

from odoo import fields
from odoo.tests import tagged

from ..lib import plan_file
from .common import PlanningCase, only


@tagged("post_install", "-at_install")
class TestImport(PlanningCase):
    """A version is checked as a whole, and put in force as a whole or not at all."""

    def _get_forecasts(self, batch=None):
        batch = batch or self.source.forecast_batch_id
        return self.env["dist.planning.forecast"].search([("batch_id", "=", batch.id)])

    def test_bucket_calendar_unit_and_uplift_are_stored(self):
        """P2, rules 1, 7, 12: start and calendar of the bucket, the unit, baseline and uplift apart from each other."""
        row = self._forecast(
            unit="Dozens",
            baseline=2,
            uplift=0.5,
            calendar="4-4-5",
            bucket="month",
            low=1,
            lower=1.5,
            upper=3,
            high=4,
        )
        forecast = self._get_forecasts(self._take_in([row]))
        self.assertEqual(
            (str(forecast.bucket_start), forecast.bucket, forecast.calendar), ("2026-03-02", "month", "4-4-5")
        )
        self.assertEqual((forecast.baseline, forecast.uplift, forecast.quantity), (24.0, 6.0, 30.0))
        self.assertEqual(
            (forecast.low, forecast.lower, forecast.upper, forecast.high), (12.0, 18.0, 36.0, 48.0)
        )
        self.assertEqual(forecast.uom_id, self.tape.uom_id)

    def test_what_was_not_said_is_empty(self):
        """P2, X2: what a plan leaves out is empty on the screen, 0 is 0; a row is called by its item."""
        batch = self._take_in(
            [self._forecast(low=0, high=30), self._parameter(safety_stock=0, lead_time_days=9)]
        )
        parameter = self.env["dist.planning.parameter"].search([("batch_id", "=", batch.id)])
        (said,) = parameter.read(
            ["safety_stock", "reorder_point", "maximum", "service_level", "lead_time_days"]
        )
        self.assertEqual(
            [str(value) for value in said.values()][1:], ["0.0", "False", "False", "False", "9.0"]
        )
        self.assertEqual(parameter.display_name, self.tape.display_name)
        self.assertEqual(parameter.export_data(["reorder_point", "safety_stock"])["datas"], [["", 0.0]])
        (said,) = self._get_forecasts(batch).read(["low", "lower", "upper", "high"])
        self.assertEqual([str(value) for value in said.values()][1:], ["0.0", "False", "False", "30.0"])

    def test_codes(self):
        """P2: numbers mean what a person said, then what is bound, then our own; that of two products means none."""
        self.env["dist.code.map"].create(
            [
                self._map("product", "TAPE", self.glove),
                self._map("warehouse", "4711", self.north),
                self._map("unit", "DZ", self.dozen),
            ]
        )
        self.env["dist.binding"]._bind(self.system, self.seal, "X-9")
        batch = self._take_in(
            [
                self._forecast("TAPE", warehouse="4711", unit="DZ"),
                self._forecast("X-9"),
            ]
        )
        found = {forecast.product_id: forecast for forecast in self._get_forecasts(batch)}
        self.assertEqual(set(found), {self.glove, self.seal}, self._get_faults(batch))
        self.assertEqual((found[self.glove].warehouse_id, found[self.glove].quantity), (self.north, 120.0))
        self._make_product("SEAL")
        batch = self._take_in([self._forecast("SEAL")], "R-2", 1)
        self.assertEqual([fault[4] for fault in self._get_faults(batch)], ["ambiguous_item"])

    def _map(self, domain, code, record):
        return {
            "system_id": self.system.id,
            "domain": domain,
            "external_code": code,
            "res_model": record._name,
            "res_id": record.id,
        }

    def test_every_fault_is_named(self):
        """P2, rule 6: file, line, field and value of each fault; a unit of another category is refused."""
        rows = [
            self._forecast(),
            self._forecast("TYPO", day="2026-03-09"),
            self._forecast(day="2026-03-16", warehouse="MOON"),
            self._forecast(day="2026-03-23", unit="Bushel"),
            self._forecast(day="2026-03-30", unit="kg"),
            self._forecast(day="2026-04-06", baseline=-1),
            self._forecast(day="2026-04-13", low=5, lower=4),
            self._forecast(day="2026-04-20", bucket="year"),
            self._proposal(kind="gift"),
            self._proposal("P-2", quantity=0),
            self._proposal("P-3", date_planned=None),
            self._proposal("P-4", supplier="NOBODY"),
            self._proposal("P-5", kind="transfer"),
            self._proposal("P-6", kind="transfer", source_warehouse="WH"),
            self._parameter(safety_stock=-1, reorder_point=5, maximum=4, service_level=95),
            self._alert(severity="awful"),
        ]
        batch = self._take_in(rows)
        name = batch.file_ids.name
        self.assertEqual((batch.state, batch.error_count), ("refused", 18))
        found = {fault[1:] for fault in self._get_faults(batch)}
        self.assertEqual({fault[0] for fault in self._get_faults(batch)}, {name})
        for fault in (
            (3, "sku", "TYPO", "unknown_item"),
            (4, "warehouse", "MOON", "unknown_warehouse"),
            (5, "unit", "Bushel", "unknown_unit"),
            (6, "unit", "kg", "unit_category"),
            (7, "baseline", "-1", "below_zero"),
            (8, "low", "5", "band_order"),
            (9, "bucket", "year", "invalid_bucket"),
            (10, "kind", "gift", "invalid_kind"),
            (11, "quantity", "0", "invalid_quantity"),
            (12, "date_planned", "", "missing_date"),
            (13, "supplier", "NOBODY", "unknown_supplier"),
            (14, "source_warehouse", "", "unknown_warehouse"),
            (15, "source_warehouse", "WH", "same_warehouse"),
            (16, "safety_stock", "-1", "below_zero"),
            (16, "service_level", "95", "service_level"),
            (17, "severity", "awful", "invalid_severity"),
        ):
            self.assertIn(fault, found)
        self.assertFalse(self._get_forecasts(batch))
        self.assertFalse(self._get_proposals())
        self.assertFalse(self.source.forecast_batch_id)

    def test_band_with_gaps(self):
        """P2: limits of a band are in their order also where some of them are left out."""
        batch = self._take_in([self._forecast(low=9, high=1), self._forecast("GLOVE", low=1, upper=9)])
        self.assertEqual([fault[1:] for fault in self._get_faults(batch)], [(2, "low", "9", "band_order")])

    def test_bad_values_in_csv(self):
        """P2: what the database refuses of a CSV file is named by line and field all the same."""
        head = "sku,warehouse,bucket_start,unit,baseline\n"
        rows = ["TAPE,WH,2026-03-02,Units,five", "TAPE,WH,09.03.2026,Units,5", ",WH,2026-03-16,Units,5"]
        content = (head + "\n".join(rows) + "\n").encode()
        batch = self._receive(content, plan="R-1", kind="forecast", name="f.csv")
        manifest = {
            "files": [{"kind": "forecast", "rows": 3, "sha256": hashlib.sha256(content).hexdigest()}],
        }
        batch.write({"manifest": manifest, "planned_at": fields.Datetime.now()})
        self._activate(batch)
        self.assertEqual(
            self._get_faults(batch),
            [
                ("f.csv", 2, "baseline", "five", "invalid_value"),
                ("f.csv", 3, "bucket_start", "09.03.2026", "invalid_value"),
                ("f.csv", 4, "sku", "", "missing_value"),
            ],
        )

    def test_duplicate_key(self):
        """P2: what a plan says twice is refused, each line named."""
        rows = [self._forecast(), self._forecast(day="2026-03-09"), self._forecast(baseline=12)]
        batch = self._take_in(rows)
        self.assertEqual(
            [fault[1:] for fault in self._get_faults(batch)],
            [(2, "sku", "TAPE", "duplicate_key"), (4, "sku", "TAPE", "duplicate_key")],
        )
        batch = self._take_in([self._proposal(), self._proposal(quantity=5)], "R-2", 1)
        self.assertEqual([fault[1] for fault in self._get_faults(batch)], [2, 3])
        self._take_in([self._proposal()], "R-4", 2)
        self._get_proposals().action_refuse()
        batch = self._take_in([self._proposal(), self._proposal(quantity=5)], "R-5", 3)
        self.assertEqual([fault[1] for fault in self._get_faults(batch)], [2, 3])
        batch = self._take_in([self._parameter(), self._parameter()], "R-3", 4)
        self.assertEqual([fault[4] for fault in self._get_faults(batch)], ["duplicate_key"] * 2)

    def test_all_kinds_of_mistakes_at_once(self):
        """P2, rule 6: what cannot be read hides no other mistake: a value, a code and a row that is there twice."""
        rows = [
            self._forecast(),
            self._forecast(day="2026-03-09", baseline="ten"),
            self._forecast("TYPO"),
            self._forecast("OTHER"),
            self._forecast(baseline=12),
            self._forecast(warehouse="MOON"),
        ]
        batch = self._take_in(rows)
        self.assertEqual((batch.state, batch.error_count), ("refused", 6))
        self.assertEqual(
            [fault[1:] for fault in self._get_faults(batch)],
            [
                (2, "sku", "TAPE", "duplicate_key"),
                (3, "baseline", "ten", "invalid_value"),
                (4, "sku", "TYPO", "unknown_item"),
                (5, "sku", "OTHER", "unknown_item"),
                (6, "sku", "TAPE", "duplicate_key"),
                (7, "warehouse", "MOON", "unknown_warehouse"),
            ],
        )

    def test_partial(self):
        """P2, rule 10: fewer rows than the manifest says, or other ones, are no plan."""
        batch = self._take_in([self._forecast()], manifest={"counts": {"forecast": 2}})
        self.assertEqual(self._get_faults(batch), [("", 0, "rows", "1", "partial")])
        batch = self._take_in([self._forecast()], "R-2", 1, {"sha256": "0" * 64})
        self.assertEqual(
            [fault[2:3] + fault[4:] for fault in self._get_faults(batch)], [("sha256", "partial")]
        )
        batch = self._receive(self._plan([self._forecast(), self._alert()], "R-3", 2)[:-30])
        self.assertEqual(self._activate(batch).state, "refused")

    def test_all_kinds_without_forecasts(self):
        """P2: a file of all kinds that says it has no forecasts does not take away those in force."""
        none = {"counts": {"forecast": 0, "alert": 1}}
        self.assertEqual(self._take_in([self._alert()], "R-0", -1, none).state, "active")
        first = self._take_in([self._forecast()])
        batch = self._take_in([self._alert(text="Ends in July")], "R-2", 1, none)
        self.assertEqual([fault[4] for fault in self._get_faults(batch)], ["empty"])
        self.assertEqual(self.source.forecast_batch_id, first)
        self.assertEqual(self._take_in([self._alert(text="Ends in July")], "R-3", 2).state, "active")
        self.assertEqual(self.source.forecast_batch_id, first)

    def test_kinds_that_the_manifest_leaves_out(self):
        """P2, rule 10: rows of a kind that the manifest says nothing of are more than it says."""
        batch = self._take_in([self._proposal()], manifest={"counts": {}})
        self.assertEqual(self._get_faults(batch), [("", 0, "rows", "1", "partial")])

    def test_stale(self):
        """P2: a plan that is older than the one in force, or of tomorrow, is refused; that in force stays."""
        batch = self._take_in([self._forecast()], minutes=10)
        older = self._take_in([self._forecast(baseline=1)], "R-0", 5)
        self.assertEqual([fault[4] for fault in self._get_faults(older)], ["outdated"])
        ahead = self._take_in([self._forecast(baseline=1)], "R-9", 60 * 24)
        self.assertEqual([fault[4] for fault in self._get_faults(ahead)], ["moment_ahead"])
        self.assertEqual(self.source.forecast_batch_id, batch)
        self.assertEqual(self._get_forecasts().baseline, 10.0)

    def test_versions(self):
        """P2: a new version supersedes the one before for the kinds of rows it has; the rows of both are kept."""
        first = self._take_in([self._forecast(), self._proposal()])
        second = self._take_in([self._forecast(baseline=12)], "R-2", 5)
        self.assertEqual((first.state, second.state), ("active", "active"))
        self.assertEqual((self.source.forecast_batch_id, self.source.proposal_batch_id), (second, first))
        third = self._take_in([self._proposal(quantity=20)], "R-3", 9)
        self.assertEqual((first.state, third.state), ("superseded", "active"))
        self.assertEqual(self._get_forecasts(first).baseline, 10.0)

    def test_what_a_version_says(self):
        """P2: a version leads to its forecasts, stock parameters and proposals."""
        rows = [self._forecast(), self._forecast("GLOVE"), self._parameter(), self._proposal()]
        batch = self._take_in(rows)
        self._take_in([self._forecast(baseline=1)], "R-2", 1)
        for kind, count in (("forecast", 2), ("parameter", 1), ("proposal", 1)):
            action = getattr(batch, f"action_view_{kind}s")()
            self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), count)

    def test_deleted(self):
        """P2: rows of a plan go with their version, and with their product."""
        first = self._take_in([self._forecast(), self._forecast("GLOVE"), self._parameter(), self._alert()])
        self.glove.unlink()
        self.env.invalidate_all()
        self.assertEqual(self._get_forecasts(first).product_id, self.tape)
        self._take_in([self._forecast(baseline=1), self._parameter(), self._alert()], "R-2", 1)
        self.assertEqual(first.state, "superseded")
        first.unlink()
        for model in ("forecast", "parameter", "alert"):
            self.assertFalse(self.env[f"dist.planning.{model}"].search([("batch_id", "=", first.id)]))

    def test_same_plan_again(self):
        """P2: a run that comes to the same plan makes no new rows; the plan in force is as young as that run."""
        first = self._take_in([self._forecast(), self._proposal()])
        again = self._take_in([self._forecast(), self._proposal()], "R-2", 30)
        self.assertEqual((again.state, again.same_as_id, first.state), ("superseded", first, "active"))
        self.assertFalse(self._get_forecasts(again))
        self.assertEqual(first.confirmed_at, again.planned_at)
        self.assertLess(first.planned_at, first.confirmed_at)
        other = self._take_in([self._forecast(baseline=1), self._proposal()], "R-3", 40)
        self.assertEqual((other.state, first.state), ("active", "superseded"))

    def test_corrected_and_sent_again(self):
        """P2: a refused plan may be sent again under its number, corrected; the exception closes by itself."""
        batch = self._take_in([self._forecast("TYPO")])
        exception = self.env["dist.exception"].search([("code", "=", "plan_refused")])
        self.assertEqual((batch.state, exception.state, exception.severity), ("refused", "open", "high"))
        self.assertIn("TYPO", exception.detail)
        corrected = self._take_in([self._forecast("TAPE")])
        self.assertEqual((corrected, batch.state, batch.error_ids.ids), (batch, "active", []))
        self.assertEqual(exception.state, "resolved")

    def test_check_again(self):
        """P2: once an unknown number is explained, a planner has the same file checked again."""
        batch = self._take_in([self._forecast("TYPO")])
        self.env["dist.code.map"].create(self._map("product", "TYPO", self.tape))
        planner = self._make_planner()
        batch.with_user(planner).action_check_again()
        self.assertEqual(batch.state, "staged")
        self.assertEqual(self._activate(batch).state, "active", self._get_faults(batch))
        self._assert_told(batch, "retried", planner)

    def test_value_at_risk(self):
        """P2: the exception of a refused plan says what the plan before, which goes on, is worth."""
        self._take_in([self._proposal()])
        self._take_in([self._forecast("TYPO")], "R-2", 1)
        exception = self.env["dist.exception"].search([("code", "=", "plan_refused")])
        self.assertEqual((exception.impact_value, exception.impact_lines), (40.0, 1))
        self.assertEqual(exception.impact_skus, "TAPE")

    def test_limits(self):
        """P2: a platform cannot plan warehouses, propose kinds, values or numbers of rows it was not allowed to."""
        self.source.write({"warehouse_ids": only(self.north), "may_purchase": False})
        batch = self._take_in([self._forecast(), self._proposal(warehouse="NORTH")])
        self.assertEqual(
            [fault[2:] for fault in self._get_faults(batch)],
            [("warehouse", "WH", "warehouse_not_allowed"), ("kind", "purchase", "kind_not_allowed")],
        )
        self.source.write({"warehouse_ids": [(5,)], "may_purchase": True, "proposal_value_limit": 39.0})
        batch = self._take_in([self._proposal()], "R-2", 1)
        self.assertEqual(
            [fault[1:] for fault in self._get_faults(batch)], [(2, "quantity", "40", "value_limit")]
        )
        self.assertFalse(self._get_proposals())
        self.source.write({"proposal_value_limit": 0.0, "batch_line_limit": 1})
        batch = self._take_in([self._forecast(), self._alert()], "R-3", 2)
        self.assertEqual([fault[4] for fault in self._get_faults(batch)], ["too_many_rows"])

    def test_limit_of_what_follows_from_parameters(self):
        """P2: the largest proposal also holds for reordering rules that are made of stock parameters."""
        self._make_rule()
        self.source.proposal_value_limit = 100.0
        rows = [self._parameter("GLOVE", reorder_point=5, maximum=9)]
        rows += [self._parameter(reorder_point=1_000_000, maximum=2_000_000)]
        batch = self._take_in(rows)
        self.assertEqual(
            [fault[1:] for fault in self._get_faults(batch)], [(3, "maximum", "8000000", "value_limit")]
        )
        self.assertFalse(self._get_proposals())
        self.assertFalse(self.source.parameter_batch_id)
        batch = self._take_in(rows[:1], "R-2", 1)
        self.assertEqual((batch.state, self._get_proposals().mapped("value")), ("active", [36.0]))

    def test_same_rows_with_other_counts(self):
        """P2: a manifest that does not fit its rows is refused, also where the rows are those in force."""
        self._take_in([self._forecast()])
        batch = self._take_in([self._forecast()], "R-2", 1, {"counts": {"forecast": 2}})
        self.assertEqual([fault[4] for fault in self._get_faults(batch)], ["partial"])
        batch = self._take_in([self._forecast()], "R-3", 2)
        self.assertEqual(batch.same_as_id, self.source.forecast_batch_id)

    def test_units_in_the_language_of_the_company(self):
        """P2: a unit may be called as exports call it, which is in the company's language, and in English."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env.company.partner_id.lang = "fr_FR"
        self.tape.uom_id.with_context(lang="fr_FR").name = "Unités"
        batch = self._take_in([self._forecast(unit="Unités"), self._forecast("GLOVE", unit="Units")])
        self.assertEqual((batch.state, batch.forecast_count), ("active", 2), self._get_faults(batch))

    def test_many_faults(self):
        """P2: a file of which nothing fits keeps the first faults and their number."""
        rows = [self._forecast(f"NO-{number}") for number in range(250)]
        batch = self._take_in(rows)
        self.assertEqual((batch.error_count, len(batch.error_ids)), (250, plan_file.MAX_FAULTS))

    def test_damaged_file(self):
        """P2: a packed file that is cut off is refused as a whole."""
        import gzip

        content = gzip.compress(b"sku,warehouse,bucket_start,unit,baseline\nTAPE,WH,2026-03-02,Units,7\n")[
            :-9
        ]
        batch = self._receive(content, plan="R-1", kind="forecast", name="f.csv.gz")
        sha256 = hashlib.sha256(content).hexdigest()
        manifest = {"files": [{"kind": "forecast", "rows": 1, "sha256": sha256}]}
        batch.write({"manifest": manifest, "planned_at": fields.Datetime.now()})
        self.assertEqual(self._activate(batch).state, "refused")
        self.assertIn("cut off", batch.error_ids.message)

    def test_long_checks_hold_up_no_messages(self):
        """P2: while the plan of a source is checked, the files of a system of the same number are taken in."""
        batch = self._receive(self._plan([self._proposal()]))
        message = self.env["dist.message"].new({"system_id": self.source.id})
        keys = self.env["dist.handler.plan.file"]._get_lock_keys(message, {})
        self.assertTrue(keys)
        self.assertNotIn(batch._get_run_lock(), keys)

    def test_rows_of_the_built_in_planner(self):
        """P2, P4: rows of a program take the same path, by ids; what is wrong with them is refused alike."""
        source = self.env["dist.planning.source"].create({"name": "Own", "code": "own", "kind": "built_in"})
        row = {"product_id": self.tape.id, "warehouse_id": self.warehouse.id}
        batch = self.env["dist.planning.batch"]._stage_rows(
            source,
            "RUN-1",
            forecasts=[{**row, "bucket_start": fields.Date.today(), "baseline": 3.0, "bucket": "week"}],
            parameters=[{**row, "safety_stock": 2.0, "explanation": {"method": "theta"}}],
            proposals=[
                {**row, "key": "1", "kind": "purchase", "quantity": 6, "date_planned": fields.Date.today()}
            ],
        )
        batch._activate()
        self.assertEqual((batch.state, source.forecast_batch_id), ("active", batch))
        parameter = self.env["dist.planning.parameter"].search([("batch_id", "=", batch.id)])
        self.assertEqual((parameter.safety_stock, parameter.explanation), (2.0, {"method": "theta"}))
        proposal = self.env["dist.planning.proposal"].search([("source_id", "=", source.id)])
        self.assertEqual((proposal.quantity, proposal.uom_id), (6.0, self.tape.uom_id))
