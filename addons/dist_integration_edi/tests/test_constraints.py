import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import EdiCase


@tagged("post_install", "-at_install")
class TestConstraints(EdiCase):
    def test_exist(self):
        """E6: the rules that the database keeps are there."""
        names = (
            "dist_edi_partner_hours_positive",
            "dist_edi_partner_duplicate_days_positive",
            "dist_edi_partner_inventory_hours_positive",
            "dist_edi_partner_transit_days_positive",
            "dist_supplier_stock_product_uniq",
            "dist_edi_tolerance_is_limited",
            "dist_edi_tolerance_not_negative",
            "dist_edi_agreement_code_uniq",
            "dist_edi_counter_kind_uniq",
            "dist_edi_control_number_uniq",
        )
        self.env.cr.execute("SELECT conname FROM pg_constraint WHERE conname IN %s", (names,))
        self.assertEqual({row[0] for row in self.env.cr.fetchall()}, set(names))
        indexes = (
            "dist_edi_partner_address_uniq",
            "dist_edi_interchange_sent_uniq",
            "dist_edi_tolerance_subject_uniq",
            "dist_supplier_invoice_number_uniq",
            "dist_supplier_shipment_number_uniq",
        )
        self.env.cr.execute("SELECT indexname FROM pg_indexes WHERE indexname IN %s", (indexes,))
        self.assertEqual(len(self.env.cr.fetchall()), len(indexes))

    @mute_logger("odoo.sql_db")
    def test_a_number_is_used_once(self):
        """E6: whatever the code thinks."""
        vals = {"edi_partner_id": self.profile.id, "kind": "interchange", "number": 5, "cycle": 1}
        controls = self.env["dist.edi.control"]
        controls.create(vals)
        controls.create({**vals, "kind": "group"})
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            controls.create(vals)
