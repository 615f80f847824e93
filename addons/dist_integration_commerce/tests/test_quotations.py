from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import EventCase


@tagged("post_install", "-at_install")
class TestQuotations(EventCase):
    """C8: from an opportunity of the CRM to an order; nothing is reserved before it is ordered."""

    def quote(self, *lines, status=200, **values):
        """:return: (answer, sale.order, body)"""
        body = self.order(*(lines or [self.line("TEST-GLOVES", "30")]), opportunity="OPP-7", **values)
        response = self.call("POST", "/quotations", body)
        self.assertEqual(response.status_code, status, response.text)
        answer = response.json_body
        return answer, self.env["sale.order"].search([("name", "=", answer.get("order"))]), body

    def order_it(self, body, status=200):
        response = self.call("POST", "/quotations/orders", {"reference": body["reference"]})
        self.assertEqual(response.status_code, status, response.text)
        self.env.invalidate_all()
        return response.json_body

    def available(self, sku="TEST-GLOVES"):
        answer = self.call("POST", "/availability/query", {"skus": [sku]}).json_body
        return answer["items"][0]["available"]

    def test_nothing_is_reserved(self):
        """C8: a quotation has prices and no delivery; its goods are for sale to others, and it owes nothing."""
        self.channel.write({"stock_policy": "partial", "credit_check": True})
        self.customer.credit_limit = 150.0
        answer, order, body = self.quote(valid_until="2031-06-30")
        self.assertEqual((answer["status"], answer["valid_until"]), ("quoted", "2031-06-30"))
        self.assertEqual((answer["amount_total"], answer["lines"][0]["accepted_quantity"]), ("120.00", "30"))
        self.assertEqual(
            (order.state, order.dist_state, order.dist_opportunity_ref), ("draft", "quoted", "OPP-7")
        )
        self.assertFalse(order.picking_ids)
        self.assertEqual(self.available(), "30")
        self.assertFalse(self.sent())
        _answer, other = self.submit_ok(self.order(self.line("TEST-GLOVES", "30")))
        self.assertEqual((other.state, other.order_line.product_uom_qty), ("sale", 30))
        view = self.call("GET", f"/orders/{body['reference']}").json_body
        self.assertEqual(view["status"], "quotation")
        again = self.call("POST", "/quotations", body)
        self.assertEqual(again.json_body, answer)

    def test_ordered(self):
        """C8: once ordered, it is the order: at the quoted prices, confirmed, reserved, told, and once."""
        _answer, order, body = self.quote()
        self.gloves.list_price = 99.0
        answer = self.order_it(body)
        self.assertEqual((answer["status"], answer["amount_total"]), ("accepted", "120.00"))
        self.assertEqual(answer["order"], order.name)
        self.assertEqual((order.state, order.picking_ids.state), ("sale", "assigned"))
        self.assertEqual(self.available(), "0")
        self.assertEqual([code for code, _data in self.sent()], ["order.confirmed"])
        self.assertEqual(self.order_it(body), answer)
        self.assertEqual(
            self.call("POST", "/quotations/orders", {"reference": body["reference"]}).json_body, answer
        )
        self.assertFalse(self.sent())
        self.assertEqual(
            self.env["sale.order"].search_count([("dist_external_ref", "=", body["reference"])]), 1
        )

    def test_stock_is_checked_then(self):
        """C8, C3: what others bought in between is gone; the order takes what is left, or is refused."""
        self.channel.stock_policy = "partial"
        _answer, order, body = self.quote(self.line("TEST-GLOVES", "30"), self.line("TEST-CORN", "1"))
        _answer, second, other = self.quote()
        self.submit_ok(self.order(self.line("TEST-GLOVES", "25")))
        answer = self.order_it(body)
        self.assertEqual(
            (answer["status"], answer["lines"][0]["accepted_quantity"]), ("accepted_in_part", "5")
        )
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [5, 1])
        self.assertEqual(self.order_it(other, status=422)["errors"][0]["code"], "out_of_stock")
        self.assertEqual((second.state, second.dist_state), ("draft", "quoted"))

    def test_credit_is_checked_then(self):
        """C8, C3, X1: beyond the credit limit the order is held, and released by a person."""
        self.channel.credit_check = True
        self.customer.credit_limit = 100.0
        _answer, order, body = self.quote()
        self.assertEqual(order.dist_state, "quoted")
        self.assertEqual(self.order_it(body)["status"], "held")
        self.assertEqual((order.state, order.dist_state), ("draft", "held"))
        self.assertEqual(self.exceptions_of(order).code, "credit_limit")
        order.action_dist_release()
        self.assertEqual(order.state, "sale")

    def test_price_is_told(self):
        """C8: a price that differs is told with the quotation, which holds nothing up."""
        answer, order, _body = self.quote(self.line("TEST-CORN", "1", unit_price="8"))
        self.assertEqual((answer["status"], self.codes(answer)), ("quoted", ["price_mismatch"]))
        self.assertFalse(self.exceptions_of(order))

    def test_expired(self):
        """C8, X1: what is not good any more is refused, until a person accepts it in one click."""
        _answer, order, body = self.quote()
        order.validity_date = fields.Date.today() - timedelta(days=2)
        self.assertEqual(self.order_it(body, status=409)["code"], "quotation_expired")
        exception = self.exceptions_of(order)
        self.assertEqual(exception.main_action, "accept")
        exception.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((order.state, exception.state), ("sale", "resolved"))

    def test_ordered_by_a_person(self):
        """C8: a salesperson orders it with Confirm; the shop that orders it afterwards is answered so."""
        _answer, order, body = self.quote()
        order.action_confirm()
        self.assertEqual([code for code, _data in self.sent()], ["order.confirmed"])
        self.assertEqual(self.order_it(body)["status"], "accepted")
        self.assertEqual(len(order.picking_ids), 1)

    def test_changed_and_cancelled(self):
        """C8, C4: a quotation is changed and cancelled like an order, and takes no goods for it."""
        self.channel.stock_policy = "partial"
        _answer, order, body = self.quote()
        change = {
            "reference": body["reference"],
            "lines": [{"line": body["lines"][0]["line"], "quantity": "99"}],
        }
        self.assertEqual(self.call("POST", "/orders/changes", change).status_code, 200)
        self.assertEqual(order.order_line.product_uom_qty, 99)
        self.call("POST", "/orders/cancellations", {"reference": body["reference"]})
        self.env.invalidate_all()
        self.assertEqual(order.state, "cancel")
        self.assertEqual(self.order_it(body, status=409)["code"], "order_is_cancelled")

    def test_bad_input(self):
        """C8, M4: unknown quotations, and one number for two of them, are refused."""
        self.assertEqual(self.order_it({"reference": "NOBODY"}, status=404)["code"], "unknown_order")
        _answer, _order, body = self.quote()
        response = self.call("POST", "/quotations", {**body, "note": "another"})
        self.assertEqual((response.status_code, response.json_body["code"]), (409, "duplicate_order"))
        _answer, order, plain = self.quote(self.line("TEST-CORN"))
        _taken, taken = self.submit_ok(self.order())
        answer = self.order_it({"reference": taken.dist_external_ref})
        self.assertEqual((answer["status"], answer["order"]), ("accepted", taken.name))
        self.quote(self.line("NO-SUCH"), status=202)
