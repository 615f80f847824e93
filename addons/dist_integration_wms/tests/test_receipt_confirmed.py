import json
from datetime import datetime

from odoo import fields
from odoo.tests import tagged

from .common import RECEIVE, WmsHttpCase


@tagged("post_install", "-at_install")
class TestReceiptConfirmed(WmsHttpCase):
    def test_two_expiration_dates_of_a_new_lot(self):
        """W3, X1: two dates for one new lot, in one message or in one call: the first is kept, a person decides."""

        def line(*dates):
            parts = [{"quantity": "1", "lot": "L-NEW", "expiry": date} for date in dates]
            return {"sku": "SEAL", "quantity": str(len(parts)), "allocations": parts}

        self._assert_ok(self._receive(self._buy((self.seal, 2)), line("2027-01-31", "2028-01-31"))[0])
        found = self.env["dist.exception"].search([("code", "=", "expiry_differs")])
        self.assertEqual(len(found), 1)
        self.assertIn("2028-01-31", found.detail)
        items = [
            {
                "confirmation": f"B-{date}",
                "receipt": self._buy((self.seal, 1)).name,
                "lines": [
                    {**line(date), "allocations": [{"quantity": "1", "lot": "L-BULK", "expiry": date}]}
                ],
            }
            for date in ("2027-02-28", "2028-02-28")
        ]
        answer = self._assert_ok(self._call("POST", f"{RECEIVE}/bulk", {"items": items}, self.key))
        self.assertEqual({item["status"] for item in answer["items"]}, {200})
        self.assertEqual(self.env["dist.exception"].search_count([("code", "=", "expiry_differs")]), 2)

    def test_changed_after_release(self):
        """W1, W3: what changes of a receipt that the warehouse expects is told, under its number; nothing else is."""
        picking = self._buy((self.tape, 10))
        line = picking.purchase_id.order_line
        for quantity in (16, 6):
            line.product_qty = quantity
            self._commit_events()
        picking.scheduled_date = fields.Datetime.add(picking.scheduled_date, days=3)
        self._commit_events()
        told = [json.loads(event.payload) for event in self._get_events(picking, "receipt.requested")]
        quantities = [sum(float(row["quantity"]) for row in data["lines"]) for data in told]
        self.assertEqual(quantities, [10, 16, 6, 6])
        self.assertEqual({data["receipt"] for data in told}, {picking.name})
        self.assertNotEqual(told[-1]["expected_date"], told[-2]["expected_date"])
        self._assert_ok(self._receive(picking, (self.tape, 4), complete=False)[0])
        self._commit_events()
        rest = picking.backorder_ids
        self.assertFalse(self._get_events(rest, "receipt.requested"), "the warehouse has it already")
        line.product_qty = 10
        self._commit_events()
        data = self._get_data(rest, "receipt.requested")
        self.assertEqual((data["receipt"], data["backorder_of"]), (picking.name, picking.name))
        self.assertEqual(
            sum(float(row["quantity"]) for row in data["lines"]), 6, "beside the 4 that were confirmed"
        )
        self._assert_ok(self._receive(rest, (self.tape, 6))[0])
        self.assertEqual((rest.state, line.qty_received), ("done", 10))

    def test_line_added_after_release(self):
        """W1, W3: a line that a person adds is expected as well, and keeps no confirmation from being applied."""
        picking = self._buy((self.tape, 10))
        move = self.env["stock.move"].create(
            {
                "name": "Added",
                "product_id": self.glove.id,
                "product_uom": self.glove.uom_id.id,
                "product_uom_qty": 2,
                "picking_id": picking.id,
                "location_id": picking.location_id.id,
                "location_dest_id": picking.location_dest_id.id,
            }
        )
        self._commit_events()
        self.assertEqual((move.state, picking.state), ("assigned", "assigned"))
        told = json.loads(self._get_events(picking, "receipt.requested")[-1].payload)
        self.assertEqual({row["item"]["sku"] for row in told["lines"]}, {"TAPE", "GLOVE"})
        self._assert_ok(self._receive(picking, (self.tape, 10), (self.glove, 2))[0])
        self.assertEqual((picking.state, self._on_hand(self.glove)), ("done", 2))

    def test_full(self):
        """W3: a full confirmation finishes receipt, stock and purchase."""
        picking = self._buy((self.tape, 12), (self.glove, 3))
        response, message = self._receive(
            picking, (self.tape, 12), (self.glove, 3), received_at="2026-03-02T10:20:00Z"
        )
        answer = self._assert_ok(response)
        self.assertEqual(
            (answer["receipt"], answer["state"], answer["backorder"]), (picking.name, "done", None)
        )
        self.assertEqual([line["received"] for line in answer["lines"]], ["12", "3"])
        self.assertEqual(picking.purchase_id.order_line.mapped("qty_received"), [12, 3])
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.glove)), (12, 3))
        self.assertEqual(picking.date_done, datetime(2026, 3, 2, 10, 20))
        self.assertEqual((message.res_id, picking.dist_confirmation_ids.kind), (picking.id, "receipt"))
        self._commit_events()
        self.assertEqual(picking.dist_release_state, "done")

    def test_by_order(self):
        """W3: the purchase order's number is enough while one receipt of it is open."""
        picking = self._buy((self.tape, 12))
        order = picking.purchase_id.name
        self._assert_ok(self._receive(picking, (self.tape, 5), receipt=None, order=order, complete=False)[0])
        self._assert_ok(self._receive(picking, (self.tape, 7), receipt=None, order=order)[0])
        self.assertEqual(picking.purchase_id.order_line.qty_received, 12)
        response, _message = self._receive(picking, (self.tape, 7), receipt=None, order=order)
        self._assert_refused(response, 409, "receipt_finished")
        response, _message = self._receive(picking, (self.tape, 7), receipt=None, order="P99999")
        self._assert_refused(response, 404, "unknown_receipt")

    def test_several_receipts(self):
        """W3: with several open receipts the order's number is not enough."""
        picking = self._buy((self.tape, 12))
        other = picking.copy()
        other.move_ids.purchase_line_id = picking.purchase_id.order_line
        other.action_confirm()
        self._commit_events()
        response, _message = self._receive(
            picking, (self.tape, 7), receipt=None, order=picking.purchase_id.name
        )
        problem = self._assert_refused(response, 422, "several_receipts")
        self.assertIn(other.name, problem["detail"])

    def test_partial(self):
        """W3: what is missing stays in a backorder, or is cancelled by policy."""
        picking = self._buy((self.tape, 12))
        response, message = self._receive(
            picking, {"sku": "TAPE", "quantity": "10", "reason": "short_delivery"}
        )
        self.assertEqual(self._assert_ok(response)["backorder"], picking.backorder_ids.name)
        self.assertEqual(picking.backorder_ids.move_ids.product_uom_qty, 2)
        self.assertEqual(message.exception_id.code, "short_receipt")
        self._commit_events()
        self.assertEqual(picking.backorder_ids.dist_release_state, "requested")
        self._assert_ok(self._receive(picking.backorder_ids, (self.tape, 2))[0])
        self._commit_events()
        message.exception_id.invalidate_recordset()
        self.assertEqual(message.exception_id.state, "resolved", "the rest came")
        self.warehouse.dist_receipt_short_policy = "cancel"
        picking = self._buy((self.tape, 12))
        answer = self._assert_ok(self._receive(picking, (self.tape, 10))[0])
        self.assertEqual((answer["lines"][0]["outcome"], picking.backorder_ids.ids), ("cancelled", []))

    def test_nothing_received(self):
        """W3, X1: nothing came."""
        picking = self._buy((self.tape, 12))
        response, message = self._receive(picking, {"sku": "TAPE", "quantity": "0", "reason": "refused"})
        self.assertEqual(self._assert_ok(response)["state"], "open")
        self.assertEqual((picking.state, message.exception_id.code), ("assigned", "nothing_received"))
        picking.action_dist_release()
        self.assertEqual(message.exception_id.state, "resolved", "it is expected again")

    def test_over(self):
        """W3, X1: more than ordered beyond the tolerance is for a person to accept."""
        picking = self._buy((self.tape, 100))
        response, message = self._receive(picking, (self.tape, 106))
        self._assert_refused(response, 422, "over_receipt")
        self.warehouse.dist_over_receipt_percent = 5
        self._assert_refused(self._receive(picking, (self.tape, 107))[0], 422, "over_receipt")
        self._assert_ok(self._receive(picking, (self.tape, 105))[0])
        self.assertEqual((self._on_hand(self.tape), picking.purchase_id.order_line.qty_received), (105, 105))
        other = self._buy((self.tape, 10))
        _response, message = self._receive(other, (self.tape, 20))
        exception = message.exception_id
        exception.action_accept_variance()
        self._assert_told(exception, "overridden")
        self.env.invalidate_all()
        self.assertEqual((message.state, other.purchase_id.order_line.qty_received), ("done", 20))

    def test_lots(self):
        """W3: lots are created with the receipt, with their dates; known ones are used."""
        known = self._make_lot(self.seal, "L-1", expiration_date=datetime(2027, 1, 31, 12))
        picking = self._buy((self.seal, 10))
        line = {
            "sku": "SEAL",
            "quantity": "10",
            "allocations": [
                {"quantity": "4", "lot": "L-1", "expiry": "2027-01-31"},
                {"quantity": "5", "lot": "L-2", "expiry": "2027-06-30"},
                {"quantity": "1", "lot": "L-2", "expiry": "2027-06-30"},
            ],
        }
        response, message = self._receive(picking, line)
        self._assert_ok(response)
        created = self.env["stock.lot"].search([("product_id", "=", self.seal.id), ("name", "=", "L-2")])
        self.assertEqual(str(created.expiration_date.date()), "2027-06-30")
        self.assertEqual((self._on_hand(self.seal, lot=known), self._on_hand(self.seal, lot=created)), (4, 6))
        self.assertFalse(message.exception_id)

    def test_lot_is_missing(self):
        """W3: an item with lots needs them on receipt."""
        picking = self._buy((self.seal, 10))
        self._assert_refused(self._receive(picking, (self.seal, 10))[0], 422, "lot_missing")
        self.assertEqual(picking.state, "assigned")

    def test_serial_in_two_places(self):
        """W3: a serial number that Odoo has in stock already is not received once more, wherever it goes."""
        self._put(self.meter, 1, lot=self._make_lot(self.meter, "S-1"))
        self.warehouse.dist_damaged_location_id = self.env["stock.location"].create(
            {"name": "Damaged", "location_id": self.warehouse.view_location_id.id}
        )
        receipt = self._buy((self.meter, 1))
        allocation = {"quantity": "1", "lot": "S-1", "condition": "damaged"}
        line = {"sku": "METER", "quantity": "0", "allocations": [allocation]}
        response, _message = self._receive(receipt, line)
        problem = self._assert_refused(response, 422, "serial_in_stock")
        self.assertIn(self.stock.display_name, problem["detail"])
        self.assertEqual(receipt.state, "assigned")

    def test_serials(self):
        """W3: new serial numbers; one that is in stock already is refused."""
        picking = self._buy((self.meter, 3))
        line = {"sku": "METER", "quantity": "3", "serials": ["S-1", "S-2", "S-3"]}
        self._assert_ok(self._receive(picking, line)[0])
        self.assertEqual(self._on_hand(self.meter), 3)
        picking = self._buy((self.meter, 1))
        line = {"sku": "METER", "quantity": "1", "serials": ["S-1"]}
        response, message = self._receive(picking, line)
        self.assertEqual(response.status_code, 422, response.text)
        self.assertEqual((message.state, picking.state), ("dead", "assigned"))

    def test_serial_twice_in_one_call(self):
        """W3: one serial number in two receipts of a call is received once, wherever it goes; the other is refused."""
        self.warehouse.dist_damaged_location_id = self.env["stock.location"].create(
            {"name": "Damaged", "location_id": self.warehouse.view_location_id.id}
        )
        received = (("S-1", "good"), ("S-2", "good"), ("S-1", "damaged"), ("S-3", "damaged"))
        items = [
            {
                "confirmation": f"B-{index}",
                "receipt": self._buy((self.meter, 1)).name,
                "lines": [
                    {
                        "sku": "METER",
                        "quantity": "1" if condition == "good" else "0",
                        "allocations": [{"quantity": "1", "lot": serial, "condition": condition}],
                    }
                ],
            }
            for index, (serial, condition) in enumerate(received)
        ]
        answer = self._assert_ok(self._call("POST", f"{RECEIVE}/bulk", {"items": items}, self.key))
        codes = [(item["status"], item.get("problem", {}).get("code")) for item in answer["items"]]
        self.assertEqual(codes, [(200, None), (200, None), (422, "serial_in_stock"), (200, None)])
        quants = self.env["stock.quant"].search(
            [("product_id", "=", self.meter.id), ("location_id.usage", "=", "internal")]
        )
        self.assertEqual(sorted(quants.mapped("lot_id.name")), ["S-1", "S-2", "S-3"])

    def test_damaged(self):
        """W3: damaged goods go to their own place, and are not available."""
        picking = self._buy((self.tape, 12))
        line = {"sku": "TAPE", "quantity": "10", "damaged_quantity": "2"}
        response, message = self._receive(picking, line)
        self._assert_refused(response, 422, "damaged_goods")
        self.assertIn("Choose the location", message.exception_id.suggestion)
        damaged = self.env["stock.location"].create(
            {"name": "Damaged", "location_id": self.warehouse.view_location_id.id, "usage": "internal"}
        )
        self.warehouse.dist_damaged_location_id = damaged
        self.env.flush_all()
        message.exception_id.action_retry()
        self.env.invalidate_all()
        self.assertEqual((message.state, picking.state), ("done", "done"))
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.tape, damaged)), (10, 2))
        self.assertEqual(picking.purchase_id.order_line.qty_received, 12)
        table = self.env["dist.availability"]._get_availability(self.tape.ids, self.warehouse.ids)
        self.assertEqual(table[self.tape.id, self.warehouse.id][:4], (12, 0, 0, 10))
        self._commit_events()
        self.assertEqual(self._get_data(picking, "receipt.completed")["lines"][0]["damaged"], "2")

    def test_damaged_lots(self):
        """W3: the lots of damaged goods."""
        damaged = self.env["stock.location"].create(
            {"name": "Damaged", "location_id": self.warehouse.view_location_id.id}
        )
        self.warehouse.dist_damaged_location_id = damaged
        picking = self._buy((self.seal, 12))
        allocations = [
            {"quantity": "10", "lot": "L-1"},
            {"quantity": "2", "lot": "L-1", "condition": "damaged"},
        ]
        line = {"sku": "SEAL", "quantity": "10", "damaged_quantity": "3", "allocations": allocations}
        self._assert_refused(self._receive(picking, line)[0], 422, "allocation_mismatch")
        del line["damaged_quantity"]
        self._assert_ok(self._receive(picking, line)[0])
        lot = self.env["stock.lot"].search([("product_id", "=", self.seal.id)])
        self.assertEqual(len(lot), 1)
        self.assertEqual((self._on_hand(self.seal), self._on_hand(self.seal, damaged)), (10, 2))

    def test_damaged_one_lot(self):
        """W3: with a single lot the damaged quantity of the line belongs to it."""
        damaged = self.env["stock.location"].create(
            {"name": "Damaged", "location_id": self.warehouse.view_location_id.id}
        )
        self.warehouse.dist_damaged_location_id = damaged
        picking = self._buy((self.seal, 12))
        line = {
            "sku": "SEAL",
            "quantity": "10",
            "damaged_quantity": "2",
            "allocations": [{"quantity": "10", "lot": "L-1"}],
        }
        self._assert_ok(self._receive(picking, line)[0])
        self.assertEqual(self._on_hand(self.seal, damaged), 2)

    def test_dozens(self):
        """M8, W3: received in dozens, kept in pieces."""
        self._map_code("unit", "DZ", self.dozen)
        picking = self._buy((self.tape, 24))
        self._assert_ok(self._receive(picking, {"sku": "TAPE", "quantity": "2", "unit": "DZ"})[0])
        self.assertEqual(self._on_hand(self.tape), 24)

    def test_same_confirmation(self):
        """M5: once is enough; numbers of shipments and receipts do not get in each other's way."""
        self._put(self.tape, 10)
        self._assert_ok(self._ship(self._sell((self.tape, 1)), (self.tape, 1), confirmation="C-1A")[0])
        picking = self._buy((self.tape, 12))
        body = {"confirmation": "C-1A", "receipt": picking.name, "lines": [{"sku": "TAPE", "quantity": "12"}]}
        first = self._assert_ok(self._post(RECEIVE, body)[0])
        again = self._call("POST", RECEIVE, body, self.key, Idempotency_Key="other")
        self.assertEqual(self._assert_ok(again), first)
        self.assertEqual(self._on_hand(self.tape), 21)
        body["lines"][0]["quantity"] = "11"
        self._assert_refused(self._post(RECEIVE, body)[0], 409, "confirmation_reused")

    def test_same_confirmation_after_the_purge(self):
        """G6, M5: a purged answer is kept nowhere; the confirmation is known all the same, and changes nothing."""
        picking = self._buy((self.tape, 12))
        body = {"confirmation": "C-1", "receipt": picking.name, "lines": [{"sku": "TAPE", "quantity": "12"}]}
        response, message = self._post(RECEIVE, body)
        self._assert_ok(response)
        message._purge()
        confirmation = self.env["dist.warehouse.confirmation"].search([("message_id", "=", message.id)])
        self.assertFalse(confirmation.sudo().answer)
        again = self._call("POST", RECEIVE, body, self.key, Idempotency_Key="other")
        self._assert_refused(again, 410, "answer_purged")
        self.assertEqual(self._on_hand(self.tape), 12)

    def test_bulk(self):
        """M4, W3: many receipts in one call share a new lot."""
        pickings = [self._buy((self.seal, 2)) for _number in range(2)]
        items = [
            {
                "confirmation": f"B-{index}",
                "receipt": picking.name,
                "lines": [{"sku": "SEAL", "quantity": "2", "allocations": [{"quantity": "2", "lot": "L-B"}]}],
            }
            for index, picking in enumerate(pickings)
        ]
        response = self._call("POST", f"{RECEIVE}/bulk", {"items": items}, self.key)
        self.assertEqual([item["status"] for item in self._assert_ok(response)["items"]], [200, 200])
        self.assertEqual(self.env["stock.lot"].search_count([("product_id", "=", self.seal.id)]), 1)
