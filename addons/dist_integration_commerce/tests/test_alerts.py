from odoo import Command
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestAlerts(CommerceCase):
    """What a shop waits for: the decision about its orders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["dist.alert.rule"].search([]).active = False
        cls.customer.write({"dist_blocked": True, "dist_block_reason": "Unpaid"})
        cls.place = cls.company.id, cls.system.id

    def _make_rule(self, **values):
        return self.env["dist.alert.rule"].create(
            {"name": "Held", "figure": "order_held", "threshold": 0, **values}
        )

    def _hold(self, hours, key=None):
        """:return: an order that has been on hold for hours"""
        response = self.submit(self.order(self.line(quantity="2")), key=key)
        self.assertEqual(response.status_code, 200, response.text)
        order = self.env["sale.order"].search([("name", "=", response.json_body["order"])])
        self.assertEqual(order.dist_state, "held")
        self.env.cr.execute(
            "UPDATE sale_order SET create_date = now() AT TIME ZONE 'UTC' - %s * interval '1 hour' WHERE id = %s",
            (hours, order.id),
        )
        self.env.invalidate_all()
        return order

    def _make_shop(self, code, company=None):
        """:return: (dist.system, key) of a shop that knows the customer"""
        system, _client, key = self.make_shop(code, company)
        self.make_channel(system)
        self.bind(self.customer, "C-1", system)
        if company:
            self.customer.with_company(company).write({"dist_blocked": True, "dist_block_reason": "Unpaid"})
        return system, key

    def test_order_held(self):
        """X3, C3: hours since the oldest order came that nobody has decided about."""
        rule = self._make_rule(threshold=4, system_id=self.system.id)
        self._check_breaches(rule, {})
        oldest, older, _fresh = self._hold(9), self._hold(5), self._hold(1)
        self._check_breaches(rule, {self.place: 9})
        oldest.action_dist_release()
        self._check_breaches(rule, {self.place: 5})
        older._action_cancel()
        self._check_breaches(rule, {})
        rule.threshold = 0.5
        self._check_breaches(rule, {self.place: 1})

    def test_each_shop_by_itself(self):
        """X3: an alert a shop, or the worst of all for the company; orders of no shop are not meant."""
        other, key = self._make_shop("SECOND")
        self._hold(9)
        self._hold(7, key)
        plain = self.env["sale.order"].create({"partner_id": self.customer.id})
        self.env.cr.execute("UPDATE sale_order SET create_date = '2020-01-01' WHERE id = %s", (plain.id,))
        found = self._make_rule()._get_breaches()
        self.assertAlmostEqual(found[self.place], 9, delta=0.1)
        self.assertAlmostEqual(found[self.company.id, other.id], 7, delta=0.1)
        by_company = self._make_rule(scope="company", company_id=self.company.id)
        self.assertLess(by_company._get_breaches()[self.company.id, self.company.id], 10_000)
        self.assertGreater(by_company._get_breaches()[self.company.id, self.company.id], 8.9)

    def test_other_company(self):
        """X3: another company's orders count for that company alone."""
        company = self.env["res.company"].create({"name": "Other"})
        system, key = self._make_shop("THEIRS", company)
        self._hold(9, key)
        self._check_breaches(self._make_rule(system_id=self.system.id), {})
        own = self._make_rule(company_id=self.company.id)
        self.assertNotIn((company.id, system.id), own._get_breaches())
        self._check_breaches(self._make_rule(company_id=company.id), {(company.id, system.id): 9})

    def test_raised_and_ended(self):
        """X3: the rule raises one alert that opens the orders behind it, and ends when they are decided."""
        rule = self._make_rule(threshold=4, system_id=self.system.id)
        orders = self._hold(9) | self._hold(8)
        released = self._hold(7)
        released.action_dist_release()
        self.env.flush_all()
        self.env["dist.alert.rule"]._cron_evaluate()
        self.env.invalidate_all()
        alert = rule.alert_ids
        self.assertEqual((len(alert), alert.state, alert.system_id), (1, "firing", self.system))
        action = alert.action_view_cause()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertLessEqual(orders, found)
        self.assertNotIn(released, found)
        orders.action_dist_release()
        self.env.flush_all()
        self.env["dist.alert.rule"]._cron_evaluate()
        self.env.invalidate_all()
        self.assertEqual(alert.state, "ended")

    # the value behind what waits

    def test_value_behind(self):
        """X4: orders behind messages that wait, each once, in the company's currency."""
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        for code in ("order.confirmed", "order.cancelled"):
            self._make_flow(self.system, code, endpoint_id=endpoint.id)
        self.customer.dist_blocked = False
        backlog = self.env["dist.backlog"]
        self.assertEqual(backlog._get_value_behind(endpoint.ids)["orders"], 0)
        _answer, order = self.submit_ok(self.order(self.line(quantity="3")))
        self._commit_events()
        order._action_cancel()
        self._commit_events()
        foreign = self.env["res.currency"].create(
            {"name": "XTS", "symbol": "x", "rate_ids": [Command.create({"name": "2000-01-01", "rate": 2.0})]}
        )
        pricelist = self.env["product.pricelist"].create({"name": "Foreign", "currency_id": foreign.id})
        abroad = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "pricelist_id": pricelist.id,
                "order_line": [
                    Command.create({"product_id": self.gloves.id, "product_uom_qty": 5, "price_unit": 8.0})
                ],
            }
        )
        abroad.dist_channel_id = self.channel
        abroad.action_confirm()
        self._commit_events()
        self.assertEqual((abroad.currency_id, abroad.currency_rate), (foreign, 2.0))
        messages = self.env["dist.message"].search([("endpoint_id", "=", endpoint.id)])
        self.assertEqual(len(messages.filtered(lambda message: message.res_id == order.id)), 2)
        self.env.flush_all()
        behind = backlog._get_value_behind(endpoint.ids)
        self.assertEqual((behind["orders"], behind["at_least"]), (2, False))
        self.assertAlmostEqual(behind["value"], order.amount_total + abroad.amount_total / 2, places=2)
        messages.filtered(lambda message: message.res_id == abroad.id).write({"state": "done"})
        self.env.flush_all()
        self.assertAlmostEqual(backlog._get_value_behind(endpoint.ids)["value"], order.amount_total, places=2)

    def _make_order_told_three_times(self):
        """:return: (sale.order, its messages about the order itself, the delivery and the invoice)"""
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        for code in ("order.confirmed", "order.shipped", "invoice.posted"):
            self._make_flow(self.system, code, endpoint_id=endpoint.id)
        self.customer.dist_blocked = False
        _answer, order = self.submit_ok(self.order(self.line(quantity="3")))
        self._commit_events()
        order.picking_ids.move_ids.picked = True
        order.picking_ids._action_done()
        self._commit_events()
        order._create_invoices().action_post()
        self._commit_events()
        messages = self.env["dist.message"].search([("endpoint_id", "=", endpoint.id)])
        self.assertEqual(set(messages.mapped("res_model")), {"sale.order", "stock.picking", "account.move"})
        return order, messages

    def test_value_behind_documents_of_one_order(self):
        """X4: an order whose confirmation, delivery and invoice all wait counts once."""
        order, messages = self._make_order_told_three_times()
        behind = self.env["dist.backlog"]._get_value_behind(messages.endpoint_id.ids)
        self.assertEqual((behind["orders"], behind["at_least"]), (1, False))
        self.assertAlmostEqual(behind["value"], order.amount_total, places=2)
        messages.filtered(lambda message: message.res_model == "sale.order").state = "done"
        self.env.flush_all()
        behind = self.env["dist.backlog"]._get_value_behind(messages.endpoint_id.ids)
        self.assertEqual(behind["orders"], 1)
        self.assertAlmostEqual(behind["value"], order.amount_total, places=2)

    def test_value_behind_an_invoice_of_no_order(self):
        """X4: an invoice that was written by hand counts with its own value."""
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        self._make_flow(self.system, "invoice.posted", endpoint_id=endpoint.id)
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "dist_channel_id": self.channel.id,
                "invoice_line_ids": [Command.create({"product_id": self.corn.id, "quantity": 2})],
            }
        )
        invoice.action_post()
        self._commit_events()
        self.env.flush_all()
        behind = self.env["dist.backlog"]._get_value_behind(endpoint.ids)
        self.assertEqual((behind["orders"], behind["at_least"]), (0, False))
        self.assertAlmostEqual(behind["value"], invoice.amount_total, places=2)

    def test_impact_of_documents_of_one_order(self):
        """X1: an exception that is about an order, its delivery and its invoice puts one order at risk."""
        order, messages = self._make_order_told_three_times()
        for first, model in enumerate(("sale.order", "stock.picking")):
            exception = self.env["dist.exception"].create(
                {"name": "Refused", "category": "delivery", "company_id": self.company.id}
            )
            messages[first:].exception_id = exception
            self.env.flush_all()
            impact = exception._get_impact()
            self.assertEqual(impact["orders"], 1, model)
            self.assertAlmostEqual(impact["value"], order.amount_total, places=2)
