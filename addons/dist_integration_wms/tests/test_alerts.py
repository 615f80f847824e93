from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestAlerts(WmsCase):
    """What a warehouse owes: an answer, and the goods."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["dist.alert.rule"].search([]).active = False
        cls._put(cls.tape, 100)
        cls.place = cls.env.company.id, cls.system.id

    def _make_rule(self, figure, threshold=0, **values):
        return self.env["dist.alert.rule"].create(
            {"name": figure, "figure": figure, "threshold": threshold, **values}
        )

    def _ago(self, hours):
        return fields.Datetime.now() - timedelta(hours=hours)

    def _ask(self, hours, **values):
        """:return: a delivery that was asked for hours ago"""
        picking = self._sell((self.tape, 1), **values)
        self.assertEqual(picking.dist_release_state, "requested")
        self._get_events(picking).write({"occurred_at": self._ago(hours)})
        return picking

    def _expect(self, hours, **values):
        """:return: a receipt that was due hours ago"""
        picking = self._buy((self.tape, 1), **values)
        self.assertEqual(picking.dist_release_state, "requested")
        picking.scheduled_date = self._ago(hours)
        return picking

    def _make_elsewhere(self):
        """:return: (company, its system, its warehouse with goods)"""
        company = self.env["res.company"].create({"name": "Other"})
        system, _client, _key = self._make_wms("Elsewhere", company_id=company.id)
        warehouse = self._make_warehouse(system, "Elsewhere", "ELSE")
        self._put(self.tape, 100, warehouse.lot_stock_id)
        return company, system, warehouse

    def test_unacknowledged(self):
        """X3, W1: hours since the oldest transfer that the warehouse neither accepted nor refused."""
        rule = self._make_rule("unacknowledged", 4, system_id=self.system.id)
        oldest, older, _fresh = self._ask(9), self._ask(5), self._ask(1)
        self._check_breaches(rule, {self.place: 9})
        oldest.dist_release_state = "acknowledged"
        self._check_breaches(rule, {self.place: 5})
        older.dist_release_state = "refused"
        self._check_breaches(rule, {})
        rule.threshold = 0.5
        self._check_breaches(rule, {self.place: 1})

    def test_asked_again(self):
        """X3, W1: the clock runs from the last time it was asked."""
        rule = self._make_rule("unacknowledged", system_id=self.system.id)
        picking = self._ask(9)
        again = {"uuid": "evt_again", "sequence": 99, "state": "recorded", "occurred_at": self._ago(2)}
        self._get_events(picking)[:1].copy(again)
        self._check_breaches(rule, {self.place: 2})

    def test_settled_transfers(self):
        """X3: what is done, cancelled or handled in Odoo itself is not waited for."""
        rule = self._make_rule("unacknowledged", system_id=self.system.id)
        done, cancelled = self._ask(9), self._ask(9)
        done.move_ids.write({"quantity": 1, "picked": True})
        done._action_done()
        cancelled.action_cancel()
        own = self._make_warehouse(self.system, "Own", "OWN", dist_system_id=False)
        self._put(self.tape, 10, own.lot_stock_id)
        self._sell((self.tape, 1), warehouse=own)
        self._check_breaches(rule, {})

    def test_receipt_late(self):
        """X3, W3: hours since the most overdue goods were expected, answered or not; deliveries are not meant."""
        rule = self._make_rule("receipt_late", 24, system_id=self.system.id)
        first, second = self._expect(40), self._expect(30)
        self._expect(-40)
        self._ask(1).scheduled_date = self._ago(99)
        self._check_breaches(rule, {self.place: 40})
        first.dist_release_state = "acknowledged"
        self._check_breaches(rule, {self.place: 40})
        first.move_ids.write({"quantity": 1, "picked": True})
        first._action_done()
        self._check_breaches(rule, {self.place: 30})
        second.action_cancel()
        self._check_breaches(rule, {})

    def test_each_system_by_itself(self):
        """X3: an alert a system, or the worst of all for the company."""
        other, _client, _key = self._make_wms("Southside")
        south = self._make_warehouse(other, "Southside", "SSIDE")
        self._put(self.tape, 100, south.lot_stock_id)
        self._ask(9)
        self._ask(7, warehouse=south)
        by_system = self._make_rule("unacknowledged")
        company = self.env.company.id
        self.env.flush_all()
        found = by_system._get_breaches()
        self.assertAlmostEqual(found[self.place], 9, delta=0.1)
        self.assertAlmostEqual(found[company, other.id], 7, delta=0.1)
        self._check_breaches(self._make_rule("unacknowledged", system_id=other.id), {(company, other.id): 7})
        by_company = self._make_rule("unacknowledged", scope="company", company_id=company)
        self.assertGreaterEqual(by_company._get_breaches()[company, company], 8.9)

    def test_other_company(self):
        """X3: another company's transfers count for that company alone."""
        company, system, warehouse = self._make_elsewhere()
        values = {"warehouse": warehouse, "company_id": company.id}
        self._ask(9, **values)
        self._expect(40, **values)
        for figure, hours in (("unacknowledged", 9), ("receipt_late", 40)):
            with self.subTest(figure):
                self._check_breaches(self._make_rule(figure, system_id=self.system.id), {})
                own = self._make_rule(figure, company_id=self.env.company.id)
                self.assertNotIn((company.id, system.id), own._get_breaches())
                theirs = self._make_rule(figure, company_id=company.id)
                self._check_breaches(theirs, {(company.id, system.id): hours})

    def test_raised_and_ended(self):
        """X3: the rule raises one alert that opens the transfers behind it, and ends when the warehouse answers."""
        rules = self._make_rule("unacknowledged", 4, system_id=self.system.id)
        rules += self._make_rule("receipt_late", 24, system_id=self.system.id)
        delivery, receipt = self._ask(9), self._expect(40)
        self.env.flush_all()
        self.env["dist.alert.rule"]._cron_evaluate()
        self.env.invalidate_all()
        alerts = rules[0].alert_ids + rules[1].alert_ids
        self.assertEqual(alerts.mapped("state"), ["firing", "firing"])
        for alert, picking in zip(alerts, (delivery, receipt), strict=True):
            action = alert.action_view_cause()
            self.assertIn(picking, self.env[action["res_model"]].search(action["domain"]))
        action = alerts[1].action_view_cause()
        self.assertNotIn(delivery, self.env[action["res_model"]].search(action["domain"]))
        (delivery | receipt).write({"dist_release_state": "refused"})
        self.env.flush_all()
        self.env["dist.alert.rule"]._cron_evaluate()
        self.env.invalidate_all()
        self.assertEqual(alerts.mapped("state"), ["ended", "ended"])

    # the value behind what waits

    def _get_behind(self):
        endpoint = self.env["dist.endpoint"].search([("system_id", "=", self.system.id)])
        self.env.flush_all()
        return self.env["dist.backlog"]._get_value_behind(endpoint.ids)

    def test_value_behind(self):
        """X4: orders behind messages that wait, each once, in the company's currency."""
        self.assertEqual((self._get_behind()["orders"], self._get_behind()["value"]), (0, 0))
        sale = self._sell((self.tape, 4), (self.glove, 2)).sale_id
        if len(sale.picking_ids) == 1:
            # a second transfer of the same order
            sale.order_line[:1].product_uom_qty = 6
            self._commit_events()
        foreign = self.env["res.currency"].create(
            {"name": "XTS", "symbol": "x", "rate_ids": [(0, 0, {"name": "2000-01-01", "rate": 2.0})]}
        )
        purchase = self._buy((self.tape, 3), currency_id=foreign.id).purchase_id
        self.assertAlmostEqual(purchase.currency_rate, 2.0)
        behind = self._get_behind()
        self.assertEqual((behind["orders"], behind["at_least"]), (2, False))
        self.assertAlmostEqual(behind["value"], sale.amount_total + purchase.amount_total / 2, places=2)
        messages = self.env["dist.message"].search(
            [("system_id", "=", self.system.id), ("state", "=", "pending"), ("direction", "=", "out")]
        )
        messages.filtered(lambda message: message.res_id in sale.picking_ids.ids).write({"state": "done"})
        behind = self._get_behind()
        self.assertEqual(behind["orders"], 1)
        self.assertAlmostEqual(behind["value"], purchase.amount_total / 2, places=2)
