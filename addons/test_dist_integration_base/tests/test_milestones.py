from datetime import datetime, timedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistCase, RealTransactionCase

from .people import PeopleMixin


@tagged("post_install", "-at_install")
class TestMilestones(PeopleMixin, DistCase):
    """A process of partners: told, then active with a VAT number, then paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, _client, _key = cls._make_system(message_types=["partner.submit"])
        types = cls.env["dist.message.type"]
        cls.process = cls.env["dist.process"].create(
            {
                "name": "Partner to friend",
                "code": "test",
                "model_name": "res.partner",
                "cancelled_domain": "[('active', '=', False)]",
            }
        )
        cls.told = cls._make_step(
            "told", reached_by="event", event_type_id=types._get_by_code("partner.changed").id
        )
        cls.answered = cls._make_step(
            "answered",
            reached_by="message",
            event_type_id=types._get_by_code("partner.submit").id,
            due_from="step",
            due_step_id=cls.told.id,
            due_amount=2,
            is_skippable=True,
        )
        cls.taxed = cls._make_step(
            "taxed",
            condition="[('vat', '!=', False)]",
            due_from="step",
            due_step_id=cls.told.id,
            due_amount=4,
            severity="high",
            escalation_user_id=cls.people["operator"].id,
            refused_condition="[('comment', 'ilike', 'refused')]",
            compensation="activity",
        )
        cls.dated = cls._make_step(
            "dated", condition="[('ref', '!=', False)]", due_from="field", due_field="dist_test_date"
        )
        cls.process.action_start()
        cls.env.registry.clear_cache()

    @classmethod
    def _make_step(cls, code, **values):
        number = len(cls.process.step_ids) + 1
        return cls.env["dist.process.step"].create(
            {
                "process_id": cls.process.id,
                "name": code.capitalize(),
                "code": code,
                "sequence": number,
                **values,
            }
        )

    def _partner(self, **values):
        partner = self.env["res.partner"].create(
            {"name": "Friend", "company_id": self.env.company.id, **values}
        )
        partner._dist_emit("partner.changed")
        self._commit_events()
        return partner

    def _update(self):
        self.env.flush_all()
        self.env["dist.milestone"]._cron_update()
        self.env.invalidate_all()

    def _milestones(self, partner):
        found = self.env["dist.milestone"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", partner.id)]
        )
        return {milestone.step_id.code: milestone for milestone in found}

    def _states(self, partner):
        return {code: milestone.state for code, milestone in self._milestones(partner).items()}

    def _late(self, partner, code="taxed"):
        """Let the deadline of a step pass."""
        milestone = self._milestones(partner)[code]
        milestone.due_at = fields.Datetime.now() - timedelta(minutes=1)
        return milestone

    def test_start_and_reach(self):
        """M12: the first event starts the process, deadlines count from it; nobody needs to be subscribed."""
        partner = self._partner()
        event = self.env["dist.event"].search([("res_id", "=", partner.id)])
        self._update()
        milestones = self._milestones(partner)
        self.assertEqual(
            self._states(partner),
            {"told": "reached", "answered": "expected", "taxed": "expected", "dated": "expected"},
        )
        self.assertEqual(milestones["told"].reached_at, event.occurred_at)
        self.assertEqual(milestones["taxed"].due_at, event.occurred_at + timedelta(hours=4))
        self.assertFalse(milestones["dated"].due_at)
        partner.vat = "X1"
        self._update()
        self.assertEqual((milestones["taxed"].state, milestones["taxed"].is_late), ("reached", False))
        self.assertEqual(milestones["answered"].state, "skipped", "left out: a later step is reached")

    def test_message(self):
        """M12: a message about the document that is done reaches its step."""
        partner = self._partner()
        message = self._make_message(
            self.system.flow_ids,
            res_model="res.partner",
            res_id=partner.id,
            state="done",
            done_at=fields.Datetime.now(),
        )
        message._add_attempt("success", 0)
        self._update()
        self.assertEqual(self._states(partner)["answered"], "reached")

    def test_date_of_the_document(self):
        """M12: a deadline that is a date of the document moves with it."""
        partner = self._partner(dist_test_date="2031-01-02")
        self._update()
        dated = self._milestones(partner)["dated"]
        self.assertEqual(dated.due_at, datetime(2031, 1, 2))
        partner.dist_test_date = "2031-01-05"
        self._update()
        self.assertEqual(dated.due_at, datetime(2031, 1, 5))
        partner.dist_test_date = "2021-01-05"
        self._update()
        self.assertEqual(dated.state, "overdue")
        partner.dist_test_date = "2031-01-05"
        self._update()
        self.assertEqual(dated.state, "expected")

    def test_date_that_stands_for_none(self):
        """M12: a date beyond reason is no deadline, whatever it is counted in; the other documents go on."""
        for unit in ("hours", "working_days", "working_hours"):
            self.dated.write({"due_unit": unit, "due_amount": 2})
            far, near = self._partner(dist_test_date="9999-12-31"), self._partner(dist_test_date="2021-01-05")
            self._update()
            self.assertEqual(
                (self._states(far)["dated"], self._states(near)["dated"]), ("expected", "overdue")
            )
            self.assertFalse(self._milestones(far)["dated"].due_at)
            near.dist_test_date = "9999-12-31"
            self._update()
            self.assertEqual(self._states(near)["dated"], "expected")

    def test_process_that_fails(self):
        """M12, X1: a process that cannot be followed is before a person; the others go on, and nothing passes it by."""
        other = self.env["dist.process"].create(
            {"name": "Broken", "code": "broken", "model_name": "res.partner"}
        )
        event = self.told.event_type_id.id
        self._make_step("first", process_id=other.id, reached_by="event", event_type_id=event)
        step = self._make_step("second", process_id=other.id, sequence=9, condition="[('ref', '=', 'x')]")
        other.action_start()
        self.env.flush_all()
        # as after an update that took a field away
        condition = "[('no_such_field', '=', 1)]"
        self.env.cr.execute("UPDATE dist_process_step SET condition = %s WHERE id = %s", (condition, step.id))
        self.env.invalidate_all()
        partner = self._partner()
        for _time in range(2):
            with self.assertLogs("odoo.addons.dist_integration_base", "ERROR"):
                self._update()
        exception = self.env["dist.exception"].search([("code", "=", "process_failed")])
        self.assertEqual((len(exception), exception.state), (1, "open"))
        self.assertIn("no_such_field", exception.detail)
        followed = self.env["dist.milestone"].search([("res_id", "=", partner.id)])
        self.assertEqual(followed.process_id, self.process)
        step.condition = "[('ref', '=', 'x')]"
        self._update()
        followed = self.env["dist.milestone"].search([("res_id", "=", partner.id)])
        self.assertEqual(followed.process_id, self.process | other)
        self.assertEqual(exception.state, "resolved")

    def test_overdue_documents_that_cannot_be_told(self):
        """M12, X1: what is overdue in a process that fails over it holds up the exceptions of no other."""
        other = self.env["dist.process"].create(
            {"name": "Broken", "code": "broken", "model_name": "res.partner"}
        )
        event = self.told.event_type_id.id
        self._make_step("first", process_id=other.id, reached_by="event", event_type_id=event)
        waiting = {"due_from": "field", "due_field": "dist_test_date", "condition": "[('ref', '=', 'x')]"}
        broken = self._make_step("second", process_id=other.id, sequence=9, **waiting)
        other.action_start()
        self._partner(dist_test_date="2021-01-05")
        whole = type(self.env["dist.milestone"])._prepare_overdue

        def prepare(milestone, step, *values):
            if step == broken:
                raise KeyError("a model that is gone")
            return whole(milestone, step, *values)

        self.patch(type(self.env["dist.milestone"]), "_prepare_overdue", prepare)
        with self.assertLogs("odoo.addons.dist_integration_base", "ERROR"):
            self._update()
        found = self.env["dist.exception"].search([("code", "in", ("process_failed", "milestone_overdue"))])
        self.assertEqual(
            {(one.code, one.res_model) for one in found},
            {("process_failed", "dist.process"), ("milestone_overdue", "res.partner")},
        )
        self.patch(type(self.env["dist.milestone"]), "_prepare_overdue", whole)
        self._update()
        self.assertEqual(
            found.filtered(lambda one: one.code == "process_failed").mapped("state"), ["resolved"]
        )
        self.assertTrue(self.env["dist.milestone"].search([("step_id", "=", broken.id)]).exception_id)

    def test_working_time(self):
        """M12: working days leave weekends out."""
        self.taxed.write({"due_unit": "working_days", "due_amount": 2})
        friday = datetime(2026, 3, 6, 9, 0)
        due = self.taxed._get_due(friday, self.env.company)
        self.assertEqual(due.date().isoformat(), "2026-03-10")
        self.taxed.write({"due_unit": "working_hours", "due_amount": 8})
        self.assertEqual(self.taxed._get_due(friday, self.env.company).date().isoformat(), "2026-03-09")

    def test_overdue(self):
        """M12, X3: one exception for a step and system however many documents; it closes when they go on."""
        partners = [self._partner() for _number in range(3)]
        self._update()
        late = [self._late(partner) for partner in partners]
        self._update()
        exception = late[0].exception_id
        self.assertEqual([item.state for item in late], ["overdue"] * 3)
        self.assertEqual([item.exception_id for item in late], [exception] * 3)
        self.assertEqual((exception.state, exception.severity), ("open", "high"))
        self.assertEqual((exception.assignee_id, exception.impact_orders), (self.people["operator"], 3))
        self.assertIn("3 documents overdue", exception.name)
        partners[0].vat = partners[1].vat = "X1"
        self._update()
        self.assertEqual((late[0].state, late[0].is_late), ("reached", True))
        self.assertEqual((exception.state, exception.impact_orders), ("open", 1))
        partners[2].active = False
        self._update()
        self.assertEqual((late[2].state, exception.state), ("skipped", "resolved"))

    def test_event_before_overdue(self):
        """M12: what happened is seen before anything is called overdue, even behind the mark."""
        partner = self._partner()
        self._update()
        milestones = self._milestones(partner)
        milestones["answered"].due_at = fields.Datetime.now() - timedelta(minutes=1)
        self._make_message(self.system.flow_ids, res_model="res.partner", res_id=partner.id, state="done")
        self._update()
        self.assertEqual(milestones["answered"].state, "reached")

    def test_compensation(self):
        """M12: a refused step is compensated once, and that is noted."""
        partner = self._partner()
        self._update()
        partner.comment = "refused by somebody"
        for _time in range(2):
            self._update()
        taxed = self._milestones(partner)["taxed"]
        self.assertEqual(taxed.state, "compensated")
        self.assertTrue(taxed.refused_at and taxed.compensated_at)
        self.assertEqual(partner.activity_ids.user_id, self.people["operator"])
        self.assertEqual(len(partner.activity_ids), 1)

    def test_compensation_fails(self):
        """M12, X1: a compensation that fails leaves nothing, is told, and can be tried again."""
        partner = self._partner()
        self._update()
        partner.comment = "refused"

        def fail(_self, milestone):
            milestone._get_document().ref = "half done"
            milestone.env.flush_all()
            raise ZeroDivisionError("broken on purpose")

        self.patch(type(self.env["dist.compensation"]), "_compensate_activity", fail)
        with self.assertLogs("odoo.addons.dist_integration_base", "ERROR"):
            self._update()
        taxed = self._milestones(partner)["taxed"]
        exception = self.env["dist.exception"].search([("code", "=", "compensation_failed")])
        self.assertEqual((taxed.state, exception.state), ("refused", "open"))
        self.assertIn("broken on purpose", taxed.compensation_error)
        self.patch(
            type(self.env["dist.compensation"]), "_compensate_activity", lambda _self, _milestone: None
        )
        with self.assertRaises(UserError):
            taxed.with_user(self.people["user"]).action_compensate()
        taxed.with_user(self.people["operator"]).action_compensate()
        self.env.invalidate_all()
        self.assertEqual((taxed.state, taxed.compensation_error), ("compensated", False))
        self.assertEqual(exception.state, "resolved")

    def test_dead_message(self):
        """M12: a message of the step that failed for good is a refusal."""
        partner = self._partner()
        self._update()
        self.answered.compensation = "activity"
        message = self._make_message(self.system.flow_ids, res_model="res.partner", res_id=partner.id)
        message._add_attempt("rejected", 0)
        self._update()
        self.assertEqual(self._states(partner)["answered"], "compensated")

    def test_taken_up_again(self):
        """M12: what was left out of a document because it was cancelled is expected again once it no longer is."""
        partner = self._partner()
        self._update()
        self.env.cr.execute("UPDATE dist_milestone SET reached_at = reached_at - INTERVAL '1 day'")
        partner.active = False
        self._update()
        self.assertEqual(self._states(partner)["taxed"], "skipped")
        self._update()
        self.assertEqual(self._states(partner)["taxed"], "skipped", "it is cancelled still")
        start = fields.Datetime.now()
        partner.active = True
        self._update()
        self.assertEqual(
            self._states(partner),
            {"told": "reached", "answered": "expected", "taxed": "expected", "dated": "expected"},
        )
        taxed = self._milestones(partner)["taxed"]
        self.assertGreaterEqual(taxed.due_at, start + timedelta(hours=4), "not as of the first start")
        self._late(partner)
        self._update()
        self.assertEqual((taxed.state, taxed.exception_id.state), ("overdue", "open"))

    def test_starts_again_later(self):
        """M12: deadlines of a document that was taken up count from the event that starts it again."""
        partner = self._partner()
        self._update()
        partner.active = False
        self._update()
        partner.active = True
        self._update()
        taxed = self._late(partner)
        self._update()
        self.assertEqual(taxed.state, "overdue")
        self.env.cr.execute("UPDATE dist_milestone SET expected_since = expected_since - INTERVAL '5 hours'")
        partner._dist_emit("partner.changed")
        self._commit_events()
        self._update()
        self.assertEqual(taxed.state, "expected")
        self.assertGreater(taxed.due_at, fields.Datetime.now() + timedelta(hours=3))

    def test_what_stays_left_out(self):
        """M12: taken up again is what was given up: neither what a later step made needless, nor what was reached,
        nor a document that the process is not about any more.
        """
        partner, other = self._partner(vat="X1"), self._partner()
        self._update()
        self.assertEqual(self._states(partner)["answered"], "skipped")
        (partner | other).active = False
        self._update()
        self.process.document_domain = "[('name', '=', 'Friend')]"
        other.name = "Stranger"
        (partner | other).active = True
        self._update()
        self.assertEqual(
            self._states(partner),
            {"told": "reached", "answered": "skipped", "taxed": "reached", "dated": "expected"},
        )
        self.assertEqual(self._states(other)["taxed"], "skipped")

    def _refuse(self, *partners):
        for partner in partners:
            partner.comment = "refused"
        self._update()
        return self.env["dist.exception"].search([("code", "=", "milestone_refused")])

    def test_refused_without_compensation(self):
        """M12, X1: a refusal that nothing puts right comes before a person, and closes when the documents go on."""
        self.taxed.compensation = False
        partners = [self._partner() for _number in range(2)]
        self._update()
        self._late(partners[0])
        self._update()
        overdue = self._milestones(partners[0])["taxed"].exception_id
        exception = self._refuse(*partners)
        self.assertEqual((overdue.state, self._states(partners[0])["taxed"]), ("resolved", "refused"))
        self.assertEqual((exception.state, exception.severity), ("open", "high"))
        self.assertEqual(exception.activity_ids.user_id, self.people["operator"])
        self.assertIn("2 documents refused", exception.name)
        self.assertEqual(exception.impact_orders, 2)
        partners[0].vat = "X1"
        self._update()
        self.assertEqual((exception.state, exception.impact_orders), ("open", 1))
        partners[1].active = False
        self._update()
        self.assertEqual(exception.state, "resolved")

    def test_refusal_that_a_person_closed(self):
        """M12, X1: a refusal that a person closed is told no more; the next one is."""
        self.taxed.compensation = False
        first, second = self._partner(), self._partner()
        self._update()
        exception = self._refuse(first)
        exception.with_user(self.people["operator"]).action_mark_handled()
        self._update()
        self.assertEqual(self._refuse(), exception)
        following = self._refuse(second) - exception
        self.assertEqual(following.state, "open")
        self.assertIn("1 documents refused", following.name)
        second.vat = "X1"
        self._update()
        self.assertEqual(self._refuse(), exception | following)
        self.assertEqual(following.state, "resolved")

    def test_strip(self):
        """M12: the document shows where it stands."""
        partner = self._partner()
        self.assertFalse(partner.dist_milestone_strip)
        self._update()
        strip = partner.dist_milestone_strip
        for text in ("Told", "Taxed", "until", "text-bg-success"):
            self.assertIn(text, strip)

    def test_definition(self):
        """M12: a process that cannot work is refused when it is entered."""
        for values in (
            {"reached_by": "event", "event_type_id": False},
            {"condition": False},
            {"condition": "[('no_such_field', '=', 1)]"},
            {"due_from": "field", "due_field": "name"},
            {"due_from": "step", "due_step_id": False},
            {"due_amount": -5},
            {"due_amount": 10_000_000, "due_unit": "working_days"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.taxed.write({"reached_by": "condition", **values})
        with self.assertRaises(ValidationError):
            self.process.model_name = "no.such.model"

    def test_stopped(self):
        """M12: a process that was stopped follows nothing; one that runs keeps what it follows from."""
        started = self.process.started_at
        with self.assertRaisesRegex(UserError, "running already"):
            self.process.with_user(self.people["manager"]).action_start()
        self.assertEqual(self.process.started_at, started)
        self.process.action_stop()
        partner = self._partner()
        self.assertFalse(self.env["dist.event"].search([("res_id", "=", partner.id)]))
        self._update()
        self.assertFalse(self._milestones(partner))

    def test_security(self):
        """M12: people of the integration see milestones of their company; nobody writes one."""
        partner = self._partner()
        self._update()
        taxed = self._milestones(partner)["taxed"]
        for group in ("user", "auditor", "manager"):
            self.assertEqual(taxed.with_user(self.people[group]).state, "expected")
            with self.assertRaises(AccessError):
                taxed.with_user(self.people[group]).write({"state": "reached"})
        with self.assertRaises(AccessError):
            self.process.with_user(self.people["operator"]).action_stop()
        taxed.company_id = self.env["res.company"].create({"name": "Other"})
        self.env.flush_all()
        found = taxed.with_user(self.people["user"]).search([("id", "=", taxed.id)])
        self.assertFalse(found)


@tagged("post_install", "-at_install")
class TestReadingMark(RealTransactionCase):
    """Real transactions beside each other."""

    def setUp(self):
        super().setUp()
        self._do(lambda env: env["dist.event.mark"]._read_new("dist_event"))
        self.addCleanup(self._do, self._remove)

    def _remove(self, env):
        env["dist.event"].search([("business_key", "=", "mark")]).unlink()
        env["dist.event.sequence"].search([("res_model", "=", "x.mark")]).unlink()

    def _store(self, env, number):
        message_type = env["dist.message.type"]._get_by_code("partner.changed")
        row = {
            "uuid": f"evt_mark_{number}",
            "message_type_id": message_type.id,
            "company_id": env.company.id,
            "res_model": "x.mark",
            "res_id": number,
            "business_key": "mark",
            "state": "recorded",
            "occurred_at": fields.Datetime.now(),
        }
        env["dist.event"]._insert([(row, [])])
        return row["id"]

    def _read(self):
        def read(env):
            first, last = env["dist.event.mark"]._read_new("dist_event")
            env.cr.execute("SELECT id FROM dist_event WHERE id > %s AND id <= %s", (first, last))
            return {row[0] for row in env.cr.fetchall()}

        return self._do(read)

    def test_late_commit(self):
        """M12: an event whose transaction ends after a later one was read is not missed."""
        with self.registry.cursor() as slow:
            early = self._store(api.Environment(slow, SUPERUSER_ID, {}), 1)
            late = self._do(self._store, 2)
            self.assertGreater(late, early)
            seen = set()
            for _time in range(4):
                seen |= self._read()
            self.assertIn(late, seen)
            self.assertNotIn(early, seen)
            self.assertLess(self._get_mark(), early, "the mark waits for whoever had begun")
        self.assertIn(early, self._read())

    def _get_mark(self):
        return self._do(
            lambda env: env["dist.event.mark"].search([("table_name", "=", "dist_event")]).last_id
        )

    def test_mark_moves(self):
        """M12: what was settled is not read for ever."""
        stored = self._do(self._store, 3)

        def settle(env):
            mark = env["dist.event.mark"].search([("table_name", "=", "dist_event")])
            # as if every transaction that ran then had ended
            mark.write({"horizon": "1", "seen_id": stored})
            env.flush_all()

        self._do(settle)
        self.assertIn(stored, self._read())
        self.assertEqual(self._get_mark(), stored)
        self.assertNotIn(stored, self._read())
