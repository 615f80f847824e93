from datetime import timedelta

from odoo.tests import tagged

from .common import EventCase


@tagged("post_install", "-at_install")
class TestReturns(EventCase):
    """C6: a return is asked for, authorised, received with what becomes of it, and credited."""

    outbound = (*EventCase.outbound, "return.received")

    def setUp(self):
        super().setUp()
        self.channel.return_policy = "authorise"
        body = self.order(self.line("TEST-CORN", "10"), self.line("TEST-GLOVES", "1", unit="DZ"))
        self.corn.invoice_policy = self.gloves.invoice_policy = "delivery"
        _answer, self.sold = self.submit_ok(body)
        self.reference = body["reference"]
        self.deliver(self.sold)
        self.first, self.second = self.sold.order_line.mapped("dist_line_ref")
        self.sent()

    def ask(self, *lines, number="RMA-1", status=200, code=None, **values):
        body = {"return": number, "reference": self.reference, "lines": list(lines), **values}
        response = self.call("POST", "/returns", body)
        self.assertEqual(response.status_code, status, response.text)
        if code:
            self.assertEqual(response.json_body["code"], code)
        self.env.invalidate_all()
        return response.json_body

    def find(self, number="RMA-1"):
        return self.env["stock.picking"].search([("dist_return_ref", "=", number)])

    def receive(self, picking, quantity=None):
        for move in picking.move_ids:
            move.write({"quantity": quantity or move.product_uom_qty, "picked": True})
        picking._action_done()

    def invoice(self):
        invoice = self.sold._create_invoices()
        invoice.action_post()
        self.sent()
        return invoice

    def test_from_request_to_credit(self):
        """C6, C7: authorised at once, expected by the warehouse, received, told, credited for what came back."""
        invoice = self.invoice()
        answer = self.ask({"line": self.first, "quantity": "4", "reason": "too much"}, note="On Monday")
        picking = self.find()
        self.assertEqual((answer["status"], answer["returns"]), ("authorised", [picking.name]))
        self.assertEqual((picking.state, picking.move_ids.product_uom_qty), ("assigned", 4))
        self.assertEqual(picking.move_ids.product_id, self.corn)
        self.assertIn("too much", picking.message_ids[0].body)
        self.channel.return_credit = "post"
        self.receive(picking, 3)
        note = self.sold.invoice_ids - invoice
        self.assertEqual((note.move_type, note.state, note.amount_total), ("out_refund", "posted", 30))
        self.assertEqual((note.reversed_entry_id, note.dist_channel_id), (invoice, self.channel))
        self.assertEqual(self.sold.order_line[0].qty_delivered, 7)
        told = self.sent()
        self.assertEqual(told[0][0], "return.received")
        self.assertIn(note.name, [data["number"] for code, data in told if code == "invoice.posted"])
        line = {"line": self.first, "sku": "TEST-CORN", "quantity": "3", "unit": "Units"}
        self.assertEqual((told[0][1]["return"], told[0][1]["lines"]), ("RMA-1", [line]))

    def test_repeated(self):
        """C6, M5: the same return again is the same; another one under its number is refused."""
        line = {"line": self.first, "quantity": "4"}
        answer = self.ask(line)
        response = self.call(
            "POST",
            "/returns",
            {"return": "RMA-1", "reference": self.reference, "lines": [line]},
            headers={"Idempotency_Key": "another"},
        )
        self.assertEqual(response.json_body, answer)
        self.assertEqual(len(self.find()), 1)
        self.ask({**line, "quantity": "5"}, status=409, code="return_differs")

    def test_no_more_than_shipped(self):
        """C6: what was announced or came back before counts; units are those of the order's line."""
        self.ask({"line": self.first, "quantity": "6"})
        problem = self.ask(
            {"line": self.first, "quantity": "5"}, number="RMA-2", status=422, code="more_than_shipped"
        )
        self.assertIn("4 of 5", problem["detail"])
        self.receive(self.find())
        self.ask({"line": self.first, "quantity": "5"}, number="RMA-2", status=422, code="more_than_shipped")
        self.ask({"line": self.first, "quantity": "4"}, number="RMA-2")
        self.ask({"line": self.second, "quantity": "1"}, number="RMA-3")
        self.assertEqual(self.find("RMA-3").move_ids.product_qty, 12)
        self.find("RMA-2").action_cancel()
        self.ask({"line": self.first, "quantity": "4"}, number="RMA-4")

    def test_of_several_shipments(self):
        """C6: what left in parts comes back to where each part left, under one number."""
        body = self.order(self.line("TEST-CORN", "10"))
        _answer, self.sold = self.submit_ok(body)
        self.reference = body["reference"]
        self.deliver(self.sold, 6)
        self.deliver(self.sold)
        self.sent()
        answer = self.ask({"line": body["lines"][0]["line"], "quantity": "8"}, number="RMA-P")
        returns = self.find("RMA-P").sorted("id")
        self.assertEqual(answer["returns"], returns.mapped("name"))
        self.assertEqual(returns.move_ids.mapped("product_uom_qty"), [6, 2])

    def test_a_person_decides(self):
        """C6, X1: where a person decides the return waits, and is authorised in one click, or ignored with a reason."""
        self.channel.return_policy = "ask"
        self.assertEqual(self.ask({"line": self.first, "quantity": "4"}, status=202)["status"], "held")
        self.assertFalse(self.find())
        exception = self.exceptions_of(self.sold)
        self.assertEqual((exception.code, exception.main_action), ("return_to_decide", "accept"))
        exception.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((self.find().state, exception.state), ("assigned", "resolved"))

    def test_too_late(self):
        """C6: after the days to return a person decides."""
        self.channel.return_days = 14
        self.ask({"line": self.first, "quantity": "1"})
        shipment = self.sold.picking_ids.filtered(lambda picking: picking.picking_type_code == "outgoing")
        shipment.date_done -= timedelta(days=15)
        self.ask({"line": self.first, "quantity": "1"}, number="RMA-2", status=202)
        self.assertEqual(self.exceptions_of(self.sold).code, "return_too_late")

    def test_credit_by_invoicing(self):
        """C6: only what was invoiced is credited, once, whether as ordered or as shipped."""
        self.ask({"line": self.first, "quantity": "4"})
        self.receive(self.find())
        self.assertFalse(self.sold.invoice_ids, "the invoice will be of 6")
        self.corn.invoice_policy = "order"
        self.invoice()
        self.ask({"line": self.first, "quantity": "2"}, number="RMA-2")
        self.receive(self.find("RMA-2"))
        note = self.sold.invoice_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual((note.state, note.invoice_line_ids.quantity), ("draft", 2))
        self.channel.return_credit = "manual"
        self.ask({"line": self.first, "quantity": "2"}, number="RMA-3")
        self.receive(self.find("RMA-3"))
        self.assertEqual(len(self.sold.invoice_ids), 2)

    def test_credit_fails(self):
        """C6, X1: goods that came back are in stock, whatever stands against their credit; a person is told."""
        self.invoice()
        self.ask({"line": self.first, "quantity": "4"})
        self.channel.return_credit = "post"
        self.env["account.journal"].search([("type", "=", "sale")]).active = False
        picking = self.find()
        self.receive(picking)
        self.assertEqual(picking.state, "done")
        self.assertEqual(self.exceptions_of(self.sold).code, "return_not_credited")

    # claims

    def test_claim(self):
        """C6, X1: a claim for goods that do not come back is a person's to decide, then credited once."""
        invoice = self.invoice()
        line = {"line": self.first, "quantity": "2", "reason": "broken"}
        self.ask(line, keep=True, status=202)
        self.assertEqual(self.sold.invoice_ids, invoice)
        exception = self.exceptions_of(self.sold)
        self.assertEqual((exception.code, exception.main_action), ("claim_to_decide", "accept"))
        exception.action_accept_variance()
        self.env.invalidate_all()
        note = self.sold.invoice_ids - invoice
        self.assertEqual((note.state, note.amount_total, exception.state), ("draft", 20, "resolved"))
        self.assertIn("broken", note.message_ids.mapped("body")[0])
        body = {"return": "RMA-1", "reference": self.reference, "lines": [line], "keep": True}
        answer = self.call("POST", "/returns", body, headers={"Idempotency_Key": "another"}).json_body
        self.assertEqual((answer["status"], answer["returns"]), ("credited", []))
        self.assertEqual(len(self.sold.invoice_ids), 2)
        self.assertFalse(self.find())

    def test_claim_credited_elsewhere(self):
        """G1, C6: where another system makes invoices and credit notes, a claim of the channel is refused."""
        self.invoice()
        row = self.env["dist.ownership"].search(
            [("group_id.full_code", "=", "invoice.document"), ("company_id", "=", self.company.id)]
        )
        row.write({"owner": "odoo", "new_record_policy": "owner", "conflict_policy": "refuse"})
        line = {"line": self.first, "quantity": "2"}
        problem = self.ask(line, keep=True, status=409, code="owned_elsewhere")
        self.assertEqual(problem["errors"][0]["pointer"], "/lines")
        self.ask(line)
        self.assertTrue(self.find(), "goods that come back are no credit")

    def test_claim_of_too_much(self):
        """C6, M4: no more is claimed than was invoiced and is not credited."""
        line = {"line": self.first, "quantity": "2"}
        self.ask(line, keep=True, status=422, code="more_than_invoiced")
        self.invoice()
        self.ask({**line, "quantity": "11"}, keep=True, status=422, code="more_than_invoiced", number="RMA-2")

    def test_bad_input(self):
        """C6, M4: unknown orders, lines, and what never shipped are refused with their place."""
        problem = self.ask({"line": "99", "quantity": "1"}, status=422, code="unknown_line")
        self.assertEqual(problem["errors"][0]["pointer"], "/lines/0/line")
        self.ask(status=422, code="invalid_message")
        self.ask({"line": self.first, "quantity": "0"}, status=422, code="invalid_message")
        self.reference = "NOBODY"
        self.ask({"line": self.first, "quantity": "1"}, status=404, code="unknown_order")
        body = self.order(self.line("TEST-CORN", "1"))
        self.submit_ok(body)
        self.reference = body["reference"]
        line = {"line": body["lines"][0]["line"], "quantity": "1"}
        self.ask(line, status=422, code="more_than_shipped")

    def test_another_shop(self):
        """C6, G8: nobody returns what another one sold."""
        _system, _client, key = self.make_shop("OTHER")
        body = {"return": "R", "reference": self.reference, "lines": [{"line": self.first, "quantity": "1"}]}
        self.assertEqual(self.call("POST", "/returns", body, key=key).status_code, 404)
