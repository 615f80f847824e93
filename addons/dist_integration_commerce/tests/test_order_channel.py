from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderChannel(CommerceCase):
    def test_one_of_several(self):
        """C3: a system with several channels names the one it means."""
        wholesale = self.make_channel(self.system, code="B2B", name="Wholesale")
        problem, errors = self.submit_refused(self.order())
        self.assertEqual(problem["code"], "channel_missing")
        self.assertEqual(errors, {"channel_missing": "/channel"})
        self.assertIn("B2B, WEB", problem["detail"].replace("WEB, B2B", "B2B, WEB"))
        _answer, order = self.submit_ok(self.order(channel="B2B"))
        self.assertEqual(order.dist_channel_id, wholesale)

    def test_unknown_channel(self):
        """C3: a channel of nobody, or of another system, is not known."""
        other_system, _client, _key = self.make_shop("OTHER")
        self.make_channel(other_system, code="B2B")
        for code in ("NOPE", "B2B"):
            with self.subTest(code=code):
                _problem, errors = self.submit_refused(self.order(channel=code))
                self.assertEqual(errors, {"unknown_channel": "/channel"})

    def test_no_channel(self):
        """C3: before a channel exists orders are refused, and somebody here is told."""
        _system, _client, key = self.make_shop("NEWSHOP")
        problem, _errors = self.submit_refused(self.order(), key=key)
        self.assertEqual(problem["code"], "no_channel")
        exception = self.env["dist.exception"].search([("code", "=", "no_channel")])
        self.assertEqual(exception.severity, "high")
        self.assertTrue(exception.suggestion)

    def test_archived_channel(self):
        """C3: an archived channel takes no orders."""
        self.channel.active = False
        problem, _errors = self.submit_refused(self.order())
        self.assertEqual(problem["code"], "no_channel")

    def test_sales_team(self):
        """C3: orders belong to the sales team of the channel."""
        team = self.env["crm.team"].create({"name": "Web team", "company_id": False})
        self.channel.team_id = team
        _answer, order = self.submit_ok(self.order())
        self.assertEqual(order.team_id, team)

    def test_constraints_exist(self):
        """C3: the database keeps a channel's settings sane."""
        for values in (
            {"price_tolerance": -1},
            {"safety_buffer": -1},
            {"minimum_amount": -1},
            {"minimum_quantity": -1},
        ):
            with self.subTest(values=values), self.assertRaises(IntegrityError):
                with mute_logger("odoo.sql_db"), self.cr.savepoint():
                    self.channel.write(values)
                    self.channel.flush_recordset()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.make_channel(self.system)

    def test_counts_and_buttons(self):
        """C3: the channel shows its orders, and how many of them are held."""
        self.submit_ok(self.order())
        self.customer.dist_blocked = True
        _answer, held = self.submit_ok(self.order())
        self.assertEqual(self.channel.order_count, 2)
        self.assertEqual(self.channel.held_order_count, 1)
        orders = self.env["sale.order"]
        self.assertEqual(len(orders.search(self.channel.action_view_orders()["domain"])), 2)
        self.assertEqual(orders.search(self.channel.action_view_held_orders()["domain"]), held)
