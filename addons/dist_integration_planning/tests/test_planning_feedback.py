import json

from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from odoo.addons.dist_integration_base.lib import schema

from .export_common import ExportCase

EVENTS = ("planning.proposal.decided", "planning.proposal.executed")


@tagged("post_install", "-at_install")
class TestPlanningFeedback(ExportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        for code in EVENTS:
            cls._make_flow(cls.system, code, endpoint_id=cls.endpoint.id)
        cls.batch = cls.env["dist.planning.batch"].create(
            {
                "source_id": cls.source.id,
                "reference": "R-7",
                "state": "active",
                "planned_at": fields.Datetime.now(),
            }
        )

    def _propose(self, key, **values):
        return self.env["dist.planning.proposal"].create(
            {
                "batch_id": self.batch.id,
                "source_id": self.source.id,
                "company_id": self.company.id,
                "key": key,
                "kind": "purchase",
                "product_id": self.tape.id,
                "warehouse_id": self.warehouse.id,
                "partner_id": self.supplier.id,
                "uom_id": self.tape.uom_id.id,
                "quantity": 120,
                "approved_quantity": 120,
                "date_planned": "2041-03-10",
                **values,
            }
        )

    def _get_events(self, proposal):
        """:return: list of (type, payload) that the platform is told about a proposal"""
        self._commit_events()
        events = self.env["dist.event"].search(
            [("res_model", "=", proposal._name), ("res_id", "=", proposal.id)], order="id"
        )
        found = []
        for event in events:
            payload = json.loads(event.payload)
            found_schema = event.version_id._get_schema()
            self.assertEqual(schema.compile_schema(found_schema).errors(payload), [])
            self.assertEqual(event.message_ids.system_id, self.system)
            found.append((event.message_type_id.code, payload))
        return found

    def test_approved(self):
        """P6: an approval is told, with who decided: a person."""
        proposal = self._propose("R-7/1")
        proposal._decide("approved")
        code, payload = self._get_events(proposal)[0]
        self.assertEqual(code, "planning.proposal.decided")
        self.assertEqual(
            (
                payload["proposal"],
                payload["run"],
                payload["decision"],
                payload["quantity"],
                payload["automatic"],
            ),
            ("R-7/1", "R-7", "approved", "120", False),
        )

    def test_changed(self):
        """P6: another quantity is told as a change, with both."""
        proposal = self._propose("R-7/1", approved_quantity=100.5)
        proposal._decide("approved")
        payload = self._get_events(proposal)[0][1]
        self.assertEqual(
            (payload["decision"], payload["proposed_quantity"], payload["quantity"]),
            ("changed", "120", "100.5"),
        )

    def test_refused(self):
        """P6: a refusal is told with its reason."""
        proposal = self._propose("R-7/1")
        proposal.action_refuse("Listing ends")
        payload = self._get_events(proposal)[0][1]
        self.assertEqual(
            (payload["decision"], payload["quantity"], payload["reason"]), ("refused", None, "Listing ends")
        )

    def test_taken_back(self):
        """P6: a decision that is taken back is told; so is an approval that could not be carried out."""
        proposal = self._propose("R-7/1")
        proposal.action_refuse("Listing ends")
        self._get_events(proposal)
        proposal.action_reopen()
        payload = self._get_events(proposal)[-1][1]
        self.assertEqual((payload["decision"], payload["quantity"]), ("withdrawn", None))
        proposal._decide("approved")
        self._get_events(proposal)
        proposal._put_back("failed", "No price")
        self.assertEqual(self._get_events(proposal)[-1][1]["decision"], "withdrawn")

    def test_other_supplier_and_day(self):
        """P6: another supplier or day is told as a change, with both."""
        other = self.env["res.partner"].create({"name": "Other", "ref": "S-9"})
        planner = new_test_user(
            self.env, "plans", groups="dist_integration_planning.group_dist_planning_planner"
        )
        proposal = self._propose("R-7/1")
        proposal.with_user(planner).write({"partner_id": other.id, "date_order": "2041-02-01"})
        proposal.with_user(planner).action_approve()
        payload = self._get_events(proposal)[-1][1]
        self.assertEqual(
            (payload["decision"], payload["supplier"], payload["ordered"], payload["needed"]),
            ("changed", "S-9", "2041-02-01", "2041-03-10"),
        )
        (row,) = self._read(self._export(), "feedback")
        self.assertEqual((row["decision"], row["supplier"]), ("changed", "S-9"))

    def test_superseded(self):
        """P6: what is not proposed any more has no day of a decision."""
        proposal = self._propose("R-7/1")
        proposal.action_refuse("Listing ends")
        proposal.action_reopen()
        proposal.state = "superseded"
        (row,) = self._read(self._export(), "feedback")
        self.assertEqual((row["decision"], row["decided"]), ("superseded", None))

    def test_carried_out(self):
        """P6: carrying out is told, with the document."""
        proposal = self._propose("R-7/1")
        proposal._decide("approved")
        self._commit_events()
        purchase = self._buy()
        proposal.write(
            {
                "state": "executed",
                "executed_at": fields.Datetime.now(),
                "purchase_line_id": purchase.order_line.id,
            }
        )
        proposal._after_execution()
        code, payload = self._get_events(proposal)[-1]
        self.assertEqual((code, payload["document"]), ("planning.proposal.executed", purchase.name))

    def _buy(self):
        return self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "order_line": [
                    Command.create({"product_id": self.tape.id, "product_qty": 120, "price_unit": 2.0})
                ],
            }
        )

    def test_other_platform(self):
        """P6: a platform hears of its own proposals alone."""
        other, _client, _key = self._make_system("Rival")
        endpoint = self._make_endpoint(other, "http://127.0.0.1:9/hook")
        for code in EVENTS:
            self._make_flow(other, code, endpoint_id=endpoint.id)
        proposal = self._propose("R-7/1")
        proposal._decide("approved")
        self.assertEqual(len(self._get_events(proposal)), 1)

    def test_file(self):
        """P6: decisions and what came of them as a file; each change is told once."""
        approved, refused, waits = (self._propose(f"R-7/{number}") for number in range(3))
        approved.write({"approved_quantity": 100})
        approved._decide("approved")
        refused.action_refuse("Listing ends")
        rows = self._read_by_key(self._export(), "feedback")
        self.assertEqual(set(rows), {approved.key, refused.key})
        self.assertEqual((rows[approved.key]["decision"], rows[approved.key]["quantity"]), ("changed", 100))
        self.assertEqual(
            (rows[refused.key]["decision"], rows[refused.key]["reason"]), ("refused", "Listing ends")
        )
        self.assertFalse(self._read(self._export("delta"), "feedback"))
        purchase = self._buy()
        approved.write(
            {
                "state": "executed",
                "executed_at": fields.Datetime.now(),
                "purchase_line_id": purchase.order_line.id,
            }
        )
        (row,) = self._read(self._export("delta"), "feedback")
        self.assertEqual(
            (row["key"], row["state"], row["document"]), (approved.key, "executed", purchase.name)
        )
        purchase.button_confirm()
        purchase.picking_ids.move_ids.write({"quantity": 120, "picked": True})
        purchase.picking_ids._action_done()
        (row,) = self._read(self._export("delta"), "feedback")
        self.assertEqual(row["received_quantity"], 120)
        self.assertEqual(waits.state, "proposed")
