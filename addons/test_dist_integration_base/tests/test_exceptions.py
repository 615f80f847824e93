from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

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

    def _open(self, **values):
        spec = ExceptionSpec(**{"category": "business", "code": "x", "summary": "Something", **values})
        return self.env["dist.exception"]._open(spec, self.message)

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
        self.system.technical_owner_id = (
            self.env.ref("base.user_demo", raise_if_not_found=False) or self.env.user
        )
        self.assertEqual(self._open(category="technical").assignee_id, self.system.technical_owner_id)

    def test_impact(self):
        """X1: an exception says what is at risk."""
        partner = self.env["res.partner"].create({"name": "P"})
        exception = self._open(record=partner)
        self.assertEqual((exception.impact_orders, exception.impact_value), (1, 100.0))

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

    def test_reopens_as_new(self):
        """X1: the same trouble after the first was closed is a new exception."""
        first = self._open()
        first._ignore("known")
        self.message.state = "dead"
        self.assertNotEqual(self._open(), first)
