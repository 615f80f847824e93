import base64
import json

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.dist_integration_base.tests.common import DistCase

from .people import PeopleMixin

HEAD = "key,amount\n"


class ReconciliationCase(PeopleMixin, DistCase):
    """Partners with colour numbers here, a file of the same there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.people["second"] = cls.people["operator"].copy({"login": "dist-test-second"})
        cls.system, _client, _key = cls._make_system("Counted", message_types=["partner.submit"])
        cls.profile = cls._make_profile(cls.system)
        cls.reason = cls.env.ref("dist_integration_base.reason_count")
        cls._make_partners({"REC-1": 10, "REC-2": 20, "REC-3": 30})

    @classmethod
    def _make_profile(cls, system, **values):
        return cls.env["dist.reconciliation.profile"].create(
            {
                "name": "Colours",
                "domain_code": "partner",
                "system_id": system.id,
                "approval_limit": 5.0,
                "owner_id": cls.people["operator"].id,
                **values,
            }
        )

    @classmethod
    def _make_partners(cls, colours, company=None, **values):
        company = company or cls.env.company
        return cls.env["res.partner"].create(
            [
                {"name": ref, "ref": ref, "color": colour, "company_id": company.id, **values}
                for ref, colour in colours.items()
            ]
        )

    def _run(self, text, user="operator", profile=None, **values):
        """Make a run as a person does, with a file, press the button and have the job done."""
        content = text if isinstance(text, bytes) else text.encode()
        runs = self.env["dist.reconciliation"].with_user(self.people[user])
        run = runs.create(
            {
                "profile_id": (profile or self.profile).id,
                "snapshot": base64.b64encode(content),
                "snapshot_name": "theirs.csv",
                **values,
            }
        )
        run.action_start()
        self._perform(run)
        return run

    def _perform(self, run):
        self.env.flush_all()
        run.sudo()._job_run()
        self.env.invalidate_all()

    def _states(self, run):
        return {line.key: (line.kind, line.state, line.variance) for line in run.line_ids}

    def _exceptions(self, run, code):
        return self.env["dist.exception"].search([("code", "=", code), ("system_id", "=", run.system_id.id)])


@tagged("post_install", "-at_install")
class TestReconciliation(ReconciliationCase):
    def test_compare(self):
        """X2: equal records are counted, others become lines, unknown keys of either side among them."""
        run = self._run(HEAD + "REC-1,10\nREC-2,22.5\nREC-9,7\n")
        self.assertEqual(
            self._states(run),
            {
                "REC-2": ("differs", "open", 2.5),
                "REC-3": ("missing_there", "open", -30.0),
                "REC-9": ("missing_here", "open", 7.0),
            },
        )
        self.assertEqual((run.state, run.their_count, run.our_count, run.counted), ("done", 3, 3, 4))
        self.assertEqual((run.matched_count, run.within_count, run.variance_count), (1, 0, 3))
        self.assertEqual((run.missing_here_count, run.missing_there_count), (1, 1))
        self.assertEqual((run.accuracy, run.value_at_risk), (25.0, 39.5))
        exception = self._exceptions(run, "reconciliation_variances")
        self.assertEqual((exception.assignee_id, exception.impact_lines), (self.people["operator"], 3))
        self.assertEqual(exception.impact_value, 39.5)
        self.assertEqual(run.progress, 100.0)

    def test_formats(self):
        """X2: JSON lines, semicolons, further columns, blanks, a byte order mark: all are read alike."""
        rows = [
            {"key": "REC-1", "amount": 10},
            {"key": "REC-2", "amount": "20.0"},
            {"key": " REC-3 ", "amount": 31},
        ]
        for content in (
            "\n".join(json.dumps(row) for row in rows),
            "\ufeffnote;amount;key\nx;10;REC-1\n;20;REC-2\n;31;REC-3\n",
            HEAD + "REC-1,10\nREC-2, 20 \n REC-3,31\n",
            HEAD + '"REC-1","10"\r\n"REC-2","20"\r\n"REC-3","31"',
        ):
            with self.subTest(content):
                self.assertEqual(self._states(self._run(content)), {"REC-3": ("differs", "open", 1.0)})

    def test_bad_rows_are_named(self):
        """X2: a malformed file is refused as a whole, each mistake named by its line; the owner is told."""
        run = self._run(HEAD + "REC-1,ten\n,5\nREC-2,1,2\nREC-3,NaN\nREC-4,1e15\nREC-5,5\n")
        self.assertEqual(run.state, "failed")
        for text in (
            "Line 2: amount 'ten'",
            "Line 3: key is empty",
            "Line 4: 3 values",
            "Line 5:",
            "Line 6:",
        ):
            self.assertIn(text, run.error)
        self.assertNotIn("Line 7", run.error)
        self.assertFalse(run.line_ids or run.accuracy_ids or run.counted)
        exception = self._exceptions(run, "reconciliation_failed")
        self.assertEqual((exception.category, exception.state), ("validation", "open"))
        self.assertEqual(exception.assignee_id, self.people["operator"])
        run.snapshot = base64.b64encode((HEAD + "REC-1,10\nREC-2,20\nREC-3,30\n").encode())
        run.action_start()
        self._perform(run)
        self.assertEqual((run.state, run.error, run.accuracy), ("done", False, 100.0))
        self.assertEqual(exception.state, "resolved")

    def test_other_bad_files(self):
        for content, text in (
            ("sku,amount\nA,1\n", "missing: key"),
            ("key,amount,key\nA,1,B\n", "more than once: key"),
            (b"key,amount\nREC-\xff,1\n", "Line 2: not in UTF-8"),
            ('{"key": "REC-1", "amount": 1}\n{"key": \n', "Line 2: not a JSON object"),
            ('{"key": "REC-1", "amount": 1}\n{"key": "REC-2"}\n[1]', "Line 2: amount is empty"),
            ('{"key": ["REC-1"], "amount": 1}', "Line 1: key is not a text"),
            (HEAD + "REC-1,10\n\\.\nREC-2,99\n", "Line 3: 1 values, but 2 columns"),
            (HEAD + 'REC-1,"10\n', "Line"),
            ("", "missing: key, amount"),
        ):
            with self.subTest(content):
                run = self._run(content) if content else self._run("\n")
                self.assertEqual(run.state, "failed", run.line_ids.mapped("key"))
                self.assertIn(text, run.error)
                self.assertFalse(run.line_ids)

    def test_duplicates_are_named(self):
        """X2: a record named twice could be a mistake: nothing is compared, both lines are named."""
        run = self._run(HEAD + "REC-1,4\nREC-2,20\nREC-1,6\nREC-3,30\n")
        self.assertEqual(run.state, "failed")
        self.assertIn("Line 2: REC-1 is there more than once", run.error)
        self.assertIn("Line 4: REC-1 is there more than once", run.error)
        self.assertFalse(run.line_ids)

    def test_tolerance_by_class(self):
        """X2: per cent and amount both limit; a class without a rule has the general one; never netted."""
        partners = self.env["res.partner"].search([("ref", "like", "REC-")])
        partners[0].function, partners[1].function = "A", "B"
        rules = [
            {"class_code": "A", "percent": 10.0},
            {"class_code": "B", "percent": 50.0, "limits_absolute": True, "absolute": 1.0},
            {"limits_percent": False, "limits_absolute": True, "absolute": 3.0},
        ]
        self.profile.tolerance_ids = [fields.Command.create(rule) for rule in rules]
        run = self._run(HEAD + "REC-1,11\nREC-2,18\nREC-3,27\n")
        self.assertEqual(
            {line.key: line.state for line in run.line_ids},
            {"REC-1": "within", "REC-2": "open", "REC-3": "within"},
        )
        self.assertEqual(
            {row.class_code: (row.counted, row.matched, row.within) for row in run.accuracy_ids},
            {"": (1, 0, 1), "A": (1, 0, 1), "B": (1, 0, 0)},
        )
        self.assertAlmostEqual(run.accuracy, 66.67, 2)
        self.assertEqual((run.within_count, run.variance_count), (2, 1))

    def test_tolerance_rules(self):
        rule = {"profile_id": self.profile.id, "class_code": "A"}
        tolerances = self.env["dist.reconciliation.tolerance"]
        tolerances.create(rule)
        for values in (rule, {**rule, "class_code": "B", "percent": -1}):
            with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017
                tolerances.create(values)
        with self.assertRaises(ValidationError):
            self.profile.scope_domain = "[('no_such_field', '=', 1)]"

    def test_scope(self):
        """X2: a profile's filter limits what is expected of Odoo."""
        self.profile.scope_domain = "[('ref', '!=', 'REC-3')]"
        run = self._run(HEAD + "REC-1,10\nREC-2,20\n")
        self.assertEqual((run.counted, run.accuracy, len(run.line_ids)), (2, 100.0, 0))

    def test_in_flight(self):
        """X2: what moved after the moment of the snapshot is taken back before both sides are compared."""
        self._make_partners({"REC-4": 41}, comment="later")
        moment = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        run = self._run(HEAD + "REC-1,10\nREC-2,20\nREC-3,30\nREC-4,40\n", moment=moment)
        self.assertFalse(run.line_ids)
        self.assertEqual((run.in_flight_count, run.accuracy), (1, 100.0))
        run = self._run(HEAD + "REC-1,10\nREC-2,20\nREC-3,30\nREC-4,41\n", moment=moment)
        line = run.line_ids
        self.assertEqual((line.ledger, line.in_flight, line.expected, line.variance), (41, -1, 40, 1))

    def test_moment(self):
        """X2: no run of a moment that lies ahead, none before the last one."""
        now = fields.Datetime.now()
        with self.assertRaisesRegex(UserError, "lies ahead"):
            self._run(HEAD + "A,1\n", moment=fields.Datetime.add(now, hours=1))
        self._run(HEAD + "REC-1,10\n")
        with self.assertRaisesRegex(UserError, "later snapshot"):
            self._run(HEAD + "A,1\n", moment=fields.Datetime.subtract(now, days=1))

    def test_a_run_is_begun_by_who_may(self):
        """G5, X2: whoever only looks begins none."""
        for name in ("user", "auditor"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.profile.with_user(self.people[name]).action_new_run()

    def test_needs_snapshot(self):
        action = self.profile.with_user(self.people["operator"]).action_new_run()
        run = self.env["dist.reconciliation"].with_user(self.people["operator"]).browse(action["res_id"])
        with self.assertRaisesRegex(UserError, "snapshot first.*key, amount"):
            run.action_start()
        with Form(run) as form:
            form.snapshot = base64.b64encode((HEAD + "REC-1,10\n").encode())
        run.action_start()
        self.assertEqual(run.state, "queued")
        with self.assertRaises(UserError):
            run.action_start()
        with self.assertRaises(UserError):
            run.snapshot = False

    def test_later_run_supersedes(self):
        """X2: what was said of a variance stays with it; open ones of former runs do not count twice."""
        first = self._run(HEAD + "REC-1,12\nREC-2,20\nREC-3,33\n")
        line = first.line_ids.filtered(lambda line: line.key == "REC-1")
        line.with_user(self.people["operator"])._explain(self.reason, "Pallet")
        second = self._run(HEAD + "REC-1,12\nREC-2,20\nREC-3,34\n")
        self.assertEqual(set(first.line_ids.mapped("state")), {"superseded"})
        again, changed = second.line_ids.sorted("key")
        self.assertEqual((again.state, again.explanation, again.seen_before), ("explained", "Pallet", True))
        self.assertEqual((changed.state, changed.seen_before), ("open", False))
        self.assertEqual(
            len(
                self._exceptions(first, "reconciliation_variances").filtered(
                    lambda exception: exception.state == "open"
                )
            ),
            1,
        )

    def test_names(self):
        """X2: runs as of one moment have names of their own; quantities in different units have no sum."""
        moment = fields.Datetime.now()
        runs = [self._run(HEAD + "REC-1,11\n", moment=moment) for _time in range(2)]
        self.assertNotEqual(*(run.name for run in runs))
        view = self.env.ref("dist_integration_base.dist_reconciliation_line_view_tree")
        self.assertEqual(etree.fromstring(view.arch).xpath("//field[@sum]/@name"), ["value_at_risk"])
        quantities = ["theirs", "ledger", "in_flight", "expected", "variance"]
        told = self.env["dist.reconciliation.line"].read_group([], ["value_at_risk", *quantities], [])
        self.assertTrue(told[0]["value_at_risk"])
        self.assertFalse(set(quantities) & set(told[0]))

    def test_technical_failure(self):
        """X2: a failure of ours leaves a state and an exception, and nothing of the run."""
        domain = type(self.env["dist.reconciliation.domain.partner"])

        def fail(_self, _run):
            raise ZeroDivisionError("broken on purpose")

        self.patch(domain, "_describe", fail)
        with self.assertLogs("odoo.addons.dist_integration_base", "ERROR"):
            run = self._run(HEAD + "REC-1,11\n")
        self.assertEqual((run.state, run.line_ids.ids, run.counted), ("failed", [], 0))
        self.assertIn("broken on purpose", run.error)
        self.assertEqual(self._exceptions(run, "reconciliation_failed").category, "technical")

    def test_lost_job(self):
        """X2: a run whose worker was killed is taken up again and done once."""
        run = self._run(HEAD + "REC-1,11\nREC-2,20\nREC-3,30\n")
        run.sudo().write({"state": "running"})
        run.sudo().line_ids.unlink()
        run.sudo().accuracy_ids.unlink()
        self.env["queue.job"].search([]).unlink()
        self.env["dist.reconciliation.profile"]._cron_run()
        jobs = self.env["queue.job"].search([("method_name", "=", "_job_run")])
        self.assertEqual(jobs.identity_key, f"dist-reconciliation:{run.id}")
        self.env["dist.reconciliation.profile"]._cron_run()
        self.assertEqual(self.env["queue.job"].search([("method_name", "=", "_job_run")]), jobs)
        self._perform(run)
        self._perform(run)
        self.assertEqual((run.state, len(run.line_ids)), ("done", 1))

    def test_schedule(self):
        """X2, X3: a run is made when it is due; a snapshot that never comes is told to the owner once."""
        self.profile.write(
            {
                "is_scheduled": True,
                "next_at": fields.Datetime.subtract(fields.Datetime.now(), days=2, hours=1),
            }
        )
        self.env["dist.reconciliation.profile"]._cron_run()
        run = self.profile.run_ids
        self.assertEqual((len(run), run.state), (1, "draft"))
        self.assertGreater(self.profile.next_at, fields.Datetime.now())
        for _time in range(2):
            self.profile.next_at = fields.Datetime.now()
            self.env["dist.reconciliation.profile"]._cron_run()
        exception = self._exceptions(run, "snapshot_missing")
        self.assertEqual((len(exception), exception.state, len(self.profile.run_ids)), (1, "open", 1))
        run.action_cancel()
        self.assertEqual(exception.state, "resolved")


@tagged("post_install", "-at_install")
class TestWhatStaysOpen(ReconciliationCase):
    """X1: an exception about runs is open as long as its own cause is there, whatever else happens."""

    def setUp(self):
        super().setUp()
        self.first = self._run(HEAD + "REC-1,12\nREC-2,22\nREC-3,33\n")
        self.variances = self._exceptions(self.first, "reconciliation_variances")

    def _reject(self, lines):
        lines.with_user(self.people["operator"])._reject(self.reason, "Miscounted")

    def _fail(self, **values):
        run = self._run(HEAD + "REC-1,ten\n", **values)
        self.assertEqual(run.state, "failed")
        return run, self._exceptions(run, "reconciliation_failed")

    def test_empty_run_is_cancelled(self):
        """X1: an empty run that is cancelled settles no variance of another."""
        action = self.profile.with_user(self.people["operator"]).action_new_run()
        self.profile.run_ids.browse(action["res_id"]).with_user(self.people["operator"]).action_cancel()
        self.assertEqual((self.variances.state, self.first.unsettled_count), ("open", 3))

    def test_cycle_count_of_another_record(self):
        """X1: a cycle count that finds its record equal settles no other; with the last variance all is settled."""
        self._run(HEAD + "REC-1,10\n", coverage="part")
        self.assertEqual((self.variances.state, self.variances.impact_lines), ("open", 2))
        self.assertEqual(self.variances.impact_value, 5.0)
        self._reject(self.first.line_ids.filtered(lambda line: line.state == "open"))
        self.assertEqual(self.variances.state, "resolved")

    def test_variances_of_several_runs(self):
        """X1: variances of several runs are one exception, which tells all of them and leads to them."""
        second = self._run(HEAD + "REC-1,13\n", coverage="part")
        self.assertEqual(self._exceptions(second, "reconciliation_variances"), self.variances)
        self.assertIn("3 variances", self.variances.name)
        self.assertEqual((self.variances.impact_lines, self.variances.impact_value), (3, 8.0))
        action = self.variances.with_user(self.people["operator"]).action_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), (self.profile._name, self.profile.id))
        self._reject(second.line_ids)
        self.assertEqual((self.variances.state, self.variances.res_id), ("open", self.first.id))
        self._reject(self.first.line_ids.filtered(lambda line: line.state == "open"))
        self.assertEqual(self.variances.state, "resolved")

    def test_failed_run_while_variances_are_settled(self):
        """X1: a run that failed is told of until it is done, made up for or cancelled."""
        run, failure = self._fail()
        self._reject(self.first.line_ids)
        self.assertEqual((self.variances.state, failure.state, run.state), ("resolved", "open", "failed"))
        self._run(HEAD + "REC-1,10\n", coverage="part")
        self.assertEqual(failure.state, "open", "a cycle count says nothing of the others")
        self._run(HEAD + "REC-1,10\nREC-2,20\nREC-3,30\n")
        self.assertEqual(failure.state, "resolved")

    def test_one_of_two_failed_runs_is_cancelled(self):
        """X1: of two runs that failed the other one is told of when one is cancelled."""
        run, failure = self._fail()
        other, same = self._fail()
        self.assertEqual((failure, failure.res_id), (same, other.id))
        other.action_cancel()
        self.assertEqual((failure.state, failure.res_id), ("open", run.id))
        run.action_cancel()
        self.assertEqual((failure.state, self.variances.state), ("resolved", "open"))

    def test_missing_snapshot(self):
        """X1, X3: a snapshot that is missing is told of until it comes."""
        self.profile.write({"is_scheduled": True, "next_at": fields.Datetime.now()})
        for _time in range(2):
            self.profile.next_at = fields.Datetime.now()
            self.env["dist.reconciliation.profile"]._cron_run()
        waiting = self.profile.run_ids.filtered("is_scheduled")
        missing = self._exceptions(waiting, "snapshot_missing")
        self._reject(self.first.line_ids)
        self.assertEqual((missing.state, self.variances.state), ("open", "resolved"))
        waiting = waiting.with_user(self.people["operator"])
        waiting.snapshot = base64.b64encode((HEAD + "REC-1,10\n").encode())
        waiting.action_start()
        self.assertEqual(missing.state, "resolved")


@tagged("post_install", "-at_install")
class TestSettling(ReconciliationCase):
    def setUp(self):
        super().setUp()
        self.run_ = self._run(HEAD + "REC-1,12\nREC-2,40\nREC-3,30\nREC-9,1\n")
        self.small = self._line("REC-1")
        self.large = self._line("REC-2")
        self.unknown = self._line("REC-9")

    def _line(self, key, user="operator"):
        line = self.run_.sudo().line_ids.filtered(lambda line: line.key == key)
        return line.with_user(self.people[user])

    def _settle(self, lines, button, **values):
        action = getattr(lines, button)()
        wizards = self.env[action["res_model"]].with_user(lines.env.user).with_context(**action["context"])
        form = Form(wizards)
        form.reason_id = self.reason
        for name, value in values.items():
            form[name] = value
        return form.save()

    def test_settle(self):
        """X2: explain, approve, post; the correction is made once and can be opened."""
        self._settle(self.small, "action_explain", explanation="Pallet").action_settle()
        self.assertEqual((self.small.state, self.small.reason_id.code), ("explained", "count"))
        self.small.action_approve()
        self.assertEqual((self.small.state, self.small.approver_id), ("approved", self.people["operator"]))
        self.small.action_post()
        partner = self.env["res.partner"].search([("ref", "=", "REC-1")])
        self.assertEqual((self.small.state, partner.color), ("posted", 12))
        self.assertEqual(self.small.action_open_correction()["res_id"], partner.id)
        self.small.sudo()._post()
        self.assertEqual(partner.color, 12)
        with self.assertRaises(UserError):
            self.small.action_post()

    def test_decisions_are_told(self):
        """G5, X2: who explained, approved, rejected and posted a variance, and why, is in the audit trail."""
        operator = self.people["operator"]
        self._settle(self.small, "action_explain", explanation="Pallet").action_settle()
        self.small.action_approve()
        self.small.action_post()
        for action in ("explained", "approved", "posted"):
            entry = self._assert_told(self.small, action, operator)
            self.assertEqual((entry.reason, entry.part), (f"{self.reason.name}: Pallet", self.run_.name))
        self._settle(self.large, "action_reject", explanation="Miscounted").action_settle()
        self.assertIn("Miscounted", self._assert_told(self.large, "rejected", operator).reason)
        draft = (
            self.env["dist.reconciliation"]
            .with_user(operator)
            .create({"profile_id": self.run_.profile_id.id})
        )
        draft.action_cancel()
        self._assert_told(draft, "cancelled", operator)

    def test_second_person(self):
        """X2: what is worth more than the limit is approved by somebody else than who explained it."""
        self.assertTrue(self.large.needs_second)
        self._settle(self.large, "action_explain").action_settle()
        with self.assertRaisesRegex(UserError, "somebody else"):
            self.large.action_approve()
        other = self._line("REC-2", "second")
        self.assertTrue(other.can_approve)
        other.action_approve()
        self.assertEqual(self.large.approver_id, self.people["second"])
        with self.assertRaises(UserError):
            self._settle(self._line("REC-2"), "action_explain").action_settle()

    def test_explain_and_approve(self):
        lines = self.small | self.large
        self._settle(lines, "action_explain").action_explain_and_approve()
        self.assertEqual((self.small.state, self.large.state), ("approved", "explained"))

    def test_reject_and_close(self):
        """X1, X2: with the last variance settled the exception closes by itself."""
        exception = self._exceptions(self.run_, "reconciliation_variances")
        self._settle(self.large | self.unknown, "action_reject").action_settle()
        self.assertEqual((exception.state, exception.impact_lines), ("open", 1))
        self._settle(self.small, "action_explain").action_explain_and_approve()
        self.small.action_post()
        self.assertEqual(exception.state, "resolved")

    def test_nothing_to_post(self):
        self._settle(self.unknown, "action_explain").action_explain_and_approve()
        self.assertFalse(self.unknown.can_post)
        with self.assertRaises(UserError):
            self.unknown.action_post()

    def test_small_ones_are_posted(self):
        """X2: within tolerance, of little value and alike in two snapshots: posted by itself, once."""
        self.profile.write({"auto_post": True, "auto_post_limit": 3.0})
        self.profile.tolerance_ids = [fields.Command.create({"percent": 25.0})]
        text = HEAD + "REC-1,11\nREC-2,20\nREC-3,37\n"
        first = self._run(text)
        self.assertEqual(set(first.line_ids.mapped("state")), {"within"})
        self.assertFalse(self.env["queue.job"].search([("method_name", "=", "_job_post")]))
        second = self._run(text)
        states = {line.key: line.state for line in second.line_ids}
        self.assertEqual(states, {"REC-1": "approved", "REC-3": "within"})
        self.assertTrue(self.env["queue.job"].search([("method_name", "=", "_job_post")]))
        second.sudo().line_ids._job_post(self.env.user.id)
        self.assertEqual(self.env["res.partner"].search([("ref", "=", "REC-1")]).color, 11)
        self.assertEqual(self._states(self._run(text)), {"REC-3": ("differs", "within", 7.0)})

    def test_drill_down(self):
        """X2: from a line to its document and to what was said about it."""
        partner = self.env["res.partner"].search([("ref", "=", "REC-1")])
        action = self.small.action_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.partner", partner.id))
        message = self._make_message(self.system.flow_ids, res_model="res.partner", res_id=partner.id)
        found = self.env["dist.message"].search(self.small.action_view_messages()["domain"])
        self.assertEqual(found, message)
        with self.assertRaises(UserError):
            self.unknown.action_open_document()
        exported = self.run_.line_ids.export_data(["name", "variance", "value_at_risk", "state"])["datas"]
        self.assertEqual(len(exported), 3)


@tagged("post_install", "-at_install")
class TestReconciliationSecurity(ReconciliationCase):
    def test_who_may(self):
        """X2: operators compare and settle, others look; nobody writes a finding by hand."""
        run = self._run(HEAD + "REC-1,12\n")
        line = run.line_ids[:1]
        for group in ("user", "auditor"):
            user = self.people[group]
            self.assertTrue(line.with_user(user).read(["variance", "state"]))
            with self.assertRaises(AccessError):
                run.with_user(user).create({"profile_id": self.profile.id})
            with self.assertRaises(AccessError):
                line.with_user(user).action_approve()
            with self.assertRaises(AccessError):
                run.with_user(user).action_start()
        with self.assertRaises(AccessError):
            line.with_user(self.people["service"]).read(["state"])
        for group in ("operator", "manager"):
            user = self.people[group]
            with self.assertRaises(AccessError):
                line.with_user(user).write({"state": "approved"})
            with self.assertRaises(AccessError):
                run.with_user(user).write({"accuracy": 100.0})
            with self.assertRaises(AccessError):
                run.with_user(user).create({"profile_id": self.profile.id, "state": "done"})
            with self.assertRaises(UserError):
                run.with_user(user).unlink()
        with self.assertRaises(AccessError):
            self.profile.with_user(self.people["operator"]).approval_limit = 1e9

    def test_other_company(self):
        """X2: neither side of another company is compared, seen or settled."""
        other = self.env["res.company"].create({"name": "Other"})
        self._make_partners({"REC-1": 99}, company=other)
        run = self._run(HEAD + "REC-1,10\nREC-2,20\nREC-3,30\n")
        self.assertEqual((run.accuracy, run.our_count), (100.0, 3))
        system, _client, _key = self._make_system("Elsewhere", company_id=other.id)
        profile = self._make_profile(system)
        with self.assertRaises(AccessError):
            self._run(HEAD + "REC-1,98\n", profile=profile)
        stranger = self.people["second"]
        stranger.write({"company_ids": [fields.Command.link(other.id)], "company_id": other.id})
        theirs = self._run(HEAD + "REC-1,98\n", profile=profile, user="second")
        self.assertEqual((theirs.sudo().our_count, theirs.sudo().line_ids.variance), (1, -1.0))
        line = theirs.sudo().line_ids.with_user(self.people["operator"])
        with self.assertRaises(AccessError):
            line.action_reject()
        self.assertFalse(
            self.env["dist.reconciliation.line"]
            .with_user(self.people["operator"])
            .search([("id", "=", line.id)])
        )
