from contextlib import suppress

import psycopg2

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.tools import reading


@tagged("post_install", "-at_install")
class TestReading(TransactionCase):
    @mute_logger("odoo.sql_db")
    def _fail(self):
        with reading(self.env.cr):
            self.env.cr.execute("SELECT 1 / 0")

    def test_what_the_database_refuses(self):
        """M1: a question that the database refuses leaves the transaction as it was."""
        partner = self.env["res.partner"].create({"name": "Kept"})
        self.env.flush_all()
        with self.assertRaises(psycopg2.errors.DivisionByZero):
            self._fail()
        self.assertEqual(partner.search_count([("id", "=", partner.id)]), 1)

    def test_nothing_asked(self):
        """M1: where nothing is asked the database hears of nothing, also when the work fails."""
        before = self.env.cr.sql_log_count
        with reading(self.env.cr), reading(self.env.cr):
            pass
        with suppress(ValueError), reading(self.env.cr):
            raise ValueError
        self.assertEqual(self.env.cr.sql_log_count, before)
        self.assertNotIn("execute", vars(self.env.cr))

    def test_within_another(self):
        """M1: what fails inside spoils only the innermost; the one around it goes on."""
        with reading(self.env.cr):
            with self.assertRaises(psycopg2.errors.DivisionByZero):
                self._fail()
            self.env.cr.execute("SELECT 1")
            with self.assertRaises(psycopg2.errors.DivisionByZero):
                self._fail()
            self.env.cr.execute("SELECT 2")
            self.assertEqual(self.env.cr.fetchone(), (2,))
        self.assertNotIn("execute", vars(self.env.cr))
