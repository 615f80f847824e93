import psycopg2

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestConstraints(WmsCase):
    def test_exist(self):
        """M5: the rules that the database keeps are there."""
        self.env.cr.execute(
            "SELECT conname FROM pg_constraint WHERE conname IN %s",
            (
                (
                    "dist_warehouse_confirmation_external_uniq",
                    "stock_warehouse_dist_over_receipt_positive",
                    "stock_warehouse_dist_over_shipment_positive",
                    "dist_release_wave_cutoff_uniq",
                    "dist_release_cutoff_hour_range",
                    "dist_release_cutoff_hour_uniq",
                    "dist_release_request_name_uniq",
                    "dist_shipment_milestone_external_uniq",
                    "stock_warehouse_dist_lost_after_positive",
                ),
            ),
        )
        self.assertEqual(len(self.env.cr.fetchall()), 9)

    @mute_logger("odoo.sql_db")
    def test_confirmation_once(self):
        """M5: a number of a warehouse is applied once, whatever the code thinks."""
        vals = {
            "system_id": self.system.id,
            "company_id": self.env.company.id,
            "kind": "shipment",
            "external_id": "C-1",
            "digest": "x",
        }
        confirmations = self.env["dist.warehouse.confirmation"]
        confirmations.create(vals)
        confirmations.create({**vals, "kind": "receipt"})
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            confirmations.create(vals)

    @mute_logger("odoo.sql_db")
    def test_tolerance(self):
        """W3: the tolerance is not negative."""
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            self.warehouse.dist_over_receipt_percent = -1
            self.env.flush_all()

    def test_companies(self):
        """Multi-company: a warehouse is run by a system of its own company."""
        other = self.env["res.company"].create({"name": "Other"})
        system = self.env["dist.system"].create({"name": "Theirs", "code": "theirs", "company_id": other.id})
        with self.assertRaises(UserError):
            self.warehouse.dist_system_id = system

    def test_copy(self):
        """W1: a copy of a released delivery starts anew."""
        self._put(self.tape, 10)
        copy = self._sell((self.tape, 1)).copy()
        self.assertEqual((copy.dist_release_state, copy.dist_release_ref), ("not_released", False))
        self.assertFalse(copy.move_ids.dist_line_ref)
