import json
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.folders import FolderMixin
from odoo.addons.dist_integration_base.tests.screens import ScreensMixin

from .test_reconciliation import HEAD, ReconciliationCase

MODULE = "dist_integration_base"
# edited in the list, or made when the screen is opened
NO_FORMS = {"dist.audit.export", "dist.personal.erase", "res.config.settings"}


@tagged("post_install", "-at_install")
class TestEveryScreen(ScreensMixin, FolderMixin, ReconciliationCase):
    """A day's records, looked at by people who have one right only."""

    def setUp(self):
        super().setUp()
        self.partner = self.env["res.partner"].search([("ref", "=", "REC-1")])
        self._make_connections()
        self._make_messages()
        self._make_governance()
        self._make_operations()
        self.env.flush_all()

    def _make_connections(self):
        self.endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        self.outbound = self._make_flow(self.system, "partner.changed", endpoint_id=self.endpoint.id)
        self.inbound = self.system.flow_ids - self.outbound
        client = self.env["dist.api.client"].search([("system_id", "=", self.system.id)])
        self._make_folder_endpoint(
            self.system, self._open_base(), "in", purpose="receive", client_id=client.id
        )
        credential = self.env["dist.credential"].create({"name": "Webhook", "system_id": self.system.id})
        credential._generate()
        self.env["dist.binding"]._bind(self.system, self.partner, "B-1")
        self.env["dist.code.map"].create(
            {"system_id": self.system.id, "domain": "unit", "external_code": "EA", "value": "Units"}
        )
        self.env["dist.mapping"].create(
            {
                "name": "Partners",
                "system_id": self.system.id,
                "message_type_id": self.inbound.message_type_id.id,
                "row_ids": [Command.create({"target": "name", "source": "name"})],
            }
        )

    def _make_messages(self):
        document = {"res_model": "res.partner", "res_id": self.partner.id}
        for state in ("pending", "retry", "error", "dead", "done", "cancelled"):
            for flow in (self.inbound, self.outbound):
                self._make_message(flow, state=state, error="No", **document)
        for category in ("mapping", "validation", "business", "delivery"):
            message = self._make_message(self.inbound, state="dead", error="No", **document)
            self._open_exception(message, category=category, code=category)
        # a document that none of these people may read
        hidden = self.env["ir.config_parameter"].search([], limit=1)
        for state in ("dead", "done"):
            message = self._make_message(self.inbound, state=state, res_model=hidden._name, res_id=hidden.id)
        self._open_exception(message, code="hidden", record=hidden)
        solved = self._open_exception(self._make_message(self.inbound, state="done"), code="solved")
        solved._close("handled")
        self.partner._dist_emit("partner.changed")
        self._commit_events()

    def _make_governance(self):
        company = {"company_id": self.env.company.id}
        for state in ("waiting", "rejected"):
            self.env["dist.change.request"].create(
                {
                    "name": f"CR {state}",
                    "state": state,
                    "kind": "write",
                    "res_model": "dist.endpoint",
                    "res_id": self.endpoint.id,
                    "requester_id": self.people["manager"].id,
                    "content": json.dumps({"timeout": 20}),
                    **company,
                }
            )
        comparison = self.env["dist.cutover.comparison"].create(
            {"flow_id": self.inbound.id, "key": "A", "state": "different"}
        )
        self.env["dist.cutover.difference"].create(
            {"comparison_id": comparison.id, "path": "/name", "pattern": "/name", "kind": "changed"}
        )
        self.env["dist.exception.team"].create({"name": "Team", "member_ids": self.people["user"].ids})

    def _make_operations(self):
        process = self.env["dist.process"].create(
            {"name": "Friends", "code": "friends", "model_name": "res.partner"}
        )
        changed = self.outbound.message_type_id
        step = self.env["dist.process.step"].create(
            {
                "process_id": process.id,
                "name": "Told",
                "code": "told",
                "reached_by": "event",
                "event_type_id": changed.id,
            }
        )
        hidden = self.env["ir.config_parameter"].search([], limit=1)
        for state, document in (("overdue", self.partner), ("refused", hidden)):
            self.env["dist.milestone"].create(
                {
                    "process_id": process.id,
                    "step_id": step.id,
                    "company_id": self.env.company.id,
                    "res_model": document._name,
                    "res_id": document.id,
                    "document_name": document.display_name,
                    "state": state,
                }
            )
        rule = self.env["dist.alert.rule"].create({"name": "Failed", "figure": "failed", "threshold": 0})
        rule._evaluate()
        self.env["dist.alert.digest"].create({"name": "Daily", "user_ids": self.people["user"].ids})
        self.env["dist.replay"].create(
            {
                "reason": "Fixed",
                "flow_ids": self.inbound.ids,
                "since": fields.Datetime.now() - timedelta(days=1000),
            }
        )
        self._run(HEAD + "REC-1,10\nREC-2,99\nREC-9,1\n")

    def _open_client_action(self, user, action):
        if action["tag"] == "dist_dashboard":
            figures = self.env["dist.dashboard"].with_user(user).get_figures("week")
            self.assertTrue(figures["flows"])

    def test_every_screen(self):
        """G1, G2, X1, X3, X4, M9: each opens for whoever sees its menu, with filters, forms and buttons."""
        users = self._make_screen_users()
        self._check_reachable(MODULE, users)
        opened = self._check_menus(MODULE, users)
        self._check_all_opened(MODULE, opened, but=NO_FORMS)

    def test_document(self):
        """G1, M10: a contact's form and its buttons, for those with and without a right to see messages."""
        users = self._make_screen_users(clerk="base.group_user,base.group_partner_manager")
        self._check_form(self.partner, users)
