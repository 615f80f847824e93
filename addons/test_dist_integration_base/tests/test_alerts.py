import json
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistCase

from .operations import OperationsMixin


@tagged("post_install", "-at_install")
class TestAlerts(OperationsMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        for user in cls.people.values():
            user.email = f"{user.login}@example.com"
        cls.env["dist.alert.rule"].search([]).active = False
        cls.system, _client, _key = cls._make_system("Watched", message_types=["partner.submit"])
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.outbound = cls._make_flow(cls.system, "partner.changed", endpoint_id=cls.endpoint.id)
        cls.inbound = cls.system.flow_ids - cls.outbound
        cls.rule = cls._make_rule()

    @classmethod
    def _make_rule(cls, **values):
        return cls.env["dist.alert.rule"].create(
            {
                "name": "Messages failed",
                "figure": "failed",
                "threshold": 0,
                "user_ids": [(6, 0, cls.people["operator"].ids)],
                **values,
            }
        )

    def _run(self):
        """:return: mails that the run made"""
        before = self.env["mail.mail"].search([])
        self.env.flush_all()
        self.env["dist.alert.rule"]._cron_evaluate()
        self.env.invalidate_all()
        return self.env["mail.mail"].search([]) - before

    def _get_alerts(self, rule=None):
        return self.env["dist.alert"].search([("rule_id", "=", (rule or self.rule).id)])

    def _fail(self, number=1, flow=None):
        """Failed messages, by SQL: there are many."""
        flow = flow or self.outbound
        self.env.cr.execute(
            """
            INSERT INTO dist_message (uuid, direction, state, flow_id, system_id, endpoint_id, company_id,
                message_type_id, criticality, received_at)
            SELECT 'msg_alert_' || %s || '_' || i, 'out', 'dead', %s, %s, %s, %s, %s, 'normal',
                   now() AT TIME ZONE 'UTC'
            FROM generate_series(1, %s) AS i
            """,
            (
                self.env["dist.message"].search_count([]),
                flow.id,
                flow.system_id.id,
                flow.endpoint_id.id or None,
                flow.company_id.id,
                flow.message_type_id.id,
                number,
            ),
        )

    def _settle(self):
        self.env["dist.message"].search([("system_id", "=", self.system.id)]).write({"state": "cancelled"})

    def test_no_flood(self):
        """X3: ten thousand failures make one e-mail; ten thousand more make none."""
        self._fail(10_000)
        mails = self._run()
        self.assertEqual(len(mails), 1)
        self.assertIn("Watched", mails.body_html)
        self.assertIn("10000 messages", mails.body_html)
        self.assertEqual(mails.recipient_ids, self.people["operator"].partner_id)
        self._fail(10_000)
        self.assertFalse(self._run())
        alert = self._get_alerts()
        self.assertEqual((len(alert), alert.state, alert.value), (1, "firing", 20_000))

    def test_grouped(self):
        """X3: many systems that fail at once are one e-mail."""
        for number in range(30):
            system, _client, _key = self._make_system(f"Watched {number}")
            endpoint = self._make_endpoint(system, "http://127.0.0.1:9/hook")
            self._fail(flow=self._make_flow(system, "partner.changed", endpoint_id=endpoint.id))
        mails = self._run()
        self.assertEqual((len(mails), len(self._get_alerts())), (1, 30))
        self.assertIn("10", mails.body_html)
        self.assertIn("more", mails.body_html)

    def test_reminder_and_all_clear(self):
        """X3: told once, reminded after the quiet time, told when it is over."""
        self._fail()
        self.assertIn("Alert", self._run().subject)
        alert = self._get_alerts()
        self.assertFalse(self._run())
        alert.told_at = fields.Datetime.now() - timedelta(hours=25)
        self.assertIn("Still", self._run().subject)
        self.assertFalse(self._run())
        self._settle()
        self.assertIn("Over", self._run().subject)
        self.assertEqual(alert.state, "ended")
        self.assertTrue(alert.ended_at)
        self.assertFalse(self._run())

    def test_flapping(self):
        """X3: what comes and goes is told once until it stays."""
        self._fail()
        self._run()
        mails = self.env["mail.mail"]
        for _time in range(4):
            self._settle()
            mails |= self._run()
            self._fail()
            mails |= self._run()
        self.assertEqual(len(mails), 1)
        self.assertIn("Over", mails.subject)
        alert = self._get_alerts()
        self.assertEqual((len(alert), alert.times), (1, 5))
        alert.told_at = fields.Datetime.now() - timedelta(minutes=31)
        self.assertEqual(len(self._run()), 1)

    def test_duration(self):
        """X3: what does not last is told to nobody."""
        self.rule.duration_minutes = 10
        self._fail()
        self.assertFalse(self._run())
        self.assertEqual(self._get_alerts().state, "pending")
        self._settle()
        self.assertFalse(self._run())
        self.assertFalse(self._get_alerts())
        self._fail()
        self._run()
        self._get_alerts().noticed_at = fields.Datetime.now() - timedelta(minutes=10)
        self.assertEqual(len(self._run()), 1)

    def _get_digest(self):
        """:return: HTML of a digest sent now"""
        digest = self.env["dist.alert.digest"].create(
            {
                "name": "Daily",
                "company_id": self.system.company_id.id,
                "user_ids": [(6, 0, self.people["operator"].ids)],
            }
        )
        before = self.env["mail.mail"].search([])
        digest.action_send()
        return (self.env["mail.mail"].search([]) - before).body_html

    def test_rule_is_archived(self):
        """X3: the alerts of an archived rule are over at once, and told to be; no digest names them."""
        self.rule.by_activity = True
        self._fail()
        self._run()
        alert = self._get_alerts()
        self.assertIn(alert.name, self._get_digest())
        before = self.env["mail.mail"].search([])
        self.rule.with_user(self.people["manager"]).action_archive()
        self.env.invalidate_all()
        self.assertEqual((alert.state, self.rule.firing_count), ("ended", 0))
        self.assertIn("Over", (self.env["mail.mail"].search([]) - before).subject)
        self.assertFalse(self.rule.activity_ids)
        self.assertNotIn(alert.name, self._get_digest())
        self.assertFalse(self._run())
        self.rule.action_unarchive()
        self._run()
        self.assertEqual(self._get_alerts().state, "firing")

    def test_pending_alert_of_an_archived_rule(self):
        """X3: what nobody was told of goes without a word."""
        self.rule.duration_minutes = 10
        self._fail()
        self._run()
        before = self.env["mail.mail"].search([])
        self.rule.active = False
        self.assertFalse(self._get_alerts())
        self.assertEqual(self.env["mail.mail"].search([]), before)

    def test_rule_was_archived_behind_its_back(self):
        """X3: alerts of a rule that was archived by an update of the database end with the next run."""
        self._fail()
        self._run()
        self.env.cr.execute("UPDATE dist_alert_rule SET active = FALSE WHERE id = %s", (self.rule.id,))
        self.env.invalidate_all()
        self._run()
        self.assertEqual(self._get_alerts().state, "ended")

    def test_watched_place_is_gone(self):
        """X3: alerts about an archived system or a retired flow end, whether the rule names it or watches all."""
        everywhere = self.rule
        flows = self._make_rule(scope="flow")
        named = self._make_rule(scope="company", system_id=self.system.id)
        named_flow = self._make_rule(scope="flow", flow_id=self.outbound.id)
        rules = everywhere | flows | named | named_flow
        self._fail()
        self._run()
        self.assertEqual(rules.alert_ids.mapped("state"), ["firing"] * 4)
        self.outbound.state = "retired"
        self._run()
        self.assertEqual((flows | named_flow).alert_ids.mapped("state"), ["ended"] * 2)
        self.assertEqual((everywhere | named).alert_ids.mapped("state"), ["firing"] * 2)
        self.system.active = False
        self.assertNotIn(everywhere.name, self._get_digest(), "not even before the next run")
        self._run()
        self.assertEqual((everywhere | named).alert_ids.mapped("state"), ["ended"] * 2)
        self.assertFalse(self._run())
        self.system.active = True
        self._run()
        self.assertEqual((everywhere | named).alert_ids.mapped("state"), ["firing"] * 2)

    def test_activity(self):
        """X3: one activity a person while anything fires; it goes by itself."""
        self.rule.write(
            {"by_activity": True, "by_mail": False, "advice": "<a href='https://x.example'>Go</a>"}
        )
        self._fail(50)
        self.assertFalse(self._run())
        self._run()
        self.assertEqual(self.rule.activity_ids.user_id, self.people["operator"])
        self.assertEqual(len(self.rule.activity_ids), 1)
        self.assertIn("&lt;a href", self.rule.activity_ids.note, "text, not HTML")
        self._settle()
        self._run()
        self.assertFalse(self.rule.activity_ids)

    def test_webhook(self):
        """X3: a signed message of the ordinary outbox, that fits its schema."""
        flow = self._make_flow(self.system, "integration.alert", endpoint_id=self.endpoint.id)
        self.rule.by_webhook = True
        self._fail()
        self._run()
        self._commit_events()
        event = self.env["dist.event"].search([("res_model", "=", "dist.alert")])
        self._settle()
        self._run()
        self._commit_events()
        events = self.env["dist.event"].search([("res_model", "=", "dist.alert")], order="sequence")
        payloads = [json.loads(payload) for payload in events.sudo().mapped("payload")]
        self.assertEqual([payload["status"] for payload in payloads], ["firing", "ended"])
        self.assertEqual(payloads[0]["system"], "watched")
        validator = event.version_id._get_validator()
        self.assertFalse([error for payload in payloads for error in validator.errors(payload)])
        self.assertEqual(len(self.env["dist.message"].search([("flow_id", "=", flow.id)])), 2)

    def test_people(self):
        """X3: without names the owners of the system are told; nobody of another company is."""
        self.rule.user_ids = False
        self.system.write(
            {"technical_owner_id": self.people["manager"].id, "business_owner_id": self.people["user"].id}
        )
        self._fail()
        people = self.people["manager"] | self.people["user"]
        self.assertEqual(self._run().recipient_ids, people.partner_id)
        company = self.env["res.company"].create({"name": "Other"})
        system, _client, _key = self._make_system("Elsewhere", company_id=company.id)
        endpoint = self._make_endpoint(system, "http://127.0.0.1:9/hook")
        self.rule.user_ids = self.people["operator"]
        self._fail(flow=self._make_flow(system, "partner.changed", endpoint_id=endpoint.id))
        self.assertFalse(self._run())
        self.assertEqual(len(self._get_alerts()), 2)
        visible = self.env["dist.alert"].with_user(self.people["operator"]).search([])
        self.assertEqual(visible.system_id, self.system)

    def _get_untold(self):
        return self.env["dist.exception"].search(
            [("code", "=", "alert_untold"), ("res_id", "=", self.rule.id)]
        )

    def test_nobody_of_the_rule_can_be_told(self):
        """X3: where nobody of the rule and no owner can be told, the managers are."""
        owner = self.people["user"]
        self.system.write({"technical_owner_id": owner.id, "business_owner_id": owner.id})
        self.rule.by_activity = True
        (self.people["operator"] | owner).active = False
        self._fail()
        mails = self._run()
        self.assertIn(self.people["manager"].partner_id, mails.recipient_ids)
        self.assertIn(self.people["manager"], self.rule.activity_ids.user_id)
        self.assertNotIn(self.people["operator"], self.rule.activity_ids.user_id)
        self.assertTrue(self._get_alerts().told)
        self.assertFalse(self._get_untold())

    def test_without_an_address(self):
        """X3: who has no e-mail address is not told by e-mail: somebody else is."""
        self.people["operator"].email = False
        self.system.technical_owner_id = self.people["user"]
        self._fail()
        self.assertEqual(self._run().recipient_ids, self.people["user"].partner_id)

    def test_nobody_at_all_can_be_told(self):
        """X3, X1: what nobody was told of is not said to be told; it is an exception until somebody is."""
        self.env["res.users"].search([]).partner_id.email = False
        self._fail()
        for _time in range(2):
            # the manager who gets the exception may be told of that
            self.assertFalse(self._run().filtered(lambda mail: mail.model == "dist.alert.rule"))
        alert, exception = self._get_alerts(), self._get_untold()
        self.assertEqual((alert.state, alert.told, alert.told_at), ("firing", False, False))
        self.assertEqual((len(exception), exception.state, exception.severity), (1, "open", "high"))
        self.assertIn("Watched", exception.detail)
        self.people["operator"].email = "operator@example.com"
        self.assertEqual(self._run().recipient_ids, self.people["operator"].partner_id)
        self.assertEqual((alert.told, exception.state), (True, "resolved"))

    def test_untold_alert_is_over(self):
        """X3, X1: an alert that nobody was told of is kept when it is over, and its exception closes."""
        self.env["res.users"].search([]).partner_id.email = False
        self._fail()
        self._run()
        self._settle()
        self._run()
        self.assertEqual((self._get_alerts().state, self._get_untold().state), ("ended", "resolved"))

    def test_figures(self):
        """X3: every figure finds what it is there for."""
        past = fields.Datetime.now() - timedelta(hours=2)
        self._make_past(self.outbound, ["done"] * 10 + ["dead"] * 15, seconds=100)
        self._make_past(self.outbound, ["pending"], minutes=90)
        self._make_past(self.inbound, ["error"])
        exception = self._open_exception(self._make_message(self.inbound), category="mapping")
        exception.due_at = past
        credential = self.env["dist.credential"].create({"name": "C", "system_id": self.system.id})
        credential._generate()
        credential.version_ids.sudo().expires_at = fields.Datetime.now() + timedelta(days=3)
        self.endpoint.action_disable()
        expected = {
            "queue_age": (90, 30),
            "queue_depth": (1, 0),
            "failed": (15, 1),
            "held": (1, 0),
            "success_rate": (38.5, 90),
            "latency": (100, 60),
            "exceptions": (1, 0),
            "overdue": (1, 0),
            "endpoint_held": (1, 0),
            "credential": (3, 14),
        }
        self.env.flush_all()
        for figure, (value, threshold) in expected.items():
            rule = self._make_rule(figure=figure, threshold=threshold, system_id=self.system.id)
            breaches = rule._get_breaches()
            self.assertEqual(list(breaches), [(self.system.company_id.id, self.system.id)], figure)
            found = next(iter(breaches.values()))
            if figure == "latency":
                self.assertTrue(60 < found <= 300)
            else:
                self.assertAlmostEqual(found, value, delta=1.1, msg=figure)
        mapping = self._make_rule(figure="exceptions", category="delivery", system_id=self.system.id)
        self.assertFalse(mapping._get_breaches())

    def test_milestones(self):
        """X3, M12: overdue steps are told by system and company; those of another company to nobody here."""
        process = self.env["dist.process"].create(
            {
                "name": "Onboarding",
                "code": "onboarding",
                "model_name": "res.partner",
                "step_ids": [
                    Command.create({"name": "Taxed", "code": "taxed", "condition": "[('vat', '!=', False)]"})
                ],
            }
        )
        company = self.env["res.company"].create({"name": "Other"})
        own = {"company_id": self.system.company_id.id, "system_id": self.system.id}
        plan = [(own, "overdue")] * 3 + [(own, "expected"), (own, "reached")]
        plan += [({**own, "system_id": False}, "overdue"), ({"company_id": company.id}, "overdue")]
        milestones = self.env["dist.milestone"].create(
            [
                {
                    "process_id": process.id,
                    "step_id": process.step_ids.id,
                    "res_model": "res.partner",
                    "res_id": number,
                    "document_name": f"Partner {number}",
                    "state": state,
                    **place,
                }
                for number, (place, state) in enumerate(plan, 1)
            ]
        )
        before = self._make_rule(figure="milestones", scope="company")._get_breaches()
        by_system = self._make_rule(figure="milestones", system_id=self.system.id)
        self.assertEqual(by_system._get_breaches(), {(self.system.company_id.id, self.system.id): 3})
        self.assertEqual(before[company.id, company.id], 1)
        self.assertGreaterEqual(before[self.system.company_id.id, self.system.company_id.id], 4)
        own_company = self._make_rule(
            figure="milestones", scope="company", company_id=self.system.company_id.id
        )
        self.assertNotIn((company.id, company.id), own_company._get_breaches())
        self.assertEqual(by_system.condition, "Overdue milestones > 0 milestones")
        with self.assertRaises(ValidationError):
            self._make_rule(figure="milestones", scope="flow")
        self._run()
        action = self._get_alerts(by_system).action_view_cause()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), milestones[:3])
        milestones.filtered(lambda milestone: milestone.system_id).state = "reached"
        self._run()
        self.assertEqual(self._get_alerts(by_system).state, "ended")

    def test_volume(self):
        """X5: a flow that carries far less than it usually does at this time is noticed."""
        for weeks in range(1, 5):
            self._make_past(self.outbound, ["done"] * 25, minutes=weeks * 7 * 24 * 60 + 30)
        self._make_past(self.outbound, ["done"] * 5, minutes=30)
        self.env.flush_all()
        rule = self._make_rule(figure="volume", threshold=50, scope="flow", system_id=self.system.id)
        self.assertEqual(rule._get_breaches(), {(self.system.company_id.id, self.outbound.id): 20.0})

    def test_wrong_rules(self):
        with self.assertRaises(ValidationError):
            self._make_rule(figure="credential", scope="flow")
        company = self.env["res.company"].create({"name": "Other"})
        with self.assertRaises(ValidationError):
            self._make_rule(company_id=company.id, system_id=self.system.id)

    def test_one_bad_rule(self):
        """X3: a rule that cannot be evaluated does not keep the others from watching."""
        bad = self._make_rule(name="Bad", sequence=1)
        self.env.cr.execute("UPDATE dist_alert_rule SET figure = 'gone' WHERE id = %s", (bad.id,))
        self.env.invalidate_all()
        self._fail()
        with self.assertLogs("odoo.addons.dist_integration_base.models.dist_alert_rule", "ERROR"):
            mails = self._run()
        self.assertEqual(len(mails), 1)

    def test_rules_that_come_with_it(self):
        """X3: sensible rules are there."""
        rules = self.env["dist.alert.rule"].with_context(active_test=False)
        for name in ("queue_age", "endpoint_held", "failed", "success_rate", "credential", "milestones"):
            rule = self.env.ref(f"dist_integration_base.alert_rule_{name}")
            self.assertEqual(rule.figure, name)
            self.assertTrue(rule.advice)
        self.assertGreaterEqual(len(rules.search([])), 8)

    def test_digest(self):
        """X3: the figures by e-mail, to those who may see the company."""
        company = self.env["res.company"].create({"name": "Other"})
        self.people["manager"].write({"company_id": company.id, "company_ids": [(6, 0, company.ids)]})
        self._make_past(self.outbound, ["done", "dead"])
        digest = self.env["dist.alert.digest"].create(
            {
                "name": "Daily",
                "company_id": self.system.company_id.id,
                "user_ids": [(6, 0, (self.people["operator"] | self.people["manager"]).ids)],
            }
        )
        before = self.env["mail.mail"].search([])
        self.env["dist.alert.digest"]._cron_send()
        mail = self.env["mail.mail"].search([]) - before
        self.assertEqual(mail.recipient_ids, self.people["operator"].partner_id)
        self.assertIn("Tries that succeeded", mail.body_html)
        self.assertTrue(digest.active)

    def test_digest_to_who_works_elsewhere_too(self):
        """X3: an operator sends a digest to people who also work in companies that the operator does not see."""
        elsewhere = self.env["res.company"].create({"name": "Other"})
        manager = self.people["manager"]
        manager.company_ids |= elsewhere
        digest = self.env["dist.alert.digest"].create(
            {"name": "Daily", "company_id": self.system.company_id.id, "user_ids": [(6, 0, manager.ids)]}
        )
        self.env.invalidate_all()
        before = self.env["mail.mail"].search([])
        digest.with_user(self.people["operator"]).action_send()
        self.assertEqual((self.env["mail.mail"].search([]) - before).recipient_ids, manager.partner_id)
