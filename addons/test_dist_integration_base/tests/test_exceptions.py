from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.tests.common import DistCase


@tagged("post_install", "-at_install")
class TestExceptions(DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system, cls.client, _key = cls._make_system(message_types=["partner.submit"])
        flow = cls.system.flow_ids
        cls.message = cls.env["dist.message"].create(
            {
                "uuid": "msg_1",
                "direction": "in",
                "state": "dead",
                "system_id": cls.system.id,
                "client_id": cls.client.id,
                "company_id": cls.system.company_id.id,
                "flow_id": flow.id,
                "message_type_id": flow.message_type_id.id,
            }
        )

    def _open(self, message=None, **values):
        spec = ExceptionSpec(**{"category": "business", "code": "x", "summary": "Something", **values})
        return self.env["dist.exception"]._open(spec, message or self.message)

    def _copy_message(self, **values):
        """:return: dist.message, another one that failed"""
        number = self.env["dist.message"].search_count([])
        return self.message.copy(
            {"uuid": f"msg_copy_{number}", "state": "dead", "exception_id": False, **values}
        )

    def test_conflict_while_the_risk_is_asked_for(self):
        """M5, X1: what another transaction was faster with is tried again, not taken for an unreadable message."""
        conflict = patch.object(
            type(self.env), "flush_all", side_effect=psycopg2.errors.SerializationFailure("faster")
        )
        with self.assertRaises(psycopg2.errors.SerializationFailure), conflict:
            self.message._get_content_impact()

    def test_due_and_assigned(self):
        """X1: due by the flow's service level, given to the owner, with an activity."""
        owner = self.env.ref("base.user_admin")
        self.system.flow_ids.write({"service_level_minutes": 30, "business_owner_id": owner.id})
        exception = self._open()
        self.assertEqual(exception.assignee_id, owner)
        self.assertEqual(exception.activity_ids.user_id, owner)
        self.assertAlmostEqual(
            exception.due_at, fields.Datetime.now() + timedelta(minutes=30), delta=timedelta(minutes=1)
        )
        exception.due_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertTrue(exception.is_overdue)
        self.assertIn(exception, self.env["dist.exception"].search([("is_overdue", "=", True)]))
        self.assertNotIn(exception, self.env["dist.exception"].search([("is_overdue", "=", False)]))

    def test_technical_goes_to_technical_owner(self):
        self.system.technical_owner_id = self.env.ref("base.user_admin")
        self.assertEqual(self._open(category="technical").assignee_id, self.system.technical_owner_id)

    def test_owner_is_archived(self):
        """X1: who cannot be reached is passed over: for the other owner, the team, and a manager in the end."""
        anna, bert, carl = self._make_people("anna", "bert", "carl")
        self.system.write({"technical_owner_id": anna.id, "business_owner_id": bert.id})
        anna.active = False
        self.assertEqual(self._open(category="technical", code="a").assignee_id, bert)
        self.assertEqual(self._open(code="b").assignee_id, bert)
        bert.active = False
        team = self._make_team([carl], takes="all")
        exception = self._open(category="technical", code="c")
        self.assertEqual((exception.assignee_id, exception.activity_ids.user_id), (carl, carl))
        team.active = False
        manager = self._open(category="technical", code="d").assignee_id
        self.assertTrue(manager.active)
        self.assertTrue(manager.has_group("dist_integration_base.group_dist_manager"))

    def test_owner_without_the_company(self):
        """X1, G8: an owner who does not see the company of the exception is passed over as well."""
        anna, bert = self._make_people("anna", "bert")
        other = self.env["res.company"].create({"name": "Other"})
        anna.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.system.write({"technical_owner_id": anna.id, "business_owner_id": bert.id})
        self.assertEqual(self._open(category="technical").assignee_id, bert)

    def test_named_person_is_archived(self):
        """X1: what names somebody who is archived goes to the owner of its system."""
        anna, bert = self._make_people("anna", "bert")
        self.system.business_owner_id = bert
        anna.active = False
        spec = ExceptionSpec("business", "x", "Something", fingerprint="1")
        exception = self.env["dist.exception"]._open_without_message(
            spec, self.env.company, system=self.system, assignee=anna
        )
        self.assertEqual((exception.assignee_id, exception.activity_ids.user_id), (bert, bert))

    def test_endpoint_of_an_archived_owner(self):
        """X1: that an endpoint was disabled is told to who can be reached."""
        anna, bert = self._make_people("anna", "bert")
        self.system.write({"technical_owner_id": anna.id, "business_owner_id": bert.id})
        anna.active = False
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        endpoint._notify_owner("Endpoint disabled", "Gone")
        self.assertEqual(endpoint.activity_ids.user_id, bert)
        bert.active = False
        endpoint._notify_owner("Endpoint disabled again", "Gone")
        told = endpoint.activity_ids.filtered(lambda activity: activity.summary == "Endpoint disabled again")
        self.assertTrue(told.user_id.active)

    def _make_people(self, *names, **values):
        group = "dist_integration_base.group_dist_user"
        return [new_test_user(self.env, name, groups=group, **values) for name in names]

    def _make_team(self, members, **values):
        vals = {"name": "Desk", "member_ids": [Command.set([user.id for user in members])], **values}
        return self.env["dist.exception.team"].create(vals)

    def test_team_of_the_kind(self):
        """X1: exceptions come to the team of their kind; who has the fewest gets the next one."""
        anna, bert = self._make_people("anna", "bert")
        desk = self._make_team([anna, bert], takes="business")
        self._make_team([bert], name="Night", takes="all")
        first, second = self._open(code="a"), self._open(code="b")
        self.assertEqual(first.team_id | second.team_id, desk)
        self.assertEqual((first.assignee_id, second.assignee_id), (anna, bert))
        self.assertEqual(second.activity_ids.user_id, bert)
        technical = self._open(code="c", category="technical")
        self.assertEqual((technical.team_id.name, technical.assignee_id), ("Night", bert))
        desk.active = False
        self.assertEqual(self._open(code="d").team_id.name, "Night")

    def test_team_of_the_flow(self):
        """X1: the team that a flow names goes first; its owner keeps what is the owner's as a member."""
        anna, bert = self._make_people("anna", "bert")
        self._make_team([anna], takes="business")
        flow = self.system.flow_ids
        flow.write({"team_id": self._make_team([anna, bert], name="Shop").id, "business_owner_id": bert.id})
        for code in ("a", "b"):
            exception = self._open(code=code)
            self.assertEqual((exception.team_id.name, exception.assignee_id), ("Shop", bert))
        flow.business_owner_id = self.env.ref("base.user_admin")
        self.assertEqual(self._open(code="c").assignee_id, anna)
        flow.team_id.member_ids = False
        self.assertEqual(self._open(code="d").assignee_id, flow.business_owner_id)

    def test_team_shares_its_queue(self):
        """X1, G8: members see what their colleagues have, others do not; a team of another company is refused."""
        anna, bert, carl = self._make_people("anna", "bert", "carl")
        team = self._make_team([anna, bert], takes="all")
        exception = self._open()
        self.assertEqual(exception.assignee_id, anna)
        mine = [("is_my_team", "=", True)]
        for user, expected in ((bert, exception), (carl, exception.browse())):
            exceptions = self.env["dist.exception"].with_user(user)
            self.assertEqual(exceptions.search([("id", "=", exception.id)]).ids, expected.ids)
            self.assertEqual(exceptions.search(mine).ids, expected.ids)
            with self.assertRaises(AccessError):
                team.with_user(user).name = "Mine"
        team.active = False
        left = self._open(self._copy_message(), code="left")
        left.assignee_id = False
        found = self.env["dist.exception"].with_user(carl).search([("is_my_team", "=", False)])
        self.assertIn(left, found, "what has no team is nobody's")
        team.active = True
        exception.with_user(bert).action_take()
        self.assertEqual(exception.assignee_id, bert)
        self._assert_told(exception, "assigned", bert)
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self._make_team([], company_id=other.id, takes="all")
        with self.assertRaises(ValidationError):
            exception.with_user(bert).team_id = theirs
        self.assertFalse(self.env["dist.exception.team"].with_user(bert).search([("id", "=", theirs.id)]))
        self._open(code="again")
        self.assertFalse(theirs.open_exception_count)

    def test_impact(self):
        """X1: an exception says what is at risk."""
        partner = self.env["res.partner"].create({"name": "P"})
        exception = self._open(record=partner)
        self.assertEqual((exception.impact_orders, exception.impact_value), (1, 100.0))

    def test_impact_of_what_is_solved(self):
        """X1: nothing is at risk any more by a closed exception, whatever was; that stays readable."""
        partner = self.env["res.partner"].create({"name": "P"})
        solved, ignored = self._open(record=partner), self._open(self._copy_message(), record=partner)
        was = solved.impact_text
        self.assertIn("1 order", was)
        solved._close("handled")
        ignored._ignore("Known")
        both = solved | ignored
        both._update_impact()
        for exception in both:
            self.assertEqual((exception.impact_orders, exception.impact_lines), (0, 0))
            self.assertEqual((exception.impact_value, exception.impact_text), (0.0, ""))
            self.assertEqual(exception.impact_before, was)
        sums = self.env["dist.exception"]._read_group([("id", "in", both.ids)], [], ["impact_value:sum"])
        self.assertFalse(sums[0][0])

    def test_most_that_was_at_risk(self):
        """X1: of a solved exception it is told what was at risk at its most, not with the last message."""
        partners = self.env["res.partner"].create([{"name": f"P{number}"} for number in range(4)])
        messages = [self._copy_message(res_model="res.partner", res_id=partner.id) for partner in partners]
        spec = ExceptionSpec("business", "x", "Something", fingerprint="most")
        for message in messages:
            exception = self.env["dist.exception"]._open(spec, message)
        most = exception.impact_text
        self.assertIn("4 orders", most)
        for message in messages:
            self.assertEqual(exception.state, "open")
            last = exception.impact_text
            message.state = "done"
            self.env["dist.exception"]._refresh(exception)
        self.assertNotEqual(last, most)
        self.assertEqual((exception.state, exception.impact_before), ("resolved", most))
        again = self.env["dist.exception"]._open(spec, self._copy_message())
        self.assertFalse(again.impact_most_orders)

    def test_risk_of_what_failed_because_of_a_record(self):
        """X1, M10: a message whose document says nothing of orders puts at risk what its content tells."""
        country = self.env.ref("base.us")
        self.message.write({"res_model": country._name, "res_id": country.id})
        impact = {
            **self.env["base"]._dist_get_impact(),
            "orders": 3,
            "currency": self.env.company.currency_id,
        }
        handler = type(self.env["dist.handler.partner.submit"])
        with patch.object(handler, "_get_payload_impact", lambda *_arguments: impact):
            self.assertEqual(self._open(record=country).impact_orders, 3)

    def test_ignore_needs_a_reason(self):
        exception = self._open()
        with self.assertRaises(UserError):
            exception._ignore(" ")
        self.assertEqual(exception.state, "open")

    def test_handled_needs_settled_messages(self):
        exception = self._open()
        with self.assertRaises(UserError):
            exception.action_mark_handled()
        self.message.action_cancel("no longer needed")
        self.assertEqual(exception.state, "resolved")

    def _assert_refused(self, action, *parts):
        """:param parts: texts that the refusal holds"""
        with self.assertRaises(UserError) as raised:
            action()
        for part in parts:
            self.assertIn(part, str(raised.exception))

    def test_closed_stays_closed(self):
        """X1, G5: nothing is done to a closed exception; of several it is said which are closed."""
        operator = new_test_user(self.env, "op", groups="dist_integration_base.group_dist_operator")
        spec = {"category": "mapping", "domain": "country", "external_code": "QQ"}
        closed = self._open(code="closed", summary="Closed one", **spec).with_user(operator)
        closed._close("handled")
        waiting = self._copy_message()
        both = closed + self._open(waiting, code="open", summary="Open one").with_user(operator)
        dialog = self.env["dist.exception.ignore"].with_user(operator)
        for act in (
            both.action_take,
            both.action_retry,
            both.action_ignore,
            dialog.create({"exception_ids": both.ids, "reason": "Known"}).action_ignore,
            both.action_mark_handled,
            closed.action_correct,
            closed.action_fix_mapping,
        ):
            with self.assertRaises(UserError) as raised:
                act()
            self.assertIn("- Closed one", str(raised.exception), act)
            self.assertNotIn("Open one", str(raised.exception), act)
        self.assertEqual(both.mapped("state"), ["resolved", "open"])
        self.assertEqual(closed.resolution, "handled")
        self.assertNotEqual(both.assignee_id, operator)
        self.assertEqual((self.message | waiting).mapped("state"), ["dead", "dead"])

    def test_what_cannot_be_done_is_refused(self):
        """X1: what the form offers no button for is refused, whoever asks for it, and nothing is kept of it."""
        self.message.state = "done"
        exception = self._open(summary="By hand")
        self._assert_refused(exception.action_retry, "nothing to try again", "- By hand")
        self._assert_refused(exception.action_correct, "No message waits", "- By hand")
        self._assert_refused(exception.action_fix_mapping, "no code to explain", "- By hand")
        self.assertFalse(exception.intended_resolution)
        code = {"category": "mapping", "domain": "country", "external_code": "Q"}
        unknown = self._open(self._copy_message(state="done"), summary="A code", code="m", **code)
        self.assertEqual(unknown.main_action, "fix")
        self._assert_refused(unknown.action_mark_handled, "still to be decided", "- A code")
        exception.action_mark_handled()
        self.assertEqual((unknown.state, exception.state), ("open", "resolved"))

    def test_reopens_as_new(self):
        """X1: the same trouble after the first was closed is a new exception."""
        first = self._open()
        first._ignore("known")
        self.message.state = "dead"
        self.assertNotEqual(self._open(), first)
