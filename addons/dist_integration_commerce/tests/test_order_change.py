from odoo.tests import tagged

from .common import EventCase


@tagged("post_install", "-at_install")
class TestOrderChange(EventCase):
    """What a channel changes of an order it submitted, and cancels."""

    outbound = (*EventCase.outbound, "order.changed", "order.milestone")

    def change(self, reference, *lines, status=200, code=None, **values):
        body = {"reference": reference, **({"lines": list(lines)} if lines else {}), **values}
        return self.answer("/orders/changes", body, status, code)

    def cancel(self, reference, status=200, code=None, **values):
        return self.answer("/orders/cancellations", {"reference": reference, **values}, status, code)

    def answer(self, path, body, status, code):
        """:return: the answer; checked for its status and, for a refusal, its code"""
        response = self.call("POST", path, body)
        self.assertEqual(response.status_code, status, response.text)
        if code:
            self.assertEqual(response.json_body["code"], code)
        self.env.invalidate_all()
        return response.json_body

    def ordered(self, *lines, **values):
        """:return: (reference, sale.order)"""
        body = self.order(*lines, **values)
        _answer, order = self.submit_ok(body)
        self.sent()
        return body["reference"], order

    def release(self, order):
        """Have a warehouse outside work on what is open of an order."""
        pickings = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        pickings.write({"dist_release_state": "requested", "printed": True})
        return pickings

    # quantities and lines

    def test_more_and_less(self):
        """C4: more of one line, less of another; delivery, amounts and shop follow, lines that are not named stay."""
        reference, order = self.ordered(
            self.line("TEST-CORN", "10"), self.line("TEST-GLOVES", "6"), self.line("TEST-CORN", "1")
        )
        first, second, third = order.order_line.mapped("dist_line_ref")
        answer = self.change(reference, {"line": first, "quantity": "12"}, {"line": second, "quantity": "2"})
        self.assertEqual(answer["status"], "changed")
        quantities = {line["line"]: line["quantity"] for line in answer["lines"]}
        self.assertEqual(quantities, {first: "12", second: "2", third: "1"})
        self.assertEqual(answer["amount_untaxed"], "138.00")
        open_moves = order.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
        self.assertEqual(
            sum(open_moves.filtered(lambda move: move.product_id == self.corn).mapped("product_qty")), 13
        )
        self.assertEqual(
            sum(open_moves.filtered(lambda move: move.product_id == self.gloves).mapped("product_qty")), 2
        )
        ((code, data),) = self.sent()
        self.assertEqual((code, data["lines"][0]["quantity"]), ("order.changed", "12"))

    def test_rest_cancelled(self):
        """C4, W2: where a delivery is cancelled, but not its order, the shop learns that nothing more comes."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        picking = order.picking_ids
        picking.move_ids.write({"quantity": 4, "picked": True})
        picking.with_context(skip_backorder=True)._action_done()
        self.assertEqual([code for code, _data in self.sent()], ["order.shipped"])
        view = self.call("GET", f"/orders/{reference}").json_body["lines"][0]
        self.assertEqual((view["shipped_quantity"], view["open_quantity"]), ("4", "6"))
        (order.picking_ids - picking).action_cancel()
        ((code, data),) = self.sent()
        self.assertEqual((code, data["lines"][0]["quantity"]), ("order.changed", "10"))
        self.assertEqual(data["lines"][0]["open_quantity"], "0")
        view = self.call("GET", f"/orders/{reference}").json_body["lines"][0]
        self.assertEqual((view["shipped_quantity"], view["open_quantity"]), ("4", "0"))

    def test_given_up_and_added(self):
        """C4: a line is given up, another one is added in the shop's units."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"), self.line("TEST-GLOVES", "6"))
        first = order.order_line[0].dist_line_ref
        new = {"line": "NEW", "quantity": "1", "item": {"sku": "TEST-GLOVES"}, "unit": "DZ"}
        answer = self.change(reference, {"line": first, "quantity": "0"}, new)
        self.assertEqual([line["quantity"] for line in answer["lines"]], ["0", "6", "1"])
        moves = order.picking_ids.move_ids.filtered(lambda move: move.state != "cancel" and move.product_qty)
        self.assertEqual((moves.product_id, sum(moves.mapped("product_qty"))), (self.gloves, 18))

    def test_items_and_units_of_known_lines(self):
        """C4: an item that is named is compared, a quantity is counted in the unit that is named."""
        reference, order = self.ordered(self.line("TEST-GLOVES", "6"))
        line = {"line": order.order_line.dist_line_ref, "existing": True, "item": {"sku": "TEST-GLOVES"}}
        answer = self.change(reference, {**line, "quantity": "2", "unit": "DZ"})
        self.assertEqual([one["quantity"] for one in answer["lines"]], ["24"])

    def test_a_whole_order(self):
        """C4: where all lines are told, those that are missing are given up."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"), self.line("TEST-GLOVES", "6"))
        first = order.order_line[0].dist_line_ref
        answer = self.change(reference, {"line": first, "quantity": "9"}, complete=True)
        self.assertEqual([one["quantity"] for one in answer["lines"]], ["9", "0"])

    def test_prices(self):
        """C4, X1: a price is checked as that of a new order; who decides sees old and new."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        line = {"line": order.order_line.dist_line_ref, "unit_price": "9"}
        self.channel.price_policy = "contract"
        answer = self.change(reference, line)
        self.assertEqual([reason["code"] for reason in answer["reasons"]], ["contract_price_taken"])
        self.channel.price_policy = "refuse"
        line["unit_price"] = "8.5"
        problem = self.change(reference, line, status=409, code="order_change_refused")
        self.assertEqual(problem["errors"][0]["code"], "price_mismatch")
        exception = self.exceptions_of(order)
        self.assertIn("ordered 10 Units at 10, now 10 Units at 8.5", exception.detail)
        exception.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((order.order_line.price_unit, order.order_line.product_uom_qty), (8.5, 10))

    def test_days_of_lines(self):
        """C4: an order has one day; that of every line is its day, that of some is refused."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"), self.line("TEST-GLOVES", "6"))
        first, second = (
            {"line": ref, "requested_date": "2031-06-02"} for ref in order.order_line.mapped("dist_line_ref")
        )
        problem = self.change(reference, first, status=409, code="order_change_refused")
        self.assertEqual(problem["errors"][0]["code"], "line_date")
        self.change(reference, first, second)
        self.assertEqual(order.commitment_date.isoformat()[:10], "2031-06-02")

    def test_repeated_and_out_of_order(self):
        """C4, M5: the same again changes nothing; what is older than a change that was applied is refused."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        line = order.order_line.dist_line_ref
        later = {"line": line, "quantity": "7"}
        self.change(reference, later, changed_at="2031-05-13T10:00:00Z")
        self.change(reference, later, changed_at="2031-05-13T12:00:00+02:00")
        self.assertEqual(order.order_line.product_uom_qty, 7)
        earlier = {"line": line, "quantity": "8"}
        self.change(reference, earlier, changed_at="2031-05-13T09:59:59Z", status=409, code="change_outdated")
        self.assertEqual(order.order_line.product_uom_qty, 7)
        self.assertEqual(len(order.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")), 1)

    def test_date_and_address(self):
        """C4: another day and another address reach the delivery, and nobody is asked to bring them there."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        address = {"name": "Barn", "street": "Hill 1", "city": "Salem", "country": "US"}
        self.change(reference, requested_date="2031-06-02", delivery_address=address)
        picking = order.picking_ids
        self.assertEqual(order.commitment_date.isoformat()[:10], "2031-06-02")
        self.assertEqual(
            (picking.partner_id.street, picking.partner_id), ("Hill 1", order.partner_shipping_id)
        )
        self.assertFalse(picking.activity_ids)

    def test_people_change_orders_too(self):
        """C4: the shop hears of what a salesperson changes of a confirmed order, once a transaction, and not before."""
        _reference, order = self.ordered(self.line("TEST-CORN", "10"))
        order.order_line.product_uom_qty = 11
        order.order_line.product_uom_qty = 9
        order.note = "not told"
        told = self.sent()
        self.assertEqual(
            [(code, data["lines"][0]["quantity"]) for code, data in told], [("order.changed", "9")]
        )
        self.env["sale.order"].create({"partner_id": self.customer.id}).order_line = [
            (0, 0, {"product_id": self.corn.id})
        ]
        self.assertFalse(self.sent())

    # what stands against it

    def test_stock(self):
        """C4, X1: of what is added there has to be enough; a person may take it all the same, in one click."""
        self.channel.stock_policy = "partial"
        reference, order = self.ordered(self.line("TEST-GLOVES", "20"))
        line = {"line": order.order_line.dist_line_ref, "quantity": "40"}
        problem = self.change(reference, line, status=409, code="order_change_refused")
        self.assertEqual(problem["errors"][0]["code"], "insufficient_stock")
        self.assertEqual(problem["errors"][0]["pointer"], "/lines/0/quantity")
        self.assertEqual(order.order_line.product_uom_qty, 20)
        self.change(reference, {**line, "quantity": "30"})
        exception = self.exceptions_of(order)
        self.assertEqual((exception.code, exception.main_action), ("order_change_refused", "accept"))
        exception.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((exception.state, order.order_line.product_uom_qty), ("resolved", 40))

    def test_backorder(self):
        """C4: where the rest is shipped later, what is added is taken and the answer says so."""
        reference, order = self.ordered(self.line("TEST-GLOVES", "20"))
        answer = self.change(reference, {"line": order.order_line.dist_line_ref, "quantity": "40"})
        self.assertEqual([reason["code"] for reason in answer["reasons"]], ["backordered"])
        self.assertEqual(order.order_line.product_uom_qty, 40)

    def test_credit(self):
        """C4: what is added stays within the customer's credit limit; nothing of a refused change is kept."""
        self.channel.credit_check = True
        self.customer.credit_limit = 150.0
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        line = {"line": order.order_line.dist_line_ref, "quantity": "16"}
        problem = self.change(reference, line, status=409, code="order_change_refused")
        self.assertEqual(problem["errors"][0]["code"], "credit_limit")
        self.assertEqual(order.order_line.product_uom_qty, 10)
        self.assertEqual(sum(order.picking_ids.move_ids.mapped("product_qty")), 10)
        self.change(reference, {**line, "quantity": "15"})

    def test_quantity_rules(self):
        """C4: the channel's least quantity counts for the line as it will be."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        self.channel.minimum_quantity = 5
        line = {"line": order.order_line.dist_line_ref, "quantity": "4"}
        problem = self.change(reference, line, status=409, code="order_change_refused")
        self.assertEqual(problem["errors"][0]["code"], "minimum_quantity")
        self.change(reference, {**line, "quantity": "11"})

    def test_released(self):
        """C4, W1: what a warehouse works on is not given up, what goes beyond it can be; more is a new delivery."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        released = self.release(order)
        line = order.order_line.dist_line_ref
        problem = self.change(reference, {"line": line, "quantity": "9"}, status=409, code="change_too_late")
        self.assertEqual(problem["errors"][0]["code"], "line_released")
        self.change(reference, requested_date="2031-06-02", status=409, code="change_too_late")
        self.change(reference, {"line": line, "quantity": "14"})
        self.assertEqual(sum(released.move_ids.mapped("product_qty")), 10)
        self.change(reference, {"line": line, "quantity": "12"})
        self.assertEqual(sum(released.move_ids.mapped("product_qty")), 10)
        later = order.picking_ids - released
        self.assertEqual(
            sum(later.move_ids.filtered(lambda move: move.state != "cancel").mapped("product_qty")), 2
        )
        exception = self.exceptions_of(order)
        self.assertFalse(exception.can_accept_variance, "it is not Odoo's to decide")

    def test_shipped(self):
        """C4: what has shipped stays; what is left of it is given up by a change."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        self.deliver(order, 4)
        line = order.order_line.dist_line_ref
        self.change(reference, {"line": line, "quantity": "3"}, status=409, code="change_too_late")
        self.change(reference, {"line": line, "quantity": "4"})
        self.assertFalse(order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel")))

    def test_bad_input(self):
        """C4, M4: what does not fit is refused with its place, and changes nothing."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        line = order.order_line.dist_line_ref
        again = {"line": line, "quantity": "3"}
        self.change("NOBODY", again, status=404, code="unknown_order")
        self.change(reference, {"line": "99", "quantity": "1"}, status=422, code="unknown_line")
        self.change(reference, again, again, status=422, code="repeated_line")
        self.change(reference, {**again, "item": {"sku": "TEST-GLOVES"}}, status=422, code="line_exists")
        self.change(reference, {**again, "existing": True, "line": "9"}, status=422, code="unknown_line")
        self.change(reference, {"line": line}, status=422, code="invalid_message")
        self.change(reference, again, currency="SEK", status=422, code="currency_mismatch")
        self.change(reference, status=422, code="invalid_message")
        new = {"line": "N", "quantity": "1", "item": {"sku": "NO-SUCH"}}
        self.assertEqual(self.change(reference, new, status=202)["status"], "held")
        self.assertEqual(order.order_line.product_uom_qty, 10)
        _system, _client, key = self.make_shop("OTHER")
        body = {"reference": reference, "lines": [again]}
        self.assertEqual(self.call("POST", "/orders/changes", body, key=key).status_code, 404)

    def test_held_order(self):
        """C4: a held order is changed like any other, and stays held."""
        self.customer.dist_blocked = True
        body = self.order(self.line("TEST-CORN", "10"))
        _answer, order = self.submit_ok(body)
        self.sent()
        self.change(body["reference"], {"line": order.order_line.dist_line_ref, "quantity": "3"})
        self.assertEqual(
            (order.order_line.product_uom_qty, order.dist_state, order.state), (3, "held", "draft")
        )
        self.assertFalse(self.sent())

    # cancellation

    def test_cancel(self):
        """C4: an order is cancelled with its delivery; the goods are free; the shop hears of it once."""
        reference, order = self.ordered(self.line("TEST-GLOVES", "30"))
        answer = self.cancel(reference, reason="changed my mind")
        self.assertEqual(
            (answer["status"], order.state, order.picking_ids.state), ("cancelled", "cancel", "cancel")
        )
        self.assertEqual([code for code, _data in self.sent()], ["order.cancelled"])
        self.assertEqual(self.cancel(reference, reason="really")["status"], "cancelled")
        self.assertFalse(self.sent())
        self.assertIn("changed my mind", order.message_ids[0].body + order.message_ids[1].body)
        self.channel.stock_policy = "partial"
        self.submit_ok(self.order(self.line("TEST-GLOVES", "30")))
        self.change(
            reference,
            {"line": order.order_line.dist_line_ref, "quantity": "1"},
            status=409,
            code="order_is_cancelled",
        )

    def test_cancel_held(self):
        """C4, X1: a held order is cancelled, and its exception closes."""
        self.customer.dist_blocked = True
        body = self.order()
        _answer, order = self.submit_ok(body)
        self.cancel(body["reference"])
        self.assertEqual((order.state, self.exceptions_of(order).state), ("cancel", "resolved"))

    def test_cancel_released(self):
        """C4, W1, X1: with a warehouse it is not cancelled; a person agrees it there, and Retry goes on."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        released = self.release(order)
        self.cancel(reference, status=409, code="order_released")
        self.assertEqual((order.state, released.state), ("sale", "assigned"))
        exception = self.exceptions_of(order)
        self.assertIn(released.name, exception.detail)
        said = self.env["dist.message"].search(order.action_view_dist_messages()["domain"])
        self.assertIn(exception.dist_message_ids, said)
        released.action_cancel()
        self.env.flush_all()
        exception.action_retry()
        self.env.invalidate_all()
        self.assertEqual((order.state, exception.state), ("cancel", "resolved"))

    def test_what_is_agreed_first(self):
        """C4, X1: what the warehouse has to agree to is tried again afterwards, and the exception says so."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        self.release(order)
        line = {"line": order.order_line.dist_line_ref, "quantity": "9"}
        self.change(reference, line, status=409, code="change_too_late")
        self.cancel(reference, status=409, code="order_released")
        exceptions = self.exceptions_of(order)
        self.assertEqual(set(exceptions.mapped("code")), {"change_too_late", "order_released"})
        for exception in exceptions:
            with self.subTest(code=exception.code):
                self.assertEqual(exception.main_action, "retry")
                self.assertIn("Retry", exception.suggestion)

    def test_cancelled_by_hand_after_refusal(self):
        """C4, X1: once a person cancels what the shop could not, its cancellation is answered so and closes."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        self.release(order)
        self.cancel(reference, status=409, code="order_released")
        exception = self.exceptions_of(order)
        message = exception.dist_message_ids
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.env.flush_all()
        self.env["dist.message"]._job_process_inbox(message.criticality)
        self.env.invalidate_all()
        self.assertEqual((message.state, exception.state, order.state), ("done", "resolved", "cancel"))

    def test_cancel_too_late(self):
        """C4, X1: what has shipped, or is invoiced, is not cancelled by the shop."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        self.corn.invoice_policy = "order"
        order._create_invoices().action_post()
        self.cancel(reference, status=409, code="order_invoiced")
        self.deliver(order, 4)
        for reason in ("not wanted", "please"):
            self.cancel(reference, status=409, code="order_shipped", reason=reason)
        codes = sorted(self.exceptions_of(order).mapped("code"))
        self.assertEqual((codes, order.state), (["order_invoiced", "order_shipped"], "sale"))
        self.cancel("NOBODY", status=404, code="unknown_order")

    # milestones

    def test_milestones(self):
        """C4, W7: the shop hears where its shipment is, as the carrier says; the same again is not told."""
        reference, order = self.ordered(self.line("TEST-CORN", "10"))
        picking = self.deliver(order)
        picking.carrier_tracking_ref = "1Z999"
        self.sent()
        for number, status in enumerate(("in_transit", "delivered", "delivered")):
            milestone = self.env["dist.shipment.milestone"].create(
                {
                    "system_id": self.system.id,
                    "company_id": self.company.id,
                    "external_id": f"M-{number}",
                    "status": status,
                    "occurred_at": f"2031-05-1{number} 10:00:00",
                    "digest": "x",
                }
            )
            milestone._attach_to(picking)
            told = [(code, data["milestone"], data["shipment"]) for code, data in self.sent()]
            expected = [("order.milestone", status, picking.name)] if number < 2 else []
            self.assertEqual(told, expected)
