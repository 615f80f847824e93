from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ACKNOWLEDGE, SHIP, WmsHttpCase


@tagged("post_install", "-at_install")
class TestShipmentConfirmed(WmsHttpCase):
    """Quantities and backorders."""

    def setUp(self):
        super().setUp()
        self._put(self.tape, 100)
        self._put(self.glove, 50)

    def test_full(self):
        """W2: a full confirmation finishes delivery, stock and order."""
        picking = self._sell((self.tape, 4), (self.glove, 2))
        lines = [
            {"line": move._dist_get_line_ref(), "quantity": str(int(move.product_qty))}
            for move in picking.move_ids
        ]
        response, message = self._ship(picking, *lines, shipped_at="2026-03-02T14:05:00+01:00")
        answer = self._assert_ok(response)
        self.assertEqual(picking.state, "done")
        self.assertEqual(
            [(line["shipped"], line["outcome"]) for line in answer["lines"]],
            [("4", "complete"), ("2", "complete")],
        )
        self.assertEqual((answer["state"], answer["backorder"], answer["warnings"]), ("done", None, []))
        self.assertEqual(str(picking.date_done), "2026-03-02 13:05:00")
        self.assertEqual(picking.sale_id.order_line.mapped("qty_delivered"), [4, 2])
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.glove)), (96, 48))
        self.assertEqual(
            (message.state, message.res_id, message.business_key),
            ("done", picking.id, answer["confirmation"]),
        )
        self.assertFalse(message.exception_id)
        confirmation = picking.dist_confirmation_ids
        self.assertEqual(
            (confirmation.external_id, confirmation.kind, confirmation.message_id),
            (answer["confirmation"], "shipment", message),
        )
        self._commit_events()
        self.assertEqual(picking.dist_release_state, "done")

    def test_by_item(self):
        """W2: lines may name the item instead of the line, or both."""
        picking = self._sell((self.tape, 4), (self.glove, 2))
        tape = picking.move_ids.filtered(lambda move: move.product_id == self.tape)
        lines = (
            {"line": str(tape.id), "sku": "TAPE", "gtin": "07612345000015", "quantity": "3"},
            {"gtin": "07612345000015", "quantity": "1"},
            (self.glove, 2),
        )
        answer = self._assert_ok(self._ship(picking, *lines)[0])
        self.assertEqual([line["shipped"] for line in answer["lines"]], ["4", "2"])

    def test_number_and_gtin_of_two_items(self):
        """W2, M8: a line whose number and GTIN are of two items is neither's, until a person has said which."""
        picking = self._sell((self.glove, 2), (self.tape, 2))
        contradiction = {"sku": "GLOVE", "gtin": "7612345000015", "quantity": "1"}
        for line in (contradiction, {**contradiction, "line": str(picking.move_ids[0].id)}):
            response, message = self._ship(picking, line, complete=False)
            self.assertEqual((response.status_code, message.exception_id.mapping_domain), (202, "product"))
            for product in (self.glove, self.tape):
                self.assertIn(product.display_name, message.exception_id.detail)
        self.assertEqual(picking.state, "assigned")
        self._map_code("product", "GLOVE", self.glove)
        message.exception_id.action_retry()
        self.env.invalidate_all()
        self.assertEqual((message.state, picking.move_ids[0].state), ("done", "done"))

    def test_number_of_the_warehouse_and_gtin(self):
        """W2, M8: a number that nobody knows beside the GTIN of an item is that item."""
        picking = self._sell((self.tape, 2))
        self._assert_ok(self._ship(picking, {"sku": "THEIRS", "gtin": "7612345000015", "quantity": "2"})[0])
        self.assertEqual(picking.state, "done")

    def test_same_item_twice(self):
        """W2: an item that stands on two lines is spread over them."""
        picking = self._sell((self.tape, 4), (self.tape, 3))
        self.assertEqual(len(picking.move_ids), 2)
        answer = self._assert_ok(self._ship(picking, (self.tape, 5))[0])
        self.assertEqual([line["shipped"] for line in answer["lines"]], ["4", "1"])
        self.assertEqual(picking.backorder_ids.move_ids.product_uom_qty, 2)

    def test_short_backorder(self):
        """W2: what is missing stays in a backorder, which is released as a shipment of its own."""
        picking = self._sell((self.tape, 4), (self.glove, 2))
        response, message = self._ship(
            picking, {"sku": "TAPE", "quantity": "3", "reason": "out_of_stock"}, (self.glove, 2)
        )
        answer = self._assert_ok(response)
        rest = picking.backorder_ids
        self.assertEqual((picking.state, answer["backorder"]), ("done", rest.name))
        line = next(line for line in answer["lines"] if line["sku"] == "TAPE")
        self.assertEqual(
            (line["asked"], line["shipped"], line["missing"], line["outcome"]), ("4", "3", "1", "backordered")
        )
        self.assertEqual((rest.move_ids.product_id, rest.move_ids.product_uom_qty), (self.tape, 1))
        self._commit_events()
        self.assertEqual((rest.dist_release_state, rest.dist_release_ref), ("requested", rest.name))
        exception = message.exception_id
        self.assertEqual(
            (exception.code, exception.severity, exception.state), ("short_shipment", "low", "open")
        )
        self.assertIn("out of stock", exception.name)
        self.assertEqual((exception.impact_skus, exception.impact_lines), ("TAPE", 1))

    def test_short_cancel(self):
        """W2: by policy of the warehouse what is missing is cancelled."""
        self.warehouse.dist_shipment_short_policy = "cancel"
        picking = self._sell((self.tape, 4), (self.glove, 2))
        answer = self._assert_ok(
            self._ship(picking, {"sku": "TAPE", "quantity": "3", "reason": "out_of_stock"})[0]
        )
        self.assertEqual((picking.state, picking.backorder_ids.ids, answer["backorder"]), ("done", [], None))
        self.assertEqual([line["outcome"] for line in answer["lines"]], ["cancelled", "cancelled"])
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.glove)), (97, 50))
        self.assertFalse(
            self.env["stock.quant"].search(
                [("product_id", "=", self.glove.id), ("reserved_quantity", ">", 0)]
            )
        )

    def test_zero_pick(self):
        """W2: nothing of one line is a statement like any other."""
        picking = self._sell((self.tape, 4), (self.glove, 2))
        answer = self._assert_ok(
            self._ship(picking, (self.tape, 4), {"sku": "GLOVE", "quantity": "0", "reason": "damaged"})[0]
        )
        self.assertEqual([line["shipped"] for line in answer["lines"]], ["4", "0"])
        self.assertEqual(picking.backorder_ids.move_ids.product_id, self.glove)

    def test_nothing_shipped(self):
        """W2, X1: nothing of the whole shipment: the delivery stays open and a person is asked."""
        picking = self._sell((self.tape, 4))
        response, message = self._ship(picking, {"sku": "TAPE", "quantity": "0", "reason": "out_of_stock"})
        answer = self._assert_ok(response)
        self.assertEqual((answer["state"], answer["lines"][0]["outcome"]), ("open", "open"))
        self.assertEqual((picking.state, picking.dist_release_state), ("assigned", "refused"))
        self.assertFalse(picking.date_done)
        self.assertEqual(
            (message.exception_id.code, message.exception_id.severity), ("nothing_shipped", "high")
        )
        picking.action_dist_release()
        self._commit_events()
        self.assertEqual(message.exception_id.state, "resolved")
        self.assertEqual(self._get_codes(picking), ["shipment.requested", "shipment.requested"])

    def test_nothing_shipped_cancel(self):
        """W2: nothing shipped and the rest not wanted: the delivery is cancelled, and the warehouse not told."""
        self.warehouse.dist_shipment_short_policy = "cancel"
        picking = self._sell((self.tape, 4))
        response, message = self._ship(picking, {"sku": "TAPE", "quantity": "0"})
        answer = self._assert_ok(response)
        self._commit_events()
        self.assertEqual(
            (answer["state"], picking.state, picking.dist_release_state), ("cancelled", "cancel", "cancelled")
        )
        self.assertEqual(self._get_codes(picking), ["shipment.requested"])
        exception = message.exception_id
        self.assertIn("was cancelled", exception.detail)
        self.assertIn("Order again what is still wanted", exception.suggestion)
        self.assertNotIn("Release", exception.suggestion)

    def test_nothing_shipped_and_cancelled_by_hand(self):
        """W2, X1: cancelling settles it, as the suggestion says."""
        picking = self._sell((self.tape, 4))
        _response, message = self._ship(picking, {"sku": "TAPE", "quantity": "0"})
        self.assertIn("Release the transfer again, or cancel it", message.exception_id.suggestion)
        picking.action_cancel()
        self._commit_events()
        self.assertEqual((picking.state, message.exception_id.state), ("cancel", "resolved"))

    def test_parts_of_one_shipment(self):
        """W2: parts that follow each other keep the shipment's number and its line ids."""
        picking = self._sell((self.tape, 10), (self.glove, 2))
        line = str(picking.move_ids.filtered(lambda move: move.product_id == self.tape).id)
        first = self._assert_ok(self._ship(picking, {"line": line, "quantity": "4"}, complete=False)[0])
        rest = picking.backorder_ids
        self.assertEqual([line["outcome"] for line in first["lines"]], ["open", "open"])
        self._commit_events()
        self.assertEqual((rest.dist_release_state, rest.dist_release_ref), ("requested", picking.name))
        self.assertFalse(self._get_events(rest), "the warehouse has it already")
        second = self._assert_ok(self._ship(picking, {"line": line, "quantity": "5"}, complete=False)[0])
        self.assertEqual((second["shipment"], rest.state), (rest.name, "done"))
        third = self._assert_ok(self._ship(picking, {"line": line, "quantity": "1"}, (self.glove, 2))[0])
        self.assertEqual([line["outcome"] for line in third["lines"]], ["complete", "complete"])
        self.assertEqual(picking.sale_id.order_line.mapped("qty_delivered"), [10, 2])
        self.assertEqual(self.env["dist.exception"].search([("system_id", "=", self.system.id)]).ids, [])

    def test_parts_out_of_order(self):
        """W2: a part that comes after the last one is applied to the rest, whose own request is taken back."""
        picking = self._sell((self.tape, 10))
        self._assert_ok(self._ship(picking, (self.tape, 6))[0])
        self._commit_events()
        rest = picking.backorder_ids
        self.assertEqual(rest.dist_release_state, "requested")
        answer = self._assert_ok(self._ship(picking, (self.tape, 3), complete=False)[0])
        self._commit_events()
        self.assertEqual(
            (answer["shipment"], rest.state, rest.dist_release_state), (rest.name, "done", "cancelled")
        )
        self.assertEqual(self._get_data(rest, "shipment.cancelled")["reason"], "superseded")
        last = rest.backorder_ids
        self.assertEqual(
            (last.move_ids.product_uom_qty, last.dist_release_state, last.dist_release_ref),
            (1, "requested", last.name),
        )
        self.assertEqual(picking.sale_id.order_line.qty_delivered, 9)

    def test_before_acknowledgement(self):
        """W1, W2: a confirmation need not wait for the acknowledgement."""
        picking = self._sell((self.tape, 4))
        self._assert_ok(self._ship(picking, (self.tape, 4))[0])
        self.assertEqual(picking.state, "done")

    def test_by_warehouse_reference(self):
        """M8: the warehouse may use its own number once it has told it."""
        picking = self._sell((self.tape, 4))
        self._post(
            ACKNOWLEDGE, {"shipment": picking.name, "status": "accepted", "warehouse_reference": "N-7"}
        )
        self._assert_ok(
            self._ship(picking, (self.tape, 1), shipment=None, warehouse_reference="N-7", complete=False)[0]
        )
        self._assert_ok(self._ship(picking, (self.tape, 3), shipment=None, warehouse_reference="N-7")[0])
        self.assertEqual(picking.sale_id.order_line.qty_delivered, 4)
        response, _message = self._ship(picking, (self.tape, 3), shipment=None, warehouse_reference="N-8")
        self._assert_refused(response, 404, "unknown_shipment")

    # the same again, and again

    def test_same_confirmation(self):
        """M5, W2: the same confirmation again gives the same answer and changes nothing, with or without a key."""
        picking = self._sell((self.tape, 4))
        body = {
            "confirmation": "C-SAME",
            "shipment": picking.name,
            "lines": [{"sku": "TAPE", "quantity": "3"}],
        }
        first = self._assert_ok(self._post(SHIP, body)[0])
        self.assertEqual(self._assert_ok(self._post(SHIP, body)[0]), first)
        again = self._call("POST", SHIP, body, self.key, Idempotency_Key="another-key")
        self.assertEqual(self._assert_ok(again), first)
        same = {**body, "complete": True, "lines": [{"sku": "TAPE", "quantity": "3.0"}]}
        self.assertEqual(self._assert_ok(self._post(SHIP, same)[0]), first)
        turned = dict(reversed(list(body.items())))
        self.assertEqual(self._assert_ok(self._post(SHIP, turned)[0]), first)
        self.assertEqual(picking.sale_id.order_line.qty_delivered, 3)
        self.assertEqual(len(picking.dist_confirmation_ids), 1)

    def test_same_number_other_content(self):
        """M5, W2: the number of an applied confirmation with other content is refused."""
        picking = self._sell((self.tape, 4))
        self._assert_ok(self._ship(picking, (self.tape, 3), confirmation="C-X")[0])
        response, message = self._ship(picking, (self.tape, 1), confirmation="C-X")
        self._assert_refused(response, 409, "confirmation_reused")
        self.assertEqual(message.exception_id.res_id, picking.id)
        self.assertEqual(message.exception_id.main_action, "correct", "no retry makes the number another one")
        self.assertEqual(picking.sale_id.order_line.qty_delivered, 3)

    def test_refused_number_can_be_used_again(self):
        """M5: a number whose confirmation was refused is still free."""
        picking = self._sell((self.tape, 4))
        self._assert_refused(self._ship(picking, (self.tape, 5), confirmation="C-Y")[0], 422, "over_shipment")
        self._assert_ok(self._ship(picking, (self.tape, 4), confirmation="C-Y")[0])

    def test_after_done(self):
        """W2: more of a finished shipment is not applied; a person finds out."""
        picking = self._sell((self.tape, 4))
        self._assert_ok(self._ship(picking, (self.tape, 4))[0])
        response, message = self._ship(picking, (self.tape, 4))
        self._assert_refused(response, 409, "shipment_finished")
        self.assertEqual((message.exception_id.severity, message.exception_id.res_id), ("high", picking.id))
        self.assertEqual(self._on_hand(self.tape), 96)

    def test_after_cancel(self):
        """W2: shipped although it was cancelled: not applied, and urgent."""
        picking = self._sell((self.tape, 4))
        picking.action_cancel()
        self._commit_events()
        response, message = self._ship(picking, (self.tape, 4))
        self._assert_refused(response, 409, "shipment_cancelled")
        self.assertEqual(message.exception_id.severity, "high")

    # more than asked for

    def test_over(self):
        """W2, X1: more than asked for is not applied; the exception says what and offers what to do."""
        picking = self._sell((self.tape, 4), (self.glove, 2))
        response, message = self._ship(picking, (self.tape, 5), (self.glove, 3))
        problem = self._assert_refused(response, 422, "over_shipment")
        self.assertEqual([error["pointer"] for error in problem["errors"]], ["/lines/0", "/lines/1"])
        self.assertEqual((picking.state, self._on_hand(self.tape)), ("assigned", 100))
        exception = message.exception_id
        self.assertEqual(
            (exception.code, exception.severity, exception.impact_lines), ("over_shipment", "high", 2)
        )
        self.assertTrue(exception.can_accept_variance)
        self.assertTrue(exception.can_correct)

    def test_over_accepted(self):
        """X1: a person accepts the variance: the message is applied as it is, in that person's name."""
        picking = self._sell((self.tape, 4))
        response, message = self._ship(picking, (self.tape, 5))
        exception = message.exception_id
        exception.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((message.state, message.variance_accepted_by_id), ("done", self.env.user))
        self.assertEqual((exception.state, exception.resolution), ("resolved", "accepted"))
        self.assertEqual((picking.state, picking.sale_id.order_line.qty_delivered), ("done", 5))
        self.assertEqual(self._on_hand(self.tape), 95)
        self.assertFalse(exception.can_accept_variance)

    def test_over_corrected(self):
        """X1, M6: a person corrects the quantity; the original is kept."""
        picking = self._sell((self.tape, 4))
        _response, message = self._ship(picking, (self.tape, 44))
        action = message.exception_id.action_correct()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.content = wizard.content.replace('"44"', '"4"')
        wizard.action_resubmit()
        self.env.invalidate_all()
        self.assertEqual(
            (picking.state, message.state, message.exception_id.state), ("done", "cancelled", "resolved")
        )

    # units

    def test_dozens(self):
        """M8, W2: quantities come in the warehouse's units; an unknown unit waits for one answer."""
        # from 19.0 on it is archived until somebody wants it
        self.dozen.active = True
        picking = self._sell((self.tape, 24))
        response, message = self._ship(picking, {"sku": "TAPE", "quantity": "2", "unit": "DZ"})
        self.assertEqual((response.status_code, response.json()["status"]), (202, "held"))
        exception = message.exception_id
        self.assertEqual(
            (exception.category, exception.mapping_domain, exception.external_code), ("mapping", "unit", "DZ")
        )
        action = exception.action_fix_mapping()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.record_ref = self.dozen
        wizard.action_fix()
        self.env.invalidate_all()
        self.assertEqual((message.state, picking.state, exception.state), ("done", "done", "resolved"))
        self.assertEqual(self._on_hand(self.tape), 76)

    def test_own_unit_name(self):
        """M8: the unit's name as the request gave it needs no code map."""
        picking = self._sell((self.glove, 2))
        self._assert_ok(
            self._ship(picking, {"sku": "GLOVE", "quantity": "2", "unit": picking.move_ids.product_uom.name})[
                0
            ]
        )
        self.assertEqual(self._on_hand(self.glove), 48)

    def test_unit_of_other_kind(self):
        """W2: a unit that cannot count the item is refused."""
        self._map_code("unit", "KGM", self.env.ref("uom.product_uom_kgm"))
        picking = self._sell((self.tape, 4))
        response, _message = self._ship(picking, {"sku": "TAPE", "quantity": "2", "unit": "KGM"})
        self._assert_refused(response, 422, "unit_mismatch")

    def test_part_of_a_dozen(self):
        """W2: five pieces of an item that is kept in dozens are no whole number of hundredths of a dozen."""
        self._map_code("unit", "EA", self.env.ref("uom.product_uom_unit"))
        picking = self._sell((self.glove, 2))
        response, _message = self._ship(picking, {"sku": "GLOVE", "quantity": "5", "unit": "EA"})
        self._assert_refused(response, 422, "quantity_precision")
        self._assert_ok(self._ship(picking, {"sku": "GLOVE", "quantity": "18", "unit": "EA"})[0])
        self.assertEqual(picking.backorder_ids.move_ids.product_uom_qty, 0.5)

    # what is not reserved

    def test_not_reserved(self):
        """W2: what was shipped beyond the reservation is taken from free stock, wherever it lies."""
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        self.warehouse.dist_release_policy = "confirmed"
        item = self._make_product("LATE")
        picking = self._sell((item, 5))
        self._put(item, 8, shelf)
        response, message = self._ship(picking, (item, 5))
        self._assert_ok(response)
        self.assertEqual(self._on_hand(item, shelf), 3)
        self.assertFalse(message.exception_id)

    def test_reserved_by_another(self):
        """W2: what physically left counts: another delivery loses its reservation."""
        item = self._make_product("RARE")
        self._put(item, 5)
        other = self._sell((item, 5))
        self.warehouse.dist_release_policy = "confirmed"
        picking = self._sell((item, 5))
        self._assert_ok(self._ship(picking, (item, 5))[0])
        self.assertEqual((self._on_hand(item), other.move_ids.quantity), (0, 0))

    def test_without_stock(self):
        """W2, X1: shipped although Odoo had none: the stock goes negative and a person hears of it."""
        self.warehouse.dist_release_policy = "confirmed"
        item = self._make_product("GHOST")
        self._put(item, 2)
        picking = self._sell((item, 5))
        response, message = self._ship(picking, (item, 5))
        self._assert_ok(response)
        self.assertEqual((picking.state, self._on_hand(item)), ("done", -3))
        self.assertEqual(message.exception_id.code, "stock_negative")
        self.assertIn("3", message.exception_id.detail)

    def test_same_stock_for_two_lines(self):
        """W2: two lines of one delivery do not take the same goods of others twice."""
        item = self._make_product("RARE")
        self._put(item, 5)
        self._sell((item, 5))
        self.warehouse.dist_release_policy = "confirmed"
        picking = self._sell((item, 4), (item, 3))
        lines = [
            {"line": move._dist_get_line_ref(), "quantity": str(int(move.product_qty))}
            for move in picking.move_ids
        ]
        response, message = self._ship(picking, *lines)
        self._assert_ok(response)
        self.assertEqual((self._on_hand(item), message.exception_id.code), (-2, "stock_negative"))
        self.assertIn("moved 2 ", message.exception_id.detail)

    # many at once

    def _ship_all(self, *pickings, quantity=5):
        """Confirm shipments of one item each in one call.

        :return: their messages
        """
        items = [
            {
                "confirmation": f"C-{next(self.numbers)}",
                "shipment": picking.name,
                "lines": [{"sku": picking.product_id.default_code, "quantity": str(quantity)}],
            }
            for picking in pickings
        ]
        answer = self._assert_ok(self._call("POST", f"{SHIP}/bulk", {"items": items}, self.key))
        self.assertEqual([item["status"] for item in answer["items"]], [200] * len(pickings), answer)
        uuids = [item["message_id"] for item in answer["items"]]
        messages = self.env["dist.message"].search([("uuid", "in", uuids)]).grouped("uuid")
        return [messages[uuid] for uuid in uuids]

    def test_bulk_without_stock(self):
        """W2, X1: of two shipments in one call that need the same goods, one is told to have left without stock."""
        self.warehouse.dist_release_policy = "confirmed"
        for number, is_reversed in enumerate((False, True)):
            item = self._make_product(f"RARE-{number}")
            self._put(item, 5)
            pickings = [self._sell((item, 5)), self._sell((item, 5))]
            messages = self._ship_all(*(reversed(pickings) if is_reversed else pickings))
            self.assertEqual(self._on_hand(item), -5)
            (exception,) = [message.exception_id for message in messages if message.exception_id]
            self.assertEqual(exception.code, "stock_negative")
            self.assertIn("moved 5 ", exception.detail)

    def test_bulk_takes_what_is_left(self):
        """W2: more than reserved is not taken from what leaves in the same call, while others' goods are there."""
        self.warehouse.dist_over_shipment_percent = 100
        item = self._make_product("RARE")
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        self._put(item, 10)
        pickings = [self._sell((item, 3)), self._sell((item, 7))]
        self._put(item, 5, shelf)
        other = self._sell((item, 5))
        messages = self._ship_all(*pickings, quantity=6)
        self.assertNotIn("stock_negative", [message.exception_id.code for message in messages])
        self.assertEqual((self._on_hand(item), other.move_ids.quantity), (3, 3))
        quants = self.env["stock.quant"].search(
            [("product_id", "=", item.id), ("location_id", "child_of", self.stock.id)]
        )
        self.assertGreaterEqual(min(quants.mapped("quantity")), 0)

    def test_bulk(self):
        """M4, W2: many confirmations in one call, each with its own answer; one that fails stops no other."""
        pickings = [self._sell((self.tape, 2), (self.glove, 1)) for _number in range(3)]
        items = [
            {
                "confirmation": f"B-{index}",
                "shipment": picking.name,
                "lines": [{"sku": "TAPE", "quantity": "2"}, {"sku": "GLOVE", "quantity": "1"}],
            }
            for index, picking in enumerate(pickings)
        ]
        items.insert(1, {**items[0], "confirmation": "B-X", "shipment": "NSIDE/OUT/99999"})
        response = self._call("POST", f"{SHIP}/bulk", {"items": items}, self.key)
        self.assertEqual(
            [item["status"] for item in self._assert_ok(response)["items"]], [200, 404, 200, 200]
        )
        self.assertEqual([picking.state for picking in pickings], ["done"] * 3)

    def test_bulk_that_depends(self):
        """W2: parts of one shipment, and one confirmation twice, in one call."""
        picking = self._sell((self.tape, 10))
        parts = [
            {
                "confirmation": f"P-{index}",
                "shipment": picking.name,
                "lines": [{"sku": "TAPE", "quantity": quantity}],
                "complete": False,
            }
            for index, quantity in enumerate("433")
        ]
        response = self._call("POST", f"{SHIP}/bulk", {"items": [*parts, parts[0]]}, self.key)
        items = self._assert_ok(response)["items"]
        self.assertEqual([item["status"] for item in items], [200] * 4)
        self.assertEqual(items[0]["answer"], items[3]["answer"])
        self.assertEqual(picking.sale_id.order_line.qty_delivered, 10)
        self.assertEqual(
            len(self.env["dist.warehouse.confirmation"].search([("system_id", "=", self.system.id)])), 3
        )

    # bad input

    def test_unknown_shipment(self):
        """W2: an unknown number is a clear error and an exception."""
        picking = self._sell((self.tape, 4))
        response, message = self._ship(picking, (self.tape, 4), shipment="NSIDE/OUT/99999")
        self._assert_refused(response, 404, "unknown_shipment")
        self.assertEqual((message.state, message.exception_id.state), ("dead", "open"))

    def test_bad_lines(self):
        """W2: lines that do not fit are refused in the warehouse's words, and change nothing."""
        picking = self._sell((self.tape, 4))
        line = str(picking.move_ids.id)
        cases = [
            ({"line": "999999999", "quantity": "1"}, 422, "unknown_line"),
            ({"line": line, "sku": "GLOVE", "quantity": "1"}, 422, "item_mismatch"),
            ({"sku": "GLOVE", "quantity": "1"}, 422, "item_not_asked"),
            ({"quantity": "1"}, 422, "invalid_message"),
            ({"sku": "TAPE", "quantity": "-1"}, 422, "invalid_message"),
            ({"sku": "TAPE", "quantity": "1e3"}, 422, "invalid_message"),
            ({"sku": "TAPE", "quantity": 4}, 422, "invalid_message"),
            ({"sku": "TAPE", "quantity": "1.234567"}, 422, "quantity_precision"),
            (
                {"sku": "TAPE", "quantity": "2", "allocations": [{"quantity": "1"}]},
                422,
                "allocation_mismatch",
            ),
            ({"sku": "TAPE", "quantity": "1", "colour": "red"}, 422, "invalid_message"),
        ]
        for body, status, code in cases:
            with self.subTest(code=code, line=body):
                self._assert_refused(self._ship(picking, body)[0], status, code)
        self.assertEqual((picking.state, picking.move_ids.quantity), ("assigned", 4))
        response, message = self._ship(picking, {"sku": "NO-SUCH-ITEM", "quantity": "1"})
        self.assertEqual((response.status_code, message.exception_id.mapping_domain), (202, "product"))

    def test_bad_heads(self):
        """W2: dates that do not exist, numbers left out."""
        picking = self._sell((self.tape, 4))
        self._assert_refused(
            self._ship(picking, (self.tape, 4), shipped_at="2026-02-30T10:00:00Z")[0], 422, "invalid_date"
        )
        self._assert_refused(
            self._ship(picking, (self.tape, 4), shipped_at="yesterday")[0], 422, "invalid_message"
        )
        self._assert_refused(
            self._ship(picking, (self.tape, 4), shipped_at="9999-01-01T00:00:00Z")[0], 422, "in_future"
        )
        self._assert_refused(
            self._ship(picking, (self.tape, 4), shipped_at="1970-01-01T00:00:00Z")[0], 422, "date_far_off"
        )
        self._assert_refused(self._ship(picking, (self.tape, 4), shipment=None)[0], 422, "invalid_message")
        self._assert_refused(self._ship(picking)[0], 422, "invalid_message")
        self._assert_refused(
            self._ship(picking, (self.tape, 4), confirmation=None)[0], 422, "invalid_message"
        )

    @mute_logger("odoo.addons.dist_integration_base.models.dist_message_inbound")
    def test_shipper_is_not_called(self):
        """W2: the warehouse books its own carrier; Odoo's connector to the carrier stays silent."""
        carrier = self.env["delivery.carrier"].create(
            {
                "name": "Express",
                "product_id": self.env["product.product"].create({"name": "Freight", "type": "service"}).id,
                "integration_level": "rate_and_ship",
                "delivery_type": "fixed",
            }
        )
        picking = self._sell((self.tape, 4))
        picking.carrier_id = carrier
        self._assert_ok(self._ship(picking, (self.tape, 4), carrier="Express")[0])
        self.assertFalse(picking.carrier_tracking_ref)
        self.assertEqual(picking.carrier_price, 0)
