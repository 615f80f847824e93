from datetime import date, timedelta

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.tests.common import DistHttpCase

from .people import PeopleMixin


@tagged("post_install", "-at_install")
class TestRegister(PeopleMixin, DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, cls.client, cls.key = cls._make_system(
            scopes=["test:write"], message_types=["partner.submit"]
        )
        cls.flow = cls.system.flow_ids
        cls.numbers = iter(range(100))

    def _submit(self):
        body = {"external_id": f"R-{next(self.numbers)}", "name": "Anna"}
        return self._call("POST", "/test/partners", body, self.key)

    def _make_draft(self, code="partner.changed", **values):
        return self._make_flow(self.system, code, state="draft", **values)

    def test_lifecycle(self):
        """G2: a flow goes from draft to retired; each step keeps its moment, its person and an entry of history."""
        flow = self._make_draft(endpoint_id=self._make_endpoint(self.system, "http://127.0.0.1:9/hook").id)
        flow = flow.with_user(self.people["manager"])
        flow.action_approve()
        self.assertEqual(flow.approved_by_id, self.people["manager"])
        flow.action_activate()
        self.assertTrue(flow.approved_at and flow.activated_at)
        flow.action_deprecate()
        flow.action_activate()
        self.assertFalse(flow.deprecated_at)
        flow.action_deprecate()
        flow.action_retire()
        self.assertTrue(flow.retired_at)
        self.assertEqual(
            [(entry.from_value, entry.to_value) for entry in flow.history_ids.sorted("id")],
            [
                (False, "draft"),
                ("draft", "approved"),
                ("approved", "active"),
                ("active", "deprecated"),
                ("deprecated", "active"),
                ("active", "deprecated"),
                ("deprecated", "retired"),
            ],
        )
        self.assertEqual(flow.history_ids.sorted("id")[-1].user_id, self.people["manager"])
        flow.action_back_to_draft()
        self.assertFalse(flow.approved_by_id)

    def test_no_short_cut(self):
        """G2: the lifecycle has no short cut, whichever way the state is written."""
        flow = self._make_draft()
        for state in ("active", "deprecated", "retired"):
            with self.assertRaisesRegex(UserError, "cannot become"):
                flow.write({"state": state})
        self.assertEqual(flow.state, "draft")
        with self.assertRaisesRegex(UserError, "cannot become bogus"):
            flow.write({"state": "bogus"})
        with self.assertRaises(UserError):
            self.flow.action_approve()
        with self.assertRaises(AccessError):
            flow.with_user(self.people["operator"]).action_approve()

    def test_starts_as_draft(self):
        """G2: a flow is a draft whatever created it: values, import, copy, a line of its system."""
        kind = self.env["dist.message.type"]._get_by_code("partner.changed")
        manager = self.people["manager"]
        flows = self.env["dist.flow"].with_user(manager)
        ends = [self._make_endpoint(self.system, f"http://127.0.0.1:9/{name}") for name in "abcde"]
        values = {"system_id": self.system.id, "message_type_id": kind.id, "state": "active"}
        made = flows.create({**values, "endpoint_id": ends[0].id})
        made += made.sudo().create({**values, "endpoint_id": ends[1].id})
        made += self.flow.with_user(manager).copy({"state": "active", "endpoint_id": ends[2].id, **values})
        names = ["system_id/.id", "message_type_id/.id", "endpoint_id/.id", "state"]
        row = [str(self.system.id), str(kind.id), str(ends[3].id), "active"]
        made += flows.browse(flows.load(names, [row])["ids"])
        self.system.with_user(manager).flow_ids = [Command.create(values)]
        made += self.system.flow_ids.filtered(
            lambda flow: flow.message_type_id == kind and not flow.endpoint_id
        )
        self.assertEqual((len(made), set(made.mapped("state"))), (5, {"draft"}))
        self.assertFalse(any(made.mapped("approved_by_id")))
        for forged in ({"approved_by_id": self.env.uid}, {"activated_at": fields.Datetime.now()}):
            with self.assertRaisesRegex(AccessError, "use the buttons"):
                flows.create({**values, **forged})
            with self.assertRaisesRegex(AccessError, "use the buttons"):
                forger = flows.with_context(**{f"default_{name}": value for name, value in forged.items()})
                forger.create(values)
        forger = flows.sudo().with_context(
            default_approved_by_id=self.env.uid, default_criticality="critical"
        )
        flow = forger.create({**values, "endpoint_id": ends[4].id})
        self.assertEqual((flow.state, flow.approved_by_id.ids, flow.criticality), ("draft", [], "critical"))

    def test_what_was_approved_stays_what_it_is(self):
        """G2: a flow that is no draft does not become another interface; what it works with may change."""
        other, _client, _key = self._make_system("Another")
        kind = self.env["dist.message.type"]._get_by_code("integration.alert")
        changes = ({"system_id": other.id}, {"message_type_id": kind.id})
        flow = self._make_draft()
        flow.message_type_id = kind
        flow.action_approve()
        endpoint_id = self._make_endpoint(self.system, "http://127.0.0.1:9/hook").id
        retired = self._make_flow(self.system, "integration.test", "retired", endpoint_id=endpoint_id)
        for approved in (flow | self.flow, self.flow, retired):
            for vals in changes:
                manager = approved.with_user(self.people["manager"])
                with self.assertRaisesRegex(UserError, "was approved for this"), self.cr.savepoint():
                    manager.write({**vals, "endpoint_id": False})
        self.flow.write({"message_type_id": self.flow.message_type_id.id, "latency_seconds": 7})
        self.assertEqual(self.flow.latency_seconds, 7)

    def test_only_drafts_are_deleted(self):
        """G2: what was approved stays in the register, whatever is deleted around it; it is retired."""
        endpoint_id = self._make_endpoint(self.system, "http://127.0.0.1:9/hook").id
        approved = self._make_flow(self.system, "partner.changed", "approved", endpoint_id=endpoint_id)
        retired = self._make_flow(self.system, "integration.test", "retired", endpoint_id=endpoint_id)
        for record in (self.flow, approved, retired, self.system, approved.endpoint_id):
            with self.assertRaises(UserError), self.cr.savepoint():
                record.with_user(self.people["manager"]).unlink()
        draft = self._make_draft("integration.alert")
        draft.with_user(self.people["manager"]).unlink()
        self.assertFalse(draft.exists())

    @mute_logger("odoo.sql_db")
    def test_owners_stay(self):
        """G2: a flow that was approved is never without owners, whoever is taken off where."""
        person = new_test_user(self.env, "owner", groups="dist_integration_base.group_dist_manager")
        self.flow.business_owner_id = person
        self.system.write({"business_owner_id": False})
        for flow in (self.flow, self._make_draft()):
            flow.write({"technical_owner_id": False})
        approved = self._make_draft("integration.test", business_owner_id=person.id)
        approved.action_approve()
        for change in (
            lambda: self.flow.write({"business_owner_id": False}),
            lambda: approved.write({"business_owner_id": False}),
            lambda: self.system.write({"technical_owner_id": False}),
            lambda: self.system.write(
                {"flow_ids": [Command.update(approved.id, {"business_owner_id": False})]}
            ),
        ):
            with self.assertRaisesRegex(ValidationError, "needs a business owner"), self.cr.savepoint():
                change()
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            person.unlink()

    def test_what_a_running_flow_needs(self):
        """G2: no flow becomes active without owners, an endpoint, an approved mapping."""
        flow = self._make_draft()
        self.flow.business_owner_id = self.people["manager"]
        self.system.business_owner_id = False
        with self.assertRaisesRegex(ValidationError, "business owner"), self.cr.savepoint():
            flow.action_approve()
        flow.business_owner_id = self.people["manager"]
        flow.action_approve()
        with self.assertRaisesRegex(ValidationError, "endpoint"), self.cr.savepoint():
            flow.action_activate()
        flow.endpoint_id = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        mapping = self.env["dist.mapping"].create(
            {"name": "M", "system_id": self.system.id, "message_type_id": flow.message_type_id.id}
        )
        flow.mapping_id = mapping
        with self.assertRaisesRegex(ValidationError, "not approved"), self.cr.savepoint():
            flow.action_activate()
        flow.mapping_id = False
        flow.action_activate()
        with self.assertRaises(ValidationError):
            flow.mapping_id = mapping
        with self.assertRaises(ValidationError):
            flow.endpoint_id = False

    def test_nothing_moves_on_a_flow_that_is_not_active(self):
        """G2: inbound is refused with the reason, outbound is not routed."""
        self.assertEqual(self._submit().status_code, 200)
        self.flow.action_retire()
        problem = self._submit().json()
        self.assertEqual(problem["code"], "flow_inactive")
        self.assertIn(f"retired on {fields.Date.today()}", problem["detail"])
        self.flow.action_back_to_draft()
        self.assertIn("not active yet", self._submit().json()["detail"])
        self.flow.unlink()
        self.assertIn("not agreed", self._submit().json()["detail"])
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        outbound = self._make_flow(self.system, "partner.changed", endpoint_id=endpoint.id)
        partner = self.env["res.partner"].create({"name": "Anna"})
        counts = []
        for action in (None, "action_deprecate", "action_retire"):
            if action:
                self.env["dist.message"].search([("flow_id", "=", outbound.id)]).action_cancel("test")
                getattr(outbound, action)()
            partner._dist_emit("partner.changed")
            self._commit_events()
            counts.append(
                self.env["dist.message"].search_count(
                    [("flow_id", "=", outbound.id), ("state", "=", "pending")]
                )
            )
        self.assertEqual(counts, [1, 1, 0])

    def test_deprecated(self):
        """G2, G3: a deprecated flow works and announces its end."""
        self.assertNotIn("Deprecation", self._submit().headers)
        self.flow.sunset_date = date(2031, 5, 1)
        self.assertNotIn("Sunset", self._submit().headers)
        self.flow.action_deprecate()
        response = self._submit()
        self.assertEqual((response.status_code, response.headers["Deprecation"]), (200, "true"))
        self.assertEqual(response.headers["Sunset"], "Thu, 01 May 2031 00:00:00 GMT")
        self.flow.version_id = self.flow.message_type_id.version_ids
        self.flow.version_id.sunset_date = date(2031, 1, 1)
        self.assertEqual(self._submit().headers["Sunset"], "Wed, 01 Jan 2031 00:00:00 GMT", "the earlier one")
        self.flow.version_id.sunset_date = False
        self.flow.sunset_date = fields.Date.today() - timedelta(days=1)
        self.assertEqual(self._submit().status_code, 200, "it works until it is retired")

    def test_retire_only_when_nothing_waits(self):
        """G2: messages that wait keep a flow from being retired."""
        body = {"external_id": "A", "name": "A", "country": "XX"}
        self.assertEqual(self._call("POST", "/test/partners", body, self.key).status_code, 202)
        with self.assertRaisesRegex(UserError, "1 messages wait"):
            self.flow.action_retire()
        self.env["dist.message"].search([("flow_id", "=", self.flow.id)]).action_cancel("test")
        self.flow.action_retire()
        self.assertEqual(self.flow.state, "retired")

    def test_completeness(self):
        """G2: what the register lacks is named and found; the runbook of the system counts."""
        self.assertIn("escalation", self.flow.missing)
        self.assertIn(self.flow, self.env["dist.flow"].search([("is_complete", "=", False)]))
        manager = self.people["manager"]
        self.system.write({"runbook": "<p>Call the shop</p>", "business_owner_id": manager.id})
        self.system.technical_owner_id = self.people["operator"]
        self.flow.write(
            {"escalation": "Head of sales", "latency_seconds": 2, "success_rate": 99.5, "max_age_minutes": 15}
        )
        self.assertFalse(self.flow.missing)
        self.assertTrue(self.flow.is_complete)
        self.system.runbook = False
        self.assertEqual(self.flow.missing, "runbook")
        self.system.runbook = "<p>Call the shop</p>"
        manager.active = False
        self.assertEqual(self.flow.missing, "business owner, who is archived")
        self.assertFalse(self.flow.is_complete)

    @mute_logger("odoo.sql_db")
    def test_constraints(self):
        """G2: service levels are sane."""
        for values in ({"success_rate": 101}, {"latency_seconds": -1}, {"max_age_minutes": -1}):
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                self.flow.write(values)
                self.flow.flush_recordset()

    def _render(self, flows, user):
        report = self.env["ir.actions.report"].with_user(self.people[user])
        html, _kind = report._render_qweb_html("dist_integration_base.flow_register", flows.ids)
        return html.decode()

    def test_register_for_the_auditor(self):
        """G2: a page lists every flow with owners, levels, escalation, runbook and history."""
        self.system.runbook = "<p>Call the shop</p>"
        self.flow.write({"escalation": "Head of sales", "latency_seconds": 7, "interface_version": "3.2"})
        self.flow.action_deprecate()
        html = self._render(self.flow, "auditor")
        for text in (
            "Shop",
            "Head of sales",
            "Call the shop",
            "3.2",
            "Deprecated",
            self.env.user.name,
            "success rate",
        ):
            self.assertIn(text, html)
        self.assertRegex(html, r"7</span>\s*s")
        self.assertNotRegex(html, r"[>\s]0(\.00)?</span>\s*(s|%|min)\b", "what was not agreed is no promise")
        self.assertRegex(html, r"Success rate</th>\s*<td>\s*MISSING")
        action = self.env["dist.flow"].with_user(self.people["auditor"]).action_print_register()
        self.assertEqual((action["report_type"], action["type"]), ("qweb-html", "ir.actions.report"))
        other = self.env["res.company"].create({"name": "Elsewhere"})
        foreign, _client, _key = self._make_system(
            "Foreign", message_types=["partner.submit"], company_id=other.id
        )
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaisesRegex(Exception, "doesn't have 'read' access"):
            self._render(foreign.flow_ids, "auditor")

    def test_register_over_http(self):
        """G2: the page opens in the browser of who may see it."""
        self.env.flush_all()
        self.authenticate("dist-test-auditor", "dist-test-auditor")
        response = self.url_open(f"/report/html/dist_integration_base.flow_register/{self.flow.id}")
        self.assertEqual(response.status_code, 200)
        self.assertIn("Interface register", response.text)

    def test_register_as_csv(self):
        """G2: the export dialogue has the columns of the register at hand."""
        template = self.env.ref("dist_integration_base.exports_flow_register")
        names = template.export_fields.mapped("name")
        rows = self.flow.with_user(self.people["auditor"]).export_data(names)["datas"]
        self.assertIn("Shop", rows[0])
        self.assertEqual(len(rows[0]), len(names))

    def test_history_is_written_by_flows_alone(self):
        """G2: nobody rewrites the history of a flow."""
        for group in ("operator", "manager", "auditor"):
            access = self.env["ir.model.access"].with_user(self.people[group])
            for mode in ("write", "create", "unlink"):
                self.assertFalse(access.check("dist.flow.history", mode, raise_exception=False))
