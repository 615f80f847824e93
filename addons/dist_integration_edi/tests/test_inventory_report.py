from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .test_outbound import OutboundCase


@tagged("post_install", "-at_install")
class TestInventoryReport(OutboundCase):
    """What a customer hears of our stock."""

    def connect(self, *documents):
        result = super().connect(*documents)
        self._make_flow(self.profile.system_id, "inventory.report", endpoint_id=self.endpoint.id)
        return result

    def pass_time(self, **passed):
        self.profile.inventory_reported_at = fields.Datetime.now() - timedelta(**passed)

    def test_what_can_be_ordered(self):
        """E3, C5: the items the customer has numbers for, with what its channel may promise."""
        self.connect("846")
        self.profile.channel_id.safety_buffer = 30
        self.profile._cron_report_inventory()
        ((report, transaction),) = self.get_sent("846")
        self.assertEqual(report["parties"]["supplier"]["id"], "SELLER")
        (line,) = report["lines"]
        self.assertEqual(line["item"], {"buyer_sku": "B-CORN", "supplier_sku": "TEST-CORN"})
        self.assertEqual(line["quantities"], [{"type": "available", "quantity": "70", "unit": "EA"}])
        self.assertEqual(transaction.body[0].tag, "BIA")

    def test_when_it_is_due(self):
        """E3: once in the hours that were agreed; 0 leaves it to a person."""
        self.connect("846")
        for _time in range(2):
            self.profile._cron_report_inventory()
        self.assertEqual(len(self.get_sent("846")), 1)
        self.pass_time(hours=23)
        self.profile._cron_report_inventory()
        self.assertEqual(len(self.get_sent("846")), 1)
        self.pass_time(hours=25)
        self.profile.inventory_hours = 0
        self.profile._cron_report_inventory()
        self.assertEqual(len(self.get_sent("846")), 1)
        self.profile.inventory_hours = 24
        self.profile._cron_report_inventory()
        self.assertEqual(len(self.get_sent("846")), 2)

    def test_by_hand(self):
        """E3, G8: an operator sends one at once; without a channel there is nothing to report."""
        self.connect("846")
        auditor = new_test_user(self.env, "auditor", groups="dist_integration_base.group_dist_auditor")
        with self.assertRaises(AccessError):
            self.profile.with_user(auditor).action_report_inventory()
        operator = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        self.profile.with_user(operator).action_report_inventory()
        self.assertEqual(len(self.get_sent("846")), 1)
        self.profile.channel_id = False
        self.assertIn("the sales channel whose stock", self.profile.missing)
        with self.assertRaises(UserError):
            self.profile.with_user(operator).action_report_inventory()

    def test_by_edifact(self):
        """E3: INVRPT."""
        self.edi_system, client, _key = self.make_edi_system("EUROPE")
        self.profile.active = False
        self.profile = self.make_profile(
            self.edi_system, client, standard="EDIFACT", qualifier="14", own_qualifier="14", version="D01B"
        )
        self.connect("INVRPT")
        self.profile._cron_report_inventory()
        ((report, _transaction),) = self.get_sent("INVRPT")
        self.assertEqual(report["lines"][0]["quantities"][0]["quantity"], "100")
