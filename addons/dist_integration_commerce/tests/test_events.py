import json

from odoo.tests import tagged

from .common import EventCase


@tagged("post_install", "-at_install")
class TestEvents(EventCase):
    def test_a_person_of_an_order_is_erased(self):
        """G6: messages of a contact's documents are found without an identifier, and others by name and street; prices
        stay, and what was erased is not sent again.
        """
        street = {"street": "7 Harrow Lane", "city": "Salem", "country": "US"}
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self.bind(stranger, "C-2")
        _answer, other = self.submit_ok(
            self.order(customer={"external_id": "C-2"}, delivery_address={"name": "Zelda Quux", **street})
        )
        self.customer.write({"name": "Zelda Quux", "street": "7 Harrow Lane"})
        _answer, order = self.submit_ok(self.order(self.line(unit_price="10")))
        self.sent()
        messages, named = self.messages_of(order), self.messages_of(other)
        (messages | named).filtered(lambda message: message.direction == "out").write({"state": "done"})
        confirmed = messages.filtered(lambda message: message.message_type_id.code == "order.confirmed")
        self.assertIn("Zelda Quux", confirmed.event_id.payload)
        wizard = self.env["dist.personal.erase"].create({"partner_id": self.customer.id, "reason": "Request"})
        self.assertNotIn("Zelda", wizard.identifiers or "")
        wizard.action_search()
        self.assertLessEqual(messages, wizard.message_ids)
        wizard.action_erase()
        self.env.invalidate_all()
        submitted = named.filtered(lambda message: message.direction == "in")
        self.assertIn(submitted, wizard.message_ids)
        self.assertNotIn("Zelda", confirmed.event_id.payload)
        self.assertNotIn("Harrow", submitted._get_raw().decode())
        received = messages.filtered(lambda message: message.direction == "in")._get_raw().decode()
        self.assertEqual(json.loads(received)["lines"][0]["unit_price"], "10")
        replay = self.env["dist.replay"].browse(confirmed.action_replay()["res_id"])
        self.assertEqual((replay.item_ids.expected, replay.item_ids.refusal), ("refused", "erased"))

    def test_confirmed(self):
        """M1, C3: a taken order is told with its lines, once."""
        body = self.order(self.line(quantity="5"), self.line("TEST-GLOVES", "1", unit="DZ"))
        answer, _order = self.submit_ok(body)
        ((code, data),) = self.sent()
        self.assertEqual(code, "order.confirmed")
        self.assertEqual(data["reference"], body["reference"])
        self.assertEqual(data["order"], answer["order"])
        self.assertEqual(data["status"], "confirmed")
        self.assertEqual([line["line"] for line in data["lines"]], [line["line"] for line in body["lines"]])
        self.assertEqual(data["lines"][1]["unit"], "Dozens")
        self.assertEqual(data["amount_total"], answer["amount_total"])

    def test_held_released_cancelled(self):
        """M1, C3: hold, release and cancellation are told as they happen."""
        self.customer.write({"dist_blocked": True, "dist_block_reason": "Unpaid"})
        _answer, order = self.submit_ok(self.order())
        ((code, data),) = self.sent()
        self.assertEqual((code, data["hold_reason"]), ("order.held", "Unpaid"))
        order.action_dist_release()
        self.assertIn("Unpaid", self._assert_told(order, "overridden").reason)
        self.assertEqual([code for code, _data in self.sent()], ["order.confirmed"])
        order._action_cancel()
        ((code, data),) = self.sent()
        self.assertEqual((code, data["status"]), ("order.cancelled", "cancelled"))

    def test_refused_tells_nothing(self):
        """M1: what was rolled back is not told."""
        self.submit_refused(self.order(customer={"external_id": "NOBODY"}))
        self.assertEqual(self.sent(), [])

    def test_confirmed_and_cancelled_at_once(self):
        """M1: within one transaction only the final state is told."""
        _answer, order = self.submit_ok(self.order())
        self.sent()
        order._action_cancel()
        order.action_draft()
        order.action_confirm()
        self.assertEqual([code for code, _data in self.sent()], ["order.confirmed"])

    def test_shipped(self):
        """M1, C3: each delivery is told with lines, lots, packages and tracking."""
        lotted = self.make_product("TEST-LOT", 0, tracking="lot")
        lot = self.env["stock.lot"].create(
            {"name": "L-1", "product_id": lotted.id, "company_id": self.company.id}
        )
        self.env["stock.quant"]._update_available_quantity(
            lotted, self.warehouse.lot_stock_id, 10, lot_id=lot
        )
        _answer, order = self.submit_ok(self.order(self.line(quantity="5"), self.line("TEST-LOT", "2")))
        self.sent()
        picking = order.picking_ids
        picking.carrier_tracking_ref = "TRACK-7"
        for move in picking.move_ids:
            move.picked = True
        first = picking.move_line_ids[0]
        first.result_package_id = self.env["stock.quant.package"].create(
            {"name": "BOX-1", "shipping_weight": 2.5}
        )
        picking._action_done()
        ((code, data),) = self.sent()
        self.assertEqual(code, "order.shipped")
        self.assertTrue(data["complete"])
        self.assertEqual(data["tracking"], "TRACK-7")
        self.assertEqual(data["shipment"], picking.name)
        self.assertEqual(
            [(line["sku"], line["quantity"]) for line in data["lines"]],
            [("TEST-CORN", "5"), ("TEST-LOT", "2")],
        )
        self.assertEqual(data["lines"][1]["lots"], ["L-1"])
        (package,) = data["packages"]
        self.assertEqual((package["package"], package["weight"]), ("BOX-1", "2.5"))
        self.assertEqual(package["contents"][0]["quantity"], "5")

    def test_shipped_in_parts(self):
        """M1, C3: a part that shipped is told as such."""
        _answer, order = self.submit_ok(self.order(self.line(quantity="5")))
        self.sent()
        self.deliver(order, 2)
        ((_code, data),) = self.sent()
        self.assertFalse(data["complete"])
        self.assertEqual(data["lines"][0]["quantity"], "2")
        self.deliver(order)
        ((_code, data),) = self.sent()
        self.assertTrue(data["complete"])
        self.assertEqual(data["lines"][0]["quantity"], "3")

    def test_receipts_are_no_shipments(self):
        """M1: what comes in is not told as shipped."""
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.in_type_id.id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "In",
                            "product_id": self.corn.id,
                            "product_uom_qty": 1.0,
                            "location_id": self.env.ref("stock.stock_location_suppliers").id,
                            "location_dest_id": self.warehouse.lot_stock_id.id,
                        },
                    )
                ],
            }
        )
        picking.action_confirm()
        picking.move_ids.write({"quantity": 1.0, "picked": True})
        picking._action_done()
        self.assertEqual(self.sent(), [])

    def test_invoice(self):
        """M1, C7: an invoice is told when posted, when its payment status changes, when it is cancelled."""
        _answer, order = self.submit_ok(self.order(self.line(quantity="5")))
        self.deliver(order)
        self.sent()
        invoice = order._create_invoices()
        self.assertEqual(self.sent(), [], "a draft is nobody's business")
        invoice.action_post()
        ((code, data),) = self.sent()
        self.assertEqual(code, "invoice.posted")
        self.assertEqual(data["orders"], [order.dist_external_ref])
        self.assertEqual((data["amount_total"], data["amount_due"]), ("50.00", "50.00"))
        self.assertEqual(data["payment_status"], "not_paid")
        payment = self.pay(invoice, 20.0)
        ((code, data),) = self.sent()
        self.assertEqual(
            (code, data["payment_status"], data["amount_due"]), ("invoice.paid", "partial", "30.00")
        )
        self.pay(invoice)
        ((code, data),) = self.sent()
        self.assertIn(data["payment_status"], ("paid", "in_payment"))
        self.assertEqual(data["amount_due"], "0.00")
        payment.action_draft()
        payment.action_cancel()
        ((code, data),) = self.sent()
        self.assertEqual(
            (code, data["payment_status"], data["amount_due"]), ("invoice.paid", "partial", "20.00")
        )

    def pay(self, invoice, amount=None):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        return wizard.create({"amount": amount} if amount else {})._create_payments()

    def test_invoice_cancelled(self):
        """M1, C7: a posted invoice that is cancelled is told; a draft that is thrown away is not."""
        _answer, order = self.submit_ok(self.order(self.line(quantity="5")))
        self.deliver(order)
        invoice = order._create_invoices()
        invoice.button_cancel()
        invoice.button_draft()
        self.sent()
        invoice.action_post()
        self.sent()
        invoice.button_draft()
        invoice.button_cancel()
        ((code, data),) = self.sent()
        self.assertEqual((code, data["status"]), ("invoice.cancelled", "cancelled"))

    def test_credit_note(self):
        """M1, C7: a credit note belongs to the channel of its invoice and names it."""
        _answer, order = self.submit_ok(self.order(self.line(quantity="5")))
        self.deliver(order)
        invoice = order._create_invoices()
        invoice.action_post()
        self.sent()
        credit = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}], cancel=True)
        found = dict(self.sent())
        self.assertEqual(found["invoice.posted"]["type"], "credit_note")
        self.assertEqual(found["invoice.posted"]["credited_invoice"], invoice.name)
        self.assertEqual(credit.dist_channel_id, self.channel)
        self.assertIn(invoice.payment_state, ("reversed", "paid"))

    def test_vendor_bill_is_not_told(self):
        """M1: bills of vendors are no invoices to customers."""
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.customer.id,
                "invoice_date": "2024-01-01",
                "invoice_line_ids": [(0, 0, {"name": "Bill", "price_unit": 5.0, "tax_ids": False})],
            }
        )
        bill.action_post()
        self.assertEqual(self.sent(), [])

    def test_invoices_of_two_channels_stay_apart(self):
        """C7: an invoice never mixes the orders of two channels."""
        other_system, _client, other_key = self.make_shop("OTHER")
        self.make_channel(other_system)
        self.bind(self.customer, "C-1", system=other_system)
        _answer, first = self.submit_ok(self.order())
        _answer, second = self.submit_ok(self.order(), key=other_key)
        for order in first | second:
            self.deliver(order)
        invoices = (first | second)._create_invoices()
        self.assertEqual(len(invoices), 2)
        self.assertEqual(invoices.dist_channel_id, self.channel | second.dist_channel_id)

    def test_a_shop_hears_of_its_own(self):
        """G8: a shop hears of its own documents; an order system hears of all."""
        other_system, _client, _key = self.make_shop("OTHER")
        self.subscribe(other_system)
        crm, _client, _key = self.make_shop("CRM", kind="crm")
        self.subscribe(crm)
        _answer, order = self.submit_ok(self.order())
        self.deliver(order)
        order._create_invoices().action_post()
        own = self.env["sale.order"].create(
            {"partner_id": self.customer.id, "order_line": [(0, 0, {"product_id": self.corn.id})]}
        )
        own.action_confirm()
        mine = [code for code, _data in self.sent()]
        self.assertEqual(mine, ["order.confirmed", "order.shipped", "invoice.posted"])
        self.last_seen = 0
        self.assertEqual(self.sent(other_system), [])
        self.last_seen = 0
        everything = [code for code, _data in self.sent(crm)]
        self.assertEqual(
            everything, ["order.confirmed", "order.shipped", "invoice.posted", "order.confirmed"]
        )

    def test_order_of_delivery(self):
        """M2: what is told of one order is delivered in order: one key for the order and its deliveries."""
        _answer, order = self.submit_ok(self.order())
        self.deliver(order)
        self._commit_events()
        messages = self.env["dist.message"].search(
            [("direction", "=", "out"), ("system_id", "=", self.system.id)]
        )
        self.assertEqual(set(messages.mapped("ordering_key")), {f"sale.order/{order.id}"})
        self.assertEqual(set(messages.mapped("business_key")), {order.name})
