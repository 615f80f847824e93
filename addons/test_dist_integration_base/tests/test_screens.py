from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.modules import neutralize
from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.dist_integration_base.lib.handling import RetryLater
from odoo.addons.dist_integration_base.models.dist_environment import DATABASE_PARAMETER
from odoo.addons.dist_integration_base.tests.common import DistCase
from odoo.addons.dist_integration_base.tools import get_exact_now

from .people import PeopleMixin


@tagged("post_install", "-at_install")
class TestScreens(PeopleMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, _client, _key = cls._make_system(message_types=["partner.submit"])
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.inbound = cls.system.flow_ids
        cls.outbound = cls._make_flow(cls.system, "partner.changed", endpoint_id=cls.endpoint.id)

    def test_due_in_words(self):
        """X1: how urgent an exception is can be read without counting."""
        exception = self._open_exception(self._make_message(self.inbound))
        now = fields.Datetime.now()
        for minutes, text in ((-120, "2 hours ago"), (2880, "in 2 days"), (45, "in 45 minutes")):
            exception.due_at = now + timedelta(minutes=minutes, seconds=5 if minutes > 0 else 0)
            self.assertEqual(exception.due_in, text)
        exception._ignore("known")
        self.assertFalse(exception.due_in)

    def test_age_of_what_just_came(self):
        """M6: a message that came this second is not one that will come."""
        message = self._make_message(self.inbound, received_at=get_exact_now())
        self.assertEqual(message.age, "1 second ago")
        message.received_at = fields.Datetime.now() - timedelta(hours=2)
        self.assertEqual(message.age, "2 hours ago")

    def test_main_action(self):
        """X1: the button that most likely solves it comes first."""
        cases = (
            ("mapping", "error", "fix"),
            ("validation", "dead", "correct"),
            ("decode", "dead", "correct"),
            ("business", "dead", "retry"),
            ("identity", "error", "retry"),
            ("delivery", "dead", "retry"),
            ("technical", "dead", "retry"),
            ("business", "done", "handle"),
        )
        for category, state, expected in cases:
            message = self._make_message(self.inbound, state=state)
            exception = self._open_exception(message, category=category)
            self.assertEqual(exception.main_action, expected, (category, state))
        exception.action_mark_handled()
        self.assertEqual(exception.main_action, "none")

    def test_one_mistake_of_many_messages_is_corrected_one_by_one(self):
        """X1: the exception of a repeated mistake opens its oldest message; of other kinds a person chooses."""
        messages = [self._make_message(self.inbound) for _number in range(2)]
        for category, can_correct in (("validation", True), ("business", False)):
            for message in messages:
                exception = self._open_exception(message, category=category, fingerprint="same")
            self.assertEqual((exception.message_count, exception.can_correct), (2, can_correct))
            if can_correct:
                wizard = self.env["dist.message.correct"].browse(exception.action_correct()["res_id"])
                self.assertEqual(wizard.message_id, messages[0])
                self.assertEqual(exception.main_action, "correct")
            else:
                with self.assertRaises(UserError):
                    exception.action_correct()

    def test_contention_is_tried_again_within_seconds(self):
        """M6: what only met somebody else on the same documents does not wait like what is broken."""
        message = self._make_message(self.inbound, state="pending")
        soon = fields.Datetime.now() + timedelta(seconds=20)
        busy, broken = (
            message._classify_failure(error) for error in (RetryLater("busy"), ValueError("broken"))
        )
        self.assertEqual((busy["state"], broken["state"]), ("retry", "retry"))
        self.assertLess(busy["next_attempt_at"], soon)
        self.assertGreater(broken["next_attempt_at"], soon)

    def test_impact_in_words(self):
        message = self._make_message(self.inbound)
        exception = self._open_exception(message)
        self.assertEqual(exception.impact_text, "1 message waits")
        message.state = "done"
        self.assertEqual(exception.impact_text, "")
        exception._update_impact(
            {
                "orders": 1,
                "lines": 3,
                "skus": ["A"],
                "warehouses": ["Main"],
                "value": 10.0,
                "currency": self.env.ref("base.USD"),
            }
        )
        self.assertEqual(exception.impact_text, "1 order, 3 lines, $\N{NO-BREAK SPACE}10.00, Main")

    def test_summary(self):
        """M7: every state of a message says in words what happened and what comes next."""
        later = fields.Datetime.now() + timedelta(minutes=30, seconds=5)
        cases = (
            (self.inbound, {"state": "pending"}, "Waits to be processed"),
            (self.outbound, {"state": "pending"}, "Waits to be sent"),
            (self.outbound, {"state": "done", "attempt_count": 1}, "Delivered"),
            (self.outbound, {"state": "done", "attempt_count": 3}, "Delivered at try 3"),
            (self.inbound, {"state": "done", "answer_status": 201}, "Applied, answered with 201"),
            (self.outbound, {"state": "dead", "error": "No"}, "No"),
            (self.inbound, {"state": "dead", "error": "No"}, "Refused, which its sender was told: No"),
            (self.inbound, {"state": "error"}, "Waits for a person"),
            (
                self.outbound,
                {"state": "retry", "attempt_count": 2, "next_attempt_at": later, "error": "Refused"},
                "Try 2 failed, next one in 30 minutes: Refused",
            ),
        )
        for flow, values, expected in cases:
            self.assertEqual(self._make_message(flow, **values).summary, expected)
        waiting = self._make_message(self.outbound, state="pending")
        self.endpoint.action_disable()
        waiting.invalidate_recordset()
        self.assertIn("Kept until it can be sent. The endpoint is disabled", waiting.summary)

    def test_cancel_with_a_reason(self):
        """M6: a cancelled message keeps who cancelled it and why."""
        message = self._make_message(self.inbound)
        action = message.with_user(self.people["operator"]).action_ask_cancel()
        wizard = self.env[action["res_model"]].with_user(self.people["operator"])
        wizard.with_context(**action["context"]).create({"reason": "sent twice"}).action_cancel_messages()
        self.assertEqual(message.state, "cancelled")
        self.assertEqual(message.summary, "Cancelled by Operator of the tests: sent twice")

    def test_exception_of_a_cancelled_message(self):
        """X1, M6: an exception whose messages were cancelled says so, whatever was tried before, and who did it."""
        message = self._make_message(self.inbound)
        exception = self._open_exception(message)
        exception.write({"intended_resolution": "replayed", "acted_by_id": self.people["user"].id})
        message.with_user(self.people["operator"]).action_cancel("sent twice")
        self.assertEqual((exception.state, exception.resolution), ("resolved", "cancelled"))
        self.assertEqual(exception.resolved_by_id, self.people["operator"])

    def test_settings(self):
        """G7, G9: the settings say where the server runs and which keys it has, never a key."""
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.dist_environment_state, "named" if config.get("running_env") else "unset")
        keys = self.env["dist.keyring"]._get_keys()
        self.assertEqual(settings.dist_key_count, len(keys))
        for key in keys:
            self.assertNotIn(key, settings.dist_key_fingerprints)
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param(DATABASE_PARAMETER, "another")
        self.assertEqual(self.env["res.config.settings"].create({}).dist_database_state, "copy")
        with self.assertRaises(AccessError):
            settings.with_user(self.people["manager"]).action_dist_confirm_database()
        settings.action_dist_confirm_database()
        self.assertEqual(parameters.get_param(DATABASE_PARAMETER), self.env.cr.dbname)
        self.assertEqual(self.env["res.config.settings"].create({}).dist_database_state, "confirmed")

    def test_neutralized_copy(self):
        """G9: a neutralized copy calls nobody, knows no secret and accepts no key of the original."""
        production, client, _key = self._make_system("Live", environment="production")
        credential = self.env["dist.credential"].create({"name": "Webhook", "system_id": self.system.id})
        credential._generate()
        self.env.flush_all()
        for query in neutralize.get_neutralization_queries(["dist_integration_base"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertEqual(
            (self.endpoint.state, self.endpoint.disabled_reason), ("disabled", "Neutralized copy")
        )
        self.assertTrue(self.endpoint.blocked_reason)
        self.assertEqual(production.state, "suspended")
        self.assertEqual(self.system.state, "active", "made for tests")
        self.assertEqual(client.key_ids.mapped("state"), ["revoked"])
        with self.assertRaises(UserError):
            credential._get_secret()
        self.assertTrue(self.env["dist.environment"]._is_copy())


@tagged("post_install", "-at_install")
class TestTimeline(PeopleMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, _client, _key = cls._make_system(message_types=["partner.submit"])
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.inbound = cls.system.flow_ids
        cls.outbound = cls._make_flow(cls.system, "partner.changed", endpoint_id=cls.endpoint.id)
        cls.partner, cls.other = cls.env["res.partner"].create([{"name": "Shown"}, {"name": "Other"}])

    def _make(self, flow, record, minute, **values):
        document = {"res_model": record._name, "res_id": record.id} if record else {}
        moment = f"2026-01-01 08:{minute:02}:00"
        return self._make_message(flow, state="done", received_at=moment, trace_id="t1", **document, **values)

    def test_story_of_a_document(self):
        """M10: the document shows its messages and what their trace reached, in the order of events."""
        answer = self._make(self.outbound, self.partner, 5)
        call = self._make(self.inbound, self.partner, 1)
        effect = self._make(self.outbound, self.env.ref("base.be"), 3)
        self._make(self.inbound, self.other, 2)
        self._make(self.inbound, None, 2, parent_id=call.id)
        self._make_message(self.inbound, state="done", trace_id="t2")
        self.assertEqual(self.partner.dist_message_count, 3)
        action = self.partner.action_view_dist_messages()
        view = self.env.ref("dist_integration_base.dist_message_view_tree_timeline")
        self.assertEqual(action["views"][0][0], view.id)
        found = self.env["dist.message"].search(action["domain"], order="received_at, id")
        self.assertEqual(found, call + effect + answer)

    def test_problems_colour_the_button(self):
        """M10, X1: unsolved exceptions of the document and of its messages are counted."""
        message = self._make(self.inbound, self.partner, 1)
        self.assertEqual(self.partner.dist_exception_count, 0)
        first = self._open_exception(message, self.people["operator"])
        second = self._open_exception(self._make_message(self.inbound), record=self.partner, code="y")
        self._open_exception(self._make_message(self.inbound), code="z")
        self.partner.invalidate_recordset()
        self.assertEqual(self.partner.dist_exception_count, 2)
        found = self.env["dist.exception"].search(self.partner.action_view_dist_exceptions()["domain"])
        self.assertEqual(found, first + second)
        first._ignore("known")
        self.partner.invalidate_recordset()
        self.assertEqual(self.partner.dist_exception_count, 1)

    def test_nothing_to_tell(self):
        self.assertEqual((self.other.dist_message_count, self.other.dist_exception_count), (0, 0))
        new = self.env["res.partner"].new({"name": "New"})
        self.assertEqual((new.dist_message_count, new.dist_exception_count), (0, 0))
