import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import PlanningCase, PlanningHttpCase

REASON = "Delisted in June"


@tagged("post_install", "-at_install")
class TestRefusal(PlanningCase):
    """A planner says no, and why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.planner = cls._make_planner()

    def setUp(self):
        super().setUp()
        self._take_in([self._proposal(f"P-{number}") for number in range(3)])
        self.proposals = self._get_proposals().with_user(self.planner)

    def _open(self, proposals):
        """:return: Form of the dialog that the button opens"""
        action = proposals.action_ask_refusal()
        return Form(self.env[action["res_model"]].with_user(self.planner).with_context(**action["context"]))

    def _refuse(self, proposals, reason=REASON):
        dialog = self._open(proposals)
        dialog.reason = reason
        dialog.save().action_refuse()

    def test_from_the_form(self):
        """P3: one is refused in the dialog; the reason stands on it and in the audit trail, with the planner's name."""
        proposal = self.proposals[0]
        self._refuse(proposal)
        self.assertEqual(
            (proposal.state, proposal.refusal_reason, proposal.decided_by_id),
            ("refused", REASON, self.planner),
        )
        self.assertEqual(self._assert_told(proposal, "rejected", self.planner).reason, REASON)
        self.assertEqual(set(self.proposals[1:].mapped("state")), {"proposed"})

    def test_many(self):
        """P3: the list refuses what is left to decide of a choice; what was approved stays so."""
        approved, *_others = self.proposals
        approved.action_approve()
        dialog = self._open(self.proposals)
        self.assertEqual(dialog.proposal_count, 2)
        dialog.reason = REASON
        dialog.save().action_refuse()
        self.assertEqual(self.proposals.mapped("state"), ["approved", "refused", "refused"])
        self.assertEqual(self.proposals.mapped("refusal_reason"), [False, REASON, REASON])
        told = self._assert_told(self.proposals[1:], "rejected", self.planner)
        self.assertEqual(told.mapped("reason"), [REASON, REASON])

    def test_reason_is_asked(self):
        """P3: nothing is refused in the dialog without a reason."""
        with self.assertRaisesRegex(AssertionError, "reason"):
            self._open(self.proposals).save()
        self.assertEqual(set(self.proposals.mapped("state")), {"proposed"})

    def test_decided_meanwhile(self):
        """P3: what somebody else decided while the dialog was open is not decided again."""
        dialog = self._open(self.proposals[:2])
        dialog.reason = REASON
        self.proposals[0].action_approve()
        dialog.save().action_refuse()
        self.assertEqual(self.proposals.mapped("state"), ["approved", "refused", "proposed"])
        with self.assertRaises(UserError):
            self._open(self.proposals[:2])

    def test_feedback(self):
        """P6: the platform hears the reason, and it goes when the refusal is taken back."""
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        self._make_flow(self.system, "planning.proposal.decided", endpoint_id=endpoint.id)
        proposal = self.proposals[0]
        self._refuse(proposal)
        self.assertEqual(self._get_told(proposal), ("refused", REASON))
        proposal.action_reopen()
        self.assertFalse(proposal.refusal_reason)
        proposal.action_approve()
        self.assertEqual(self._get_told(proposal), ("approved", None))

    def _get_told(self, proposal):
        self._commit_events()
        events = self.env["dist.event"].search(
            [("res_model", "=", proposal._name), ("res_id", "=", proposal.id)], order="id"
        )
        payload = json.loads(events[-1].payload)
        return payload["decision"], payload["reason"]

    def test_others(self):
        """G5: whoever does not decide has no such dialog, and a planner of another company no such proposals."""
        reader = self._make_planner("reader", "dist_integration_base.group_dist_user")
        with self.assertRaises(AccessError):
            self.proposals.with_user(reader).action_ask_refusal()
        with self.assertRaises(AccessError):
            self.env["dist.planning.refuse"].with_user(reader).create({"reason": REASON})
        company = self.env["res.company"].create({"name": "Other"})
        there = self._make_planner("there", company_id=company.id, company_ids=[(6, 0, company.ids)])
        with self.assertRaises(AccessError):
            self.env["dist.planning.refuse"].with_user(there).create(
                {"reason": REASON, "proposal_ids": [(6, 0, self.proposals.ids)]}
            )


@tagged("post_install", "-at_install")
class TestRefusalByProgram(PlanningHttpCase):
    """Programs refuse as they did."""

    def test_over_http(self):
        """P3: a planner's program refuses over HTTP, with or without a reason."""
        plan = self._plan([self._proposal("P-1"), self._proposal("P-2")])
        response = self._call("POST", "/plans/files", plan, self.key, Content_Type="application/x-ndjson")
        self.assertEqual(response.status_code, 202, response.text)
        self._activate(self.source.batch_ids)
        proposals = self._get_proposals()
        planner = self._make_planner(password="planner-password")
        self.authenticate(planner.login, "planner-password")
        self._ask("action_refuse", proposals[0].ids, REASON)
        self._ask("action_refuse", proposals[1].ids)
        self.env.invalidate_all()
        self.assertEqual(proposals.mapped("state"), ["refused", "refused"])
        self.assertEqual(proposals.mapped("refusal_reason"), [REASON, False])

    def _ask(self, method, *arguments):
        params = {
            "model": "dist.planning.proposal",
            "method": method,
            "args": list(arguments),
            "kwargs": {},
        }
        answer = self.url_open(
            "/web/dataset/call_kw",
            json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        ).json()
        self.assertNotIn("error", answer)
