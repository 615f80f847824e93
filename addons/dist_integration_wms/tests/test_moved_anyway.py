from odoo.tests import tagged

from .common import RETURN, WmsHttpCase


@tagged("post_install", "-at_install")
class TestMovedAnyway(WmsHttpCase):
    """W1, W2, W3, W8: goods that moved although Odoo had cancelled them, or had nothing open any more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 100)
        cls.lot = cls._make_lot(cls.seal, "L-1")
        cls._put(cls.seal, 20, lot=cls.lot)

    def _accept(self, message):
        self.env.flush_all()
        self.assertEqual(message.exception_id.main_action, "accept")
        message.exception_id.action_accept_variance()
        self.env.invalidate_all()
        self._commit_events()
        self.assertEqual((message.state, message.exception_id.state), ("done", "resolved"), message.error)
        return self.env["stock.picking"].browse(message.res_id)

    def test_shipped_after_it_was_cancelled(self):
        """W1, X1: what left before the cancellation was heard is booked in one click, on a delivery of its own."""
        picking = self._sell((self.tape, 4), (self.seal, 2))
        picking.action_cancel()
        self._commit_events()
        allocations = [{"quantity": "2", "lot": "L-1"}]
        lines = [(self.tape, 3), {"sku": "SEAL", "quantity": "2", "allocations": allocations}]
        response, message = self._ship(picking, *lines)
        self._assert_refused(response, 409, "shipment_cancelled")
        self.assertEqual(self._on_hand(self.tape), 100)
        made = self._accept(message)
        self.assertEqual((made.state, made.backorder_id, made.sale_id), ("done", picking, picking.sale_id))
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.seal, lot=self.lot)), (97, 18))
        self.assertEqual(picking.sale_id.order_line.mapped("qty_delivered"), [3, 2])
        self.assertEqual(self._get_codes(made), ["shipment.completed"])
        self.assertFalse(
            self.env["stock.quant"].search([("reserved_quantity", "!=", 0)]) & self._get_quants()
        )

    def _get_quants(self):
        return self.env["stock.quant"].search([("product_id", "in", (self.tape | self.seal).ids)])

    def test_part_overtaken_by_the_end(self):
        """W2: a part that comes after the last one, the rest cancelled as agreed, is booked all the same."""
        self.customer.dist_rest_policy = "cancel"
        picking = self._sell((self.tape, 4))
        self._assert_ok(self._ship(picking, (self.tape, 1))[0])
        self._commit_events()
        response, message = self._ship(picking, (self.tape, 3), complete=False)
        self._assert_refused(response, 409, "shipment_finished")
        made = self._accept(message)
        self.assertEqual((made.state, self._on_hand(self.tape)), ("done", 96))
        self.assertEqual(picking.sale_id.order_line.qty_delivered, 4)

    def test_nothing_more(self):
        """W2: that nothing else is shipped, of a shipment that is done or cancelled, is no contradiction."""
        done, cancelled = self._sell((self.tape, 4)), self._sell((self.tape, 4))
        self._assert_ok(self._ship(done, (self.tape, 4), complete=False)[0])
        cancelled.action_cancel()
        self._commit_events()
        for picking, state in ((done, "done"), (cancelled, "cancel")):
            response, message = self._ship(picking, (self.tape, 0))
            answer = self._assert_ok(response)
            self.assertEqual((answer["lines"], message.res_id), ([], picking.id))
            self.assertEqual((picking.state, message.exception_id.ids), (state, []))
        self.assertEqual(self._on_hand(self.tape), 96)

    def test_nothing_more_of_a_line(self):
        """W2: a line that was shipped before may be named with nothing more."""
        picking = self._sell((self.tape, 4), (self.seal, 2))
        refs = [move._dist_get_line_ref() for move in picking.move_ids]
        self._assert_ok(self._ship(picking, {"line": refs[0], "quantity": "4"}, complete=False)[0])
        lot = [{"quantity": "2", "lot": "L-1"}]
        lines = {"line": refs[0], "quantity": "0"}, {"line": refs[1], "quantity": "2", "allocations": lot}
        answer = self._assert_ok(self._ship(picking, *lines)[0])
        self.assertEqual([line["line"] for line in answer["lines"]], [refs[1]])
        response, _message = self._ship(picking, {"line": "12345", "quantity": "0"}, lines[1])
        self._assert_refused(response, 409, "shipment_finished")

    def test_received_after_it_was_cancelled(self):
        """W3, X1: so is what arrived of a purchase that was cancelled, good and damaged."""
        self.warehouse.dist_damaged_location_id = self.env["stock.location"].create(
            {"name": "Damaged", "location_id": self.warehouse.view_location_id.id}
        )
        picking = self._buy((self.tape, 6))
        order = picking.purchase_id
        order.button_cancel()
        self._commit_events()
        line = {"sku": "TAPE", "quantity": "5", "damaged_quantity": "1"}
        response, message = self._receive(picking, line)
        self._assert_refused(response, 409, "receipt_cancelled")
        made = self._accept(message)
        damaged = self.warehouse.dist_damaged_location_id
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.tape, damaged)), (105, 1))
        self.assertEqual((made.purchase_id, order.order_line.qty_received), (order, 6))

    def test_returned_after_it_was_cancelled(self):
        """W8, X1: so is what came back of a return that was cancelled."""
        shipment = self._sell((self.tape, 4))
        self._assert_ok(self._ship(shipment, (self.tape, 4))[0])
        context = {"active_id": shipment.id, "active_ids": shipment.ids, "active_model": "stock.picking"}
        wizard = self.env["stock.return.picking"].with_context(**context).create({"picking_id": shipment.id})
        wizard.product_return_moves.quantity = 2
        back = self.env["stock.picking"].browse(wizard.create_returns()["res_id"])
        self._commit_events()
        back.action_cancel()
        self._commit_events()
        body = {"confirmation": "R-1", "return": back.name, "lines": [{"sku": "TAPE", "quantity": "2"}]}
        response, message = self._post(RETURN, body)
        self._assert_refused(response, 409, "return_cancelled")
        self._accept(message)
        self.assertEqual(self._on_hand(self.tape), 98)
        self.assertEqual(shipment.sale_id.order_line.qty_delivered, 2)

    def test_substitute_shipped_after_it_was_cancelled(self):
        """W2, X1: so is a substitute of what was cancelled; nobody had approved it, and both are accepted in turn."""
        strong = self._make_product("TAPE-S")
        self._put(strong, 10)
        picking = self._sell((self.tape, 4))
        picking.action_cancel()
        self._commit_events()
        line = {"sku": "TAPE-S", "substitute_for": "TAPE", "quantity": "4"}
        response, message = self._ship(picking, line)
        self._assert_refused(response, 409, "shipment_cancelled")
        message.exception_id.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual(message.exception_id.code, "substitution_not_approved")
        self._accept(message)
        self.assertEqual((self._on_hand(self.tape), self._on_hand(strong)), (100, 6))

    def test_two_parts_shipped_after_it_was_cancelled(self):
        """W2, X1: each of several confirmations of a cancelled delivery is accepted in one click."""
        picking = self._sell((self.tape, 10))
        picking.action_cancel()
        self._commit_events()
        messages = [self._ship(picking, (self.tape, quantity), complete=False)[1] for quantity in ("6", "4")]
        for message, left in zip(messages, (94, 90), strict=True):
            self._accept(message)
            self.assertEqual(self._on_hand(self.tape), left)

    def test_answers_are_not_accepted(self):
        """X1: an acknowledgement that comes too late has nothing to accept."""
        picking = self._sell((self.tape, 4))
        self._assert_ok(self._ship(picking, (self.tape, 4))[0])
        refusal = {"shipment": picking.name, "status": "refused", "reason": "busy"}
        response, message = self._post("/shipments/acknowledgements", refusal)
        self._assert_refused(response, 409, "shipment_finished")
        self.assertFalse(message.exception_id.can_accept_variance)
