import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.dist_integration_base.tests.common import Receiver

from .common import ACKNOWLEDGE, ANSWER, WmsHttpCase


@tagged("post_install", "-at_install")
class TestReleaseRequests(WmsHttpCase):
    """W1: a hold, a change, a cancellation is a request, which the warehouse may refuse."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 100)
        cls._put(cls.glove, 100)
        cls.worker = new_test_user(
            cls.env, "ask-worker", groups="stock.group_stock_user,dist_integration_base.group_dist_user"
        )

    def setUp(self):
        super().setUp()
        self.picking = self._sell((self.tape, 4), (self.glove, 2))

    def _ask(self, kind, picking=None, quantities=None, **values):
        """Ask in the form, as a person does.

        :return: dist.release.request
        """
        picking = (picking or self.picking).with_user(self.worker)
        action = picking.with_context(dist_kind=kind).action_dist_ask()
        form = Form(self.env["dist.release.ask"].with_user(self.worker).with_context(**action["context"]))
        form.reason = values.pop("reason", "The customer called")
        for name, value in values.items():
            setattr(form, name, value)
        for index, quantity in (quantities or {}).items():
            with form.line_ids.edit(index) as line:
                line.quantity = quantity
        form.save().action_ask()
        self._commit_events()
        return self.env["dist.release.request"].search([("picking_id", "=", picking.id)], limit=1)

    def _answer(self, request, status="accepted", key=None, **values):
        response, message = self._post(ANSWER, {"request": request.name, "status": status, **values}, key)
        self._commit_events()
        return response, message

    def _get_move(self, product, picking=None):
        return (picking or self.picking).move_ids.filtered(
            lambda move: move.product_id == product and move.state != "cancel"
        )

    def _check_message(self, code):
        data = self._get_data(self.picking, code)
        version = self.env["dist.message.type"]._get_by_code(code)._get_default_version()
        self.assertEqual(version._get_validator().errors(data), [], code)
        return data

    # cancel

    def test_cancel_accepted(self):
        """W1: nothing changes until the warehouse agrees; then the delivery is cancelled, and nobody is told twice."""
        request = self._ask("cancel", cancels_order=True)
        self.assertEqual((self.picking.state, self.picking.dist_open_request), ("assigned", "cancel"))
        data = self._check_message("shipment.cancel.requested")
        self.assertEqual(
            (data["request"], data["reason"], data["shipment"]),
            (request.name, "The customer called", self.picking.name),
        )
        response, message = self._answer(request, shipment=self.picking.name)
        answer = self._assert_ok(response)
        self.assertEqual((answer["state"], answer["shipment_state"]), ("accepted", "cancelled"))
        self.assertEqual((self.picking.state, self.picking.sale_id.state), ("cancel", "cancel"))
        self.assertEqual(self._get_codes(self.picking), ["shipment.requested", "shipment.cancel.requested"])
        self.assertFalse(self.picking.dist_open_request)
        self.assertEqual((message.res_id, request.message_id), (self.picking.id, message))

    def test_cancel_twice(self):
        """M5: the same answer again changes nothing; another one is refused, and stands in the queue."""
        request = self._ask("cancel")
        first = self._assert_ok(self._answer(request)[0])
        again = self._post(ANSWER, {"request": request.name, "status": "accepted"}, None)[0]
        self.assertEqual(self._assert_ok(again), first)
        response, message = self._answer(request, "refused", reason="already_shipped")
        self._assert_refused(response, 409, "request_answered")
        self.assertEqual(message.exception_id.state, "open")

    def test_cancel_refused(self):
        """W1, X1: a refused cancellation is settled in one click: keep the order going."""
        request = self._ask("cancel")
        response, message = self._answer(request, "refused", reason="already_shipped", note="Left at noon.")
        self.assertEqual(self._assert_ok(response)["state"], "refused")
        exception = message.exception_id
        self.assertEqual((exception.code, exception.severity), ("cancel_refused", "high"))
        self.assertIn("already shipped", exception.name)
        self.assertEqual((exception.assignee_id, exception.main_action), (self.worker, "keep_going"))
        self.assertEqual((self.picking.state, self.picking.dist_release_state), ("assigned", "requested"))
        exception.with_user(self.worker).action_keep_going()
        self.assertEqual((exception.state, exception.resolution), ("resolved", "kept"))
        self._assert_ok(self._ship(self.picking, (self.tape, 4), (self.glove, 2))[0])
        self.assertEqual(self.picking.state, "done")

    def test_ask_again(self):
        """W1, X1: or ask again, in one click; the second answer counts."""
        request = self._ask("cancel")
        _response, message = self._answer(request, "refused", reason="busy")
        exception = message.exception_id
        self.assertTrue(exception.can_ask_again)
        exception.with_user(self.worker).action_ask_again()
        self._commit_events()
        self.assertEqual((exception.state, exception.resolution), ("resolved", "asked_again"))
        second = self.picking.dist_request_ids[0]
        self.assertEqual((second.state, second.user_id), ("waiting", self.worker))
        self.assertNotEqual(second, request)
        self._assert_ok(self._answer(second)[0])
        self.assertEqual(self.picking.state, "cancel")
        with self.assertRaises(UserError):
            exception.with_user(self.worker).action_ask_again()

    def test_cancel_after_part_has_shipped(self):
        """W1: after part has shipped the rest is cancelled, never what has left."""
        self._ship(self.picking, (self.tape, 3), complete=False)
        self._commit_events()
        rest = self.picking.backorder_ids
        self.assertEqual((self.picking.state, rest.dist_release_ref), ("done", self.picking.name))
        request = self._ask("cancel", rest)
        self._assert_ok(self._answer(request)[0])
        self.assertEqual((self.picking.state, rest.state), ("done", "cancel"))
        self.assertEqual(self.picking.move_ids.filtered(lambda move: move.state == "done").quantity, 3)

    def test_part_ships_while_it_is_asked(self):
        """W1: a part that is confirmed before the answer comes: the request follows to what is open."""
        request = self._ask("cancel")
        self._ship(self.picking, (self.tape, 4), complete=False)
        self._commit_events()
        rest = self.picking.backorder_ids
        self.assertEqual((request.state, request.picking_id), ("waiting", rest))
        self.assertEqual((rest.dist_open_request, self.picking.dist_open_request), ("cancel", False))
        self._assert_ok(self._answer(request)[0])
        self.assertEqual((self.picking.state, rest.state), ("done", "cancel"))

    def test_cancel_in_part(self):
        """W1: what the warehouse still ships stays open, the rest is cancelled; a confirmation follows."""
        request = self._ask("cancel")
        tape, glove = self._get_move(self.tape), self._get_move(self.glove)
        response, _message = self._answer(
            request,
            "accepted_in_part",
            reason="already_packed",
            lines=[{"line": tape._dist_get_line_ref(), "remaining": "3"}],
        )
        self.assertEqual(self._assert_ok(response)["state"], "accepted_in_part")
        self.assertEqual((tape.product_uom_qty, tape.quantity, glove.state), (3, 3, "cancel"))
        self.assertEqual((self.picking.state, self.picking.dist_release_state), ("assigned", "requested"))
        cancelled = self.picking.move_ids.filtered(lambda move: move.state == "cancel")
        self.assertEqual(sorted(cancelled.mapped("product_uom_qty")), [1, 2])
        self._assert_ok(self._ship(self.picking, (self.tape, 3))[0])
        self._commit_events()
        self.assertEqual((self.picking.state, self.picking.backorder_ids.ids), ("done", []))
        self.assertEqual(self._on_hand(self.tape), 97)

    def test_shipped_first(self):
        """W1, X1: shipped before the warehouse answered: the person who asked is told; late answers fit in."""
        request = self._ask("cancel")
        self._ship(self.picking, (self.tape, 4), (self.glove, 2))
        self._commit_events()
        self.assertEqual((request.state, self.picking.state), ("overtaken", "done"))
        exception = self.env["dist.exception"].search([("code", "=", "cancel_overtaken")])
        self.assertEqual((exception.res_id, exception.assignee_id), (self.picking.id, self.worker))
        response, message = self._answer(request)
        self._assert_refused(response, 409, "shipment_finished")
        self.assertEqual(message.exception_id.state, "open")
        response, message = self._answer(request, "refused", reason="already_shipped")
        self.assertEqual(self._assert_ok(response)["state"], "refused")
        self.assertFalse(message.exception_id)

    # hold

    def test_hold(self):
        """W1: held when the warehouse agrees, and lifted by a message."""
        request = self._ask("hold")
        self._check_message("shipment.hold.requested")
        self.assertFalse(self.picking.dist_is_on_hold)
        self.assertTrue(self._assert_ok(self._answer(request)[0])["on_hold"])
        self.assertTrue(self.picking.dist_is_on_hold)
        with self.assertRaisesRegex(UserError, "held by the warehouse already"):
            self._ask("hold")
        self.picking.with_user(self.worker).action_dist_lift_hold()
        self._assert_told(self.picking, "overridden", self.worker)
        self._commit_events()
        self.assertEqual((request.state, self.picking.dist_is_on_hold), ("lifted", False))
        self.assertEqual(self._check_message("shipment.hold.released")["request"], request.name)
        with self.assertRaisesRegex(UserError, "not held"):
            self.picking.action_dist_lift_hold()

    def test_hold_refused(self):
        """W1, X1: a hold that is refused comes back to who asked."""
        request = self._ask("hold")
        _response, message = self._answer(request, "refused", reason="already_loaded")
        self.assertEqual((message.exception_id.code, self.picking.dist_is_on_hold), ("hold_refused", False))
        response, _message = self._answer(
            request, "accepted_in_part", lines=[{"line": "1", "remaining": "1"}]
        )
        self._assert_refused(response, 409, "request_answered")

    def test_hold_lifted_before_the_answer(self):
        """W1: an answer that crosses the lifting of the hold has no effect."""
        request = self._ask("hold")
        self.picking.action_dist_lift_hold()
        self._commit_events()
        self.assertEqual(self._assert_ok(self._answer(request)[0])["state"], "withdrawn")
        self.assertFalse(self.picking.dist_is_on_hold)
        self.assertEqual(
            self._get_codes(self.picking),
            ["shipment.requested", "shipment.hold.requested", "shipment.hold.released"],
        )

    def _get_overtaken(self, kind):
        """:return: dist.exception for the person who asked, of what was shipped all the same"""
        return self.env["dist.exception"].search(
            [("code", "=", f"{kind}_overtaken"), ("assignee_id", "=", self.worker.id)]
        )

    def test_hold_stays_with_the_rest(self):
        """W1, X1: what is left of a shipment on hold is on hold until that is lifted; who asked is told of the part."""
        request = self._ask("hold")
        self._answer(request)
        self._ship(self.picking, (self.tape, 4), complete=False)
        self._commit_events()
        rest = self.picking.backorder_ids
        self.assertEqual((rest.dist_is_on_hold, self.picking.dist_is_on_hold), (True, False))
        self.assertEqual(self._get_overtaken("hold").res_id, rest.id)
        rest.with_user(self.worker).action_dist_lift_hold()
        self.assertEqual((request.state, rest.dist_is_on_hold), ("lifted", False))

    def test_hold_agreed_and_shipped(self):
        """W1, X1: shipped although the warehouse had agreed to hold it: the person who asked is told."""
        request = self._ask("hold")
        self._answer(request)
        self._assert_ok(self._ship(self.picking, (self.tape, 4), (self.glove, 2))[0])
        self._commit_events()
        self.assertEqual((request.state, self.picking.dist_is_on_hold), ("disregarded", False))
        exception = self._get_overtaken("hold")
        self.assertEqual((exception.res_id, exception.severity), (self.picking.id, "high"))
        self.assertIn("agreed to hold", exception.detail)

    def test_hold_shipped_first(self):
        """W1, X1: so is who asked for a hold that the warehouse did not answer before it shipped."""
        request = self._ask("hold")
        self._ship(self.picking, (self.tape, 4), (self.glove, 2))
        self._commit_events()
        self.assertEqual(request.state, "overtaken")
        self.assertNotIn("agreed", self._get_overtaken("hold").detail)

    def test_hold_and_shipped_by_hand(self):
        """W1: who unlocks a delivery on hold and ships it himself is told nothing of the warehouse."""
        self._answer(self._ask("hold"))
        self.picking._dist_unlock("Taken along by the driver")
        self.picking.move_ids.picked = True
        self.picking._action_done()
        self._commit_events()
        self.assertEqual(self.picking.state, "done")
        self.assertFalse(self._get_overtaken("hold"))

    def test_hold_in_part(self):
        """W1: bad input: a hold is whole."""
        request = self._ask("hold")
        lines = [{"line": self._get_move(self.tape)._dist_get_line_ref(), "remaining": "1"}]
        self._assert_refused(self._answer(request, "accepted_in_part", lines=lines)[0], 422, "hold_in_part")

    # change

    def test_change_accepted(self):
        """W1: less of one line, more of another: Odoo follows when the warehouse agrees."""
        request = self._ask("change", quantities={0: 1, 1: 3}, requested_date="2026-12-24 08:00:00")
        data = self._check_message("shipment.change.requested")
        told = [(line["item"]["sku"], line["previous_quantity"], line["quantity"]) for line in data["lines"]]
        self.assertEqual(told, [("TAPE", "4", "1"), ("GLOVE", "2", "3")])
        self.assertEqual(data["requested_date"], "2026-12-24T08:00:00Z")
        self.assertEqual(self._get_move(self.tape).product_uom_qty, 4)
        self._assert_ok(self._answer(request)[0])
        tape, glove = self._get_move(self.tape), self._get_move(self.glove)
        self.assertEqual((tape.product_uom_qty, tape.quantity), (1, 1))
        self.assertEqual((glove.product_uom_qty, glove.quantity), (3, 3))
        self.assertEqual(self.picking.scheduled_date.strftime("%Y-%m-%d"), "2026-12-24")
        self.assertEqual((self.picking.state, self.picking.dist_release_state), ("assigned", "requested"))
        self._assert_ok(self._ship(self.picking, (self.tape, 1), (self.glove, 3))[0])
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.glove)), (99, 97))

    def test_change_in_part(self):
        """W1: the warehouse agrees to less of the change."""
        request = self._ask("change", quantities={0: 0})
        tape = self._get_move(self.tape)
        response, _message = self._answer(
            request, "accepted_in_part", lines=[{"line": tape._dist_get_line_ref(), "remaining": "2"}]
        )
        self._assert_ok(response)
        self.assertEqual((tape.product_uom_qty, tape.quantity), (2, 2))

    def test_change_after_part_has_shipped(self):
        """W1: what left in the meantime counts: of 3 wanted, 2 are shipped, 1 stays open."""
        request = self._ask("change", quantities={0: 3})
        self._ship(self.picking, (self.tape, 2), complete=False)
        self._commit_events()
        rest = self.picking.backorder_ids
        self._assert_ok(self._answer(request)[0])
        self.assertEqual(self._get_move(self.tape, rest).product_uom_qty, 1)
        self.assertFalse(self._get_overtaken("change"))

    def test_change_after_more_has_shipped(self):
        """W1, X1: more has left than the change leaves: the rest is cancelled, and the person who asked is told."""
        request = self._ask("change", quantities={0: 1})
        self._ship(self.picking, (self.tape, 3), complete=False)
        self._commit_events()
        _response, message = self._answer(request)
        exception = message.exception_id
        self.assertEqual((exception.code, exception.assignee_id), ("change_overtaken", self.worker))
        self.assertIn("3 Units were shipped, 1 were wanted", exception.detail)
        self.assertFalse(self._get_move(self.tape, self.picking.backorder_ids))

    def test_change_shipped_first(self):
        """W1, X1: shipped before the answer: told only when it is more than was wanted, not when the rest is short."""
        more = self._ask("change", quantities={0: 1})
        self._ship(self.picking, (self.tape, 4), (self.glove, 2))
        self._commit_events()
        self.assertEqual((more.state, len(self._get_overtaken("change"))), ("overtaken", 1))
        other = self._sell((self.tape, 4), (self.glove, 2))
        less = self._ask("change", other, quantities={0: 1})
        self._ship(other, (self.tape, 1), (self.glove, 2))
        self._commit_events()
        self.assertEqual((less.state, len(self._get_overtaken("change"))), ("overtaken", 1))

    def _refuse_and_ship(self, request, *lines):
        """The warehouse refuses a change, then ships a part.

        :return: (dist.exception of the refusal, what is open)
        """
        _response, message = self._answer(request, "refused", reason="busy")
        picking = request.picking_id
        self._assert_ok(self._ship(picking, *lines, complete=False)[0])
        self._commit_events()
        return message.exception_id.with_user(self.worker), picking.backorder_ids

    def test_change_asked_again_after_a_part(self):
        """W1: asked again after a part has left, a change tells what is open and wanted now, to who polls as well."""
        exception, rest = self._refuse_and_ship(self._ask("change", quantities={0: 3}), (self.tape, 2))
        exception.action_ask_again()
        self._commit_events()
        (line,) = self._get_data(rest, "shipment.change.requested")["lines"]
        self.assertEqual((line["previous_quantity"], line["quantity"]), ("2", "1"))
        page = self._call("GET", f"/shipments?shipment={self.picking.name}&state=requested", key=self.key)
        (item,) = self._assert_ok(page)["items"]
        self.assertEqual(item["requests"][0]["lines"], [line])
        self._assert_ok(self._answer(rest.dist_request_ids[0])[0])
        self.assertEqual(self._get_move(self.tape, rest).product_uom_qty, 1)

    def test_change_polled_after_a_part(self):
        """W1: who polls before the answer is told what of the change still counts."""
        request = self._ask("change", quantities={0: 3, 1: 1})
        self._assert_ok(self._ship(self.picking, (self.tape, 2), (self.glove, 2), complete=False)[0])
        self._commit_events()
        page = self._call("GET", f"/shipments?shipment={self.picking.name}&state=requested", key=self.key)
        (item,) = self._assert_ok(page)["items"]
        told = [
            (line["item"]["sku"], line["previous_quantity"], line["quantity"])
            for line in item["requests"][0]["lines"]
        ]
        self.assertEqual((item["requests"][0]["request"], told), (request.name, [("TAPE", "2", "1")]))

    def test_change_asked_again_too_late(self):
        """W1, X1: bad input: what has left is not changed any more, and a change to nothing is a cancellation."""
        exception, _rest = self._refuse_and_ship(self._ask("change", quantities={0: 1}), (self.tape, 4))
        with self.assertRaisesRegex(UserError, "has left already"):
            exception.action_ask_again()
        other = self._sell((self.tape, 10))
        exception, _rest = self._refuse_and_ship(self._ask("change", other, {0: 4}), (self.tape, 5))
        with self.assertRaisesRegex(UserError, "ask for a cancellation"):
            exception.action_ask_again()

    def test_change_to_more_after_all_has_shipped(self):
        """W1: more of a line that has left meanwhile, in a shipment that has not: the difference is open again."""
        request, ref = self._ask("change", quantities={0: 6}), self._get_move(self.tape)._dist_get_line_ref()
        self._assert_ok(self._ship(self.picking, (self.tape, 4), complete=False)[0])
        self._commit_events()
        rest = self.picking.backorder_ids
        self.assertFalse(self._get_move(self.tape, rest))
        self._assert_ok(self._answer(request)[0])
        again = self._get_move(self.tape, rest)
        self.assertEqual((again.product_uom_qty, again.quantity, again._dist_get_line_ref()), (2, 2, ref))
        self._assert_ok(self._ship(rest, (self.tape, 2), (self.glove, 2))[0])
        self._commit_events()
        self.assertEqual((rest.state, self._on_hand(self.tape)), ("done", 94))
        self.assertEqual(rest.sale_id.order_line[0].qty_delivered, 6)

    def test_change_after_another_item_was_shipped(self):
        """W1, W2, X1: what was shipped of another item instead counts as shipped of the line."""
        foil = self._make_product("FOIL")
        self._put(foil, 10)
        self.env["dist.product.substitution"].create(
            {"product_id": self.tape.id, "substitute_id": foil.id, "company_id": self.env.company.id}
        )
        instead = {"sku": "FOIL", "quantity": "3", "substitute_for": "TAPE"}
        for wanted, rest, told in ((4, 1, 0), (2, 0, 1)):
            with self.subTest(wanted=wanted):
                picking = self._sell((self.tape, 10), (self.glove, 1))
                request = self._ask("change", picking, {0: wanted})
                self._assert_ok(self._ship(picking, instead, complete=False)[0])
                self._commit_events()
                self._assert_ok(self._answer(request)[0])
                still_open = self._get_move(self.tape, picking.backorder_ids).mapped("product_uom_qty")
                self.assertEqual((sum(still_open), len(self._get_overtaken("change"))), (rest, told))

    def test_change_after_a_cancellation_in_part(self):
        """W1: what the warehouse cancelled meanwhile has not left: of 2 wanted, the 2 that remain stay."""
        change = self._ask("change", quantities={0: 2})
        cancellation = self._ask("cancel")
        ref = self._get_move(self.tape)._dist_get_line_ref()
        lines = [{"line": ref, "remaining": "2"}]
        self._assert_ok(self._answer(cancellation, "accepted_in_part", lines=lines)[0])
        self._assert_ok(self._answer(change)[0])
        self.assertEqual(self._get_move(self.tape).product_uom_qty, 2)

    def test_change_done_already_accepted_in_part(self):
        """W1: of a change made in Odoo first, the warehouse takes back a line; the others stay as they were made."""
        self.picking._dist_unlock("By phone")
        self._get_move(self.tape).product_uom_qty = 3
        self._get_move(self.glove).product_uom_qty = 1
        self.picking.action_dist_lock()
        self._commit_events()
        lines = [{"line": self._get_move(self.tape)._dist_get_line_ref(), "remaining": "4"}]
        self._assert_ok(self._answer(self.picking.dist_request_ids, "accepted_in_part", lines=lines)[0])
        self.assertEqual(self._get_move(self.tape).product_uom_qty, 4)
        self.assertEqual(self._get_move(self.glove).product_uom_qty, 1)

    def _ask_change_of_rest(self, shipped):
        """Ask for 4 of the 10 that are open after a part of 20; the warehouse ships some before it answers.

        :return: dist.release.request, that of the rest
        """
        picking = self._sell((self.tape, 30))
        self._assert_ok(self._ship(picking, (self.tape, 20), complete=False)[0])
        self._commit_events()
        request = self._ask("change", picking.backorder_ids, quantities={0: 4})
        if shipped:
            complete = shipped > 4
            self._assert_ok(self._ship(picking, (self.tape, shipped), complete=complete)[0])
            self._commit_events()
        return request

    def test_change_after_an_earlier_part(self):
        """W1, X1: what had left before the change was asked for counts neither as shipped nor as shipped too much."""
        request = self._ask_change_of_rest(shipped=0)
        rest = request.picking_id
        _response, message = self._answer(request)
        self.assertEqual(self._get_move(self.tape, rest).product_uom_qty, 4)
        self.assertFalse(message.exception_id)
        request = self._ask_change_of_rest(shipped=3)
        _response, message = self._answer(request)
        self.assertEqual(self._get_move(self.tape, request.picking_id).product_uom_qty, 1)
        self.assertFalse(message.exception_id | self._get_overtaken("change"))

    def test_change_shipped_first_after_an_earlier_part(self):
        """W1, X1: nor where the shipment is finished before the answer: 4 were wanted; of 6 who asked is told."""
        request = self._ask_change_of_rest(shipped=0)
        self._assert_ok(self._ship(request.picking_id, (self.tape, 4))[0])
        self._commit_events()
        self.assertEqual((request.state, len(self._get_overtaken("change"))), ("overtaken", 0))
        request = self._ask_change_of_rest(shipped=6)
        self.assertEqual(request.state, "overtaken")
        self.assertIn("6 Units were shipped, 4 were wanted", self._get_overtaken("change").detail)

    def _make_address(self):
        return self.env["res.partner"].create(
            {
                "parent_id": self.customer.id,
                "type": "delivery",
                "name": "Gate 2",
                "street": "Hafenweg 1",
                "city": "Potsdam",
                "zip": "14467",
                "country_id": self.env.ref("base.de").id,
            }
        )

    def _make_carrier(self):
        product = self.env["product.product"].create({"name": "Freight", "type": "service"})
        return self.env["delivery.carrier"].create({"name": "Nightline", "product_id": product.id})

    def test_change_of_address_and_carrier(self):
        """W1: another address and another carrier are asked for as well; the delivery follows when it is agreed."""
        address, carrier = self._make_address(), self._make_carrier()
        self._map_code("carrier", "NL", carrier)
        before = self.picking.partner_id
        request = self._ask("change", partner_id=address, carrier_id=carrier)
        data = self._check_message("shipment.change.requested")
        self.assertEqual((data["ship_to"]["street"], data["ship_to"]["zip"]), ("Hafenweg 1", "14467"))
        self.assertEqual((data["carrier"], data["lines"]), ({"code": "NL", "name": "Nightline"}, []))
        page = self._call("GET", "/shipments?state=requested", key=self.key).json()
        (told,) = [item for item in page["items"] if item["shipment"] == self.picking.name]
        self.assertEqual(told["requests"][0]["ship_to"], data["ship_to"])
        self.assertEqual((self.picking.partner_id, self.picking.carrier_id.ids), (before, []))
        self._assert_ok(self._answer(request)[0])
        self.assertEqual((self.picking.partner_id, self.picking.carrier_id), (address, carrier))
        self.assertEqual(self._get_move(self.tape).product_uom_qty, 4)

    def test_change_of_address_refused(self):
        """W1, X1: it went out already: the address stays, and who asked hears why; asking again asks the same."""
        address, before = self._make_address(), self.picking.partner_id
        request = self._ask("change", partner_id=address)
        _response, message = self._answer(request, "refused", reason="label_printed")
        self.assertEqual((message.exception_id.code, self.picking.partner_id), ("change_refused", before))
        message.exception_id.with_user(self.worker).action_ask_again()
        self._commit_events()
        second = self.picking.dist_request_ids[0]
        self.assertEqual((second.state, second.partner_id), ("waiting", address))

    def test_change_of_address_done_already(self):
        """W1, G5: the address that was changed under an override is told, and audited."""
        address = self._make_address()
        self.picking._dist_unlock("By phone")
        self.picking.partner_id = address
        self.picking.action_dist_lock()
        self._commit_events()
        data = self._check_message("shipment.change.requested")
        self.assertEqual((data["ship_to"]["name"], data["reason"]), ("Gate 2", "By phone"))
        self.assertTrue(self.picking.dist_request_ids.is_applied)
        entry = self.env["dist.audit.entry"].search(
            [
                ("res_model", "=", "stock.picking"),
                ("res_id", "=", self.picking.id),
                ("action", "=", "changed"),
            ]
        )
        self.assertIn(str(address.id), entry.changes)

    def test_change_refused(self):
        """W1, X1: a refused change leaves all as it is."""
        request = self._ask("change", quantities={0: 1})
        _response, message = self._answer(request, "refused", reason="already_packed")
        self.assertEqual(message.exception_id.code, "change_refused")
        self.assertEqual(self._get_move(self.tape).product_uom_qty, 4)

    def test_lower_the_order_afterwards(self):
        """W1: once the warehouse agreed to less, the salesperson lowers the order."""
        seller = new_test_user(self.env, "ask-seller", groups="sales_team.group_sale_salesman_all_leads")
        line = self.picking.sale_id.order_line[0].with_user(seller)
        with self.assertRaisesRegex(UserError, "is with the warehouse"):
            line.product_uom_qty = 1
        self._answer(self._ask("change", quantities={0: 1}))
        line.invalidate_recordset()
        line.product_uom_qty = 1
        self._commit_events()
        self.assertEqual(self._get_move(self.tape).product_uom_qty, 1)
        self.assertEqual(len(self.picking.sale_id.picking_ids), 1)

    def test_change_done_already(self):
        """W1, X1: a change that was made in Odoo first: the refusal is urgent, the consent changes nothing more."""
        self.picking._dist_unlock("By phone")
        self._get_move(self.tape).product_uom_qty = 3
        self.picking.action_dist_lock()
        self._commit_events()
        request = self.picking.dist_request_ids
        _response, message = self._answer(request, "refused", reason="already_packed")
        self.assertEqual(message.exception_id.severity, "high")
        self.assertEqual(self._get_move(self.tape).product_uom_qty, 3)

    def test_change_done_already_and_shipped(self):
        """W1: a change that was made in Odoo first waits for no answer any more once the shipment has left."""
        self.picking._dist_unlock("By phone")
        self._get_move(self.tape).product_uom_qty = 3
        self.picking.action_dist_lock()
        self._commit_events()
        request = self.picking.dist_request_ids
        self.assertEqual(request.state, "waiting")
        self._assert_ok(self._ship(self.picking, (self.tape, 3), (self.glove, 2))[0])
        self._commit_events()
        self.assertEqual(request.state, "overtaken")

    def test_change_nothing(self):
        """W1: bad input in the form has a name."""
        for quantities, words in (
            ({}, "Nothing is changed: give another quantity, date, address or carrier"),
            ({0: 0, 1: 0}, "cancellation"),
            ({0: -1}, "negative"),
        ):
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                self._ask("change", quantities=quantities)

    # who, what, where

    def test_not_released(self):
        """W1: what is not with a warehouse is not asked about."""
        self.warehouse.dist_release_mode = "manual"
        picking = self._sell((self.tape, 1))
        with self.assertRaisesRegex(UserError, "not with a warehouse"):
            self._ask("cancel", picking)

    def test_asked_before(self):
        """W1: one question at a time of each kind; a cancellation may follow a hold."""
        self._ask("cancel")
        with self.assertRaisesRegex(UserError, "not answered yet"):
            self._ask("cancel")
        self._ask("hold")
        self.assertEqual(self.picking.dist_open_request, "cancel")

    def test_no_flow(self):
        """G2: a request that no flow brings to the warehouse is not made."""
        flows = self.env["dist.flow"].search([("system_id", "=", self.system.id)])
        for code in ("shipment.hold.released", "shipment.change.requested"):
            flows.filtered(lambda flow, code=code: flow.message_type_id.code == code).action_retire()
        with self.assertRaisesRegex(UserError, "shipment.hold.released"):
            self._ask("hold")
        with self.assertRaisesRegex(UserError, "shipment.change.requested"):
            self._ask("change", quantities={0: 1})
        self.assertFalse(self.picking.dist_request_ids)

    def test_unknown_and_foreign(self):
        """G8: a warehouse answers its own requests alone, and learns of no others."""
        request = self._ask("cancel")
        _system, _client, key = self._make_wms("Southside")
        real, _message = self._answer(request, key=key)
        ghost = self._post(ANSWER, {"request": "REQ999999", "status": "accepted"}, key)[0]
        self._assert_refused(real, 404, "unknown_request")
        self.assertEqual(
            real.json()["detail"].replace(request.name, "X"), ghost.json()["detail"].replace("REQ999999", "X")
        )
        self.assertEqual(self.picking.state, "assigned")

    def test_bad_answers(self):
        """M4: answers that do not fit have a named error."""
        request = self._ask("cancel")
        ref = self._get_move(self.tape)._dist_get_line_ref()
        cases = [
            ({"status": "refused"}, "invalid_message"),
            ({"status": "accepted_in_part"}, "invalid_message"),
            ({"status": "accepted", "lines": [{"line": ref, "remaining": "1"}]}, "lines_of_accepted"),
            ({"status": "accepted", "shipment": "OTHER"}, "request_mismatch"),
            ({"status": "accepted_in_part", "lines": [{"line": "0", "remaining": "1"}]}, "unknown_line"),
            (
                {"status": "accepted_in_part", "lines": [{"line": ref, "remaining": "5"}]},
                "remaining_too_much",
            ),
        ]
        for values, code in cases:
            with self.subTest(code):
                self._assert_refused(self._answer(request, **values)[0], 422, code)
        self.assertEqual((request.state, self.picking.state), ("waiting", "assigned"))

    def test_scope(self):
        """G8: answering asks for its own scope."""
        request = self._ask("cancel")
        self.client.scope_ids = [(5, 0, 0)]
        self._assert_refused(self._answer(request)[0], 403, "scope_missing")

    def test_rights(self):
        """W1: who may not change transfers asks nothing; requests are written by nobody."""
        clerk = new_test_user(self.env, "ask-clerk", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.picking.with_user(clerk)._dist_ask("cancel", "x")
        request = self._ask("cancel")
        with self.assertRaises(AccessError):
            request.with_user(self.worker).write({"state": "accepted"})
        auditor = new_test_user(self.env, "ask-auditor", groups="dist_integration_base.group_dist_auditor")
        self.assertEqual(request.with_user(auditor).reason, "The customer called")
        _response, message = self._answer(request, "refused", reason="no")
        with self.assertRaises(AccessError):
            message.exception_id.with_user(auditor).action_keep_going()

    def test_cancelled_by_force(self):
        """W1: a delivery that is cancelled all the same withdraws what was asked; a late answer changes nothing."""
        request = self._ask("hold")
        self.picking._dist_override_cancel("Fraud")
        self._commit_events()
        self.assertEqual((request.state, self.picking.dist_open_request), ("withdrawn", False))
        self.assertEqual(self._assert_ok(self._answer(request)[0])["state"], "withdrawn")

    def test_polled(self):
        """W1: a warehouse that asks instead of being told finds what it has to answer."""
        self._answer(self._ask("hold"))
        request = self._ask("change", quantities={0: 1})
        response = self._call("GET", f"/shipments?shipment={self.picking.name}", key=self.key)
        item = self._assert_ok(response)["items"][0]
        self.assertEqual((item["on_hold"], item["requests"][0]["request"]), (True, request.name))
        self.assertEqual(item["requests"][0]["lines"][0]["quantity"], "1")

    def test_delivered(self):
        """M2, W1: what is asked reaches the warehouse after the shipment it is about, in the order it was asked."""
        endpoint = self.env["dist.endpoint"].search([("system_id", "=", self.system.id)])
        hold = self._ask("hold")
        self.picking.action_dist_lift_hold()
        self._commit_events()
        request = self._ask("cancel")
        with Receiver() as receiver:
            endpoint.url = receiver.url
            self._drain(endpoint, times=5)
            heard = [json.loads(body) for _headers, body in receiver.calls]
        # it hears of items and locations as well
        told = [message for message in heard if message["type"].startswith("shipment.")]
        self.assertEqual(
            [message["type"] for message in told],
            [
                "shipment.requested",
                "shipment.hold.requested",
                "shipment.hold.released",
                "shipment.cancel.requested",
            ],
        )
        self.assertEqual(
            [message["data"].get("request") for message in told], [None, hold.name, hold.name, request.name]
        )

    def test_refused_shipment(self):
        """W1: a warehouse that refuses the shipment altogether has nothing more to answer."""
        request = self._ask("cancel")
        self._post(ACKNOWLEDGE, {"shipment": self.picking.name, "status": "refused", "reason": "closed"})
        self.assertEqual((request.state, self.picking.dist_open_request), ("withdrawn", False))
        self.picking.with_user(self.worker).action_cancel()
        self.assertEqual(self.picking.state, "cancel")

    def test_hold_of_a_refused_shipment(self):
        """W1, X1: a hold ends with the refusal of the shipment; what is released again was not held."""
        request = self._ask("hold")
        self._answer(request)
        self._post(ACKNOWLEDGE, {"shipment": self.picking.name, "status": "refused", "reason": "closed"})
        self.assertEqual((request.state, self.picking.dist_is_on_hold), ("lifted", False))
        self.picking.with_user(self.worker).action_dist_release()
        self._commit_events()
        self._assert_ok(self._ship(self.picking, (self.tape, 4), (self.glove, 2))[0])
        self._commit_events()
        self.assertEqual((request.state, self.picking.state), ("lifted", "done"))
        self.assertFalse(self._get_overtaken("hold"))

    def test_alert(self):
        """X3: a request that is not answered for hours becomes an alert."""
        request = self._ask("cancel")
        request.sudo().asked_at = "2026-01-01 08:00:00"
        rule = self.env["dist.alert.rule"].search([("figure", "=", "unanswered")], limit=1)
        worst = rule._get_figure_unanswered()
        self.assertGreater(max(worst.values()), 24)
        self._answer(request)
        self.assertFalse(rule._get_figure_unanswered())

    def test_timeline(self):
        """M10: what was asked and answered is on the delivery's timeline, told to its own warehouse only."""
        other, _client, _key = self._make_wms("Southside")
        request = self._ask("cancel")
        events = self._get_events(self.picking, "shipment.cancel.requested")
        self.assertEqual(events.message_ids.system_id, self.system)
        self._answer(request)
        codes = (
            self.env["dist.message"]
            .search([("res_model", "=", "stock.picking"), ("res_id", "=", self.picking.id)])
            .mapped("message_type_id.code")
        )
        self.assertIn("shipment.request.answered", codes)
        self.assertFalse(self.env["dist.message"].search([("system_id", "=", other.id)]))
