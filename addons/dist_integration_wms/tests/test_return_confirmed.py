from odoo import fields
from odoo.tests import tagged

from .common import RETURN, WmsHttpCase


@tagged("post_install", "-at_install")
class TestReturnConfirmed(WmsHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parent = cls.warehouse.view_location_id.id
        places = {
            f"dist_{name}_location_id": cls.env["stock.location"]
            .create(
                {
                    "name": name.title(),
                    "location_id": parent if usage == "internal" else False,
                    "usage": usage,
                }
            )
            .id
            for name, usage in (("hold", "internal"), ("repair", "internal"), ("scrap", "inventory"))
        }
        cls.warehouse.write(places)
        cls._put(cls.tape, 50)

    def setUp(self):
        super().setUp()
        self.shipment = self._sell((self.tape, 10), client_order_ref="WEB-77")
        self._assert_ok(self._ship(self.shipment, (self.tape, 10))[0])
        self._commit_events()

    def _announce(self, quantity=4):
        """:return: return of the shipment, announced to the warehouse"""
        wizard = (
            self.env["stock.return.picking"]
            .with_context(
                active_id=self.shipment.id, active_ids=self.shipment.ids, active_model="stock.picking"
            )
            .create({"picking_id": self.shipment.id})
        )
        wizard.product_return_moves.quantity = quantity
        picking = self.env["stock.picking"].browse(wizard.create_returns()["res_id"])
        self._commit_events()
        return picking

    def _take_back(self, *lines, key=None, **values):
        body = {"confirmation": f"R-{next(self.numbers)}", "lines": list(lines), **values}
        return self._post(RETURN, body, key)

    def _line(self, quantity, **values):
        return {"sku": "TAPE", "quantity": str(quantity), **values}

    def test_expected(self):
        """W8: an announced return reaches the warehouse, comes back, and the shop can be told."""
        picking = self._announce()
        self.assertEqual(picking.dist_release_state, "requested")
        data = self._get_data(picking, "return.requested")
        self.assertEqual((data["return"], data["shipment"]), (picking.name, self.shipment.name))
        self.assertEqual((data["customer"]["name"], data["lines"][0]["quantity"]), (self.customer.name, "4"))
        response, message = self._take_back(
            {"line": data["lines"][0]["line"], "quantity": "4"}, **{"return": picking.name}
        )
        answer = self._assert_ok(response)
        self.assertEqual((answer["state"], answer["lines"][0]["returned"]), ("done", "4"))
        self.assertEqual((picking.state, self._on_hand(self.tape), message.res_id), ("done", 44, picking.id))
        self._commit_events()
        completed = self._get_data(picking, "return.completed")
        self.assertEqual(completed["lines"][0]["dispositions"], [{"disposition": "restock", "quantity": "4"}])
        line = self.shipment.sale_id.order_line
        self.assertEqual(line.qty_delivered, 6)

    def test_dispositions(self):
        """W8: what cannot be sold again goes where it belongs."""
        picking = self._announce(4)
        allocations = [
            {"quantity": "1"},
            {"quantity": "1", "disposition": "repair"},
            {"quantity": "1", "disposition": "hold"},
            {"quantity": "1", "disposition": "scrap"},
        ]
        self._assert_ok(
            self._take_back(self._line(4, allocations=allocations), **{"return": picking.name})[0]
        )
        self.assertEqual(self._on_hand(self.tape), 41)
        for name, quantity in (("repair", 1), ("hold", 1), ("scrap", 1)):
            location = self.warehouse[f"dist_{name}_location_id"]
            self.assertEqual(self._on_hand(self.tape, location=location), quantity, name)
        available = self.env["dist.availability"]._get_availability(self.tape.ids, self.warehouse.ids)
        self.assertEqual(available[self.tape.id, self.warehouse.id].available, 41)
        self._commit_events()
        told = self._get_data(picking, "return.completed")["lines"][0]["dispositions"]
        self.assertEqual({row["disposition"] for row in told}, {"restock", "repair", "hold", "scrap"})

    def test_disposition_without_a_place(self):
        """W8: a disposition the warehouse has no place for waits for a person, who clears it by one setting."""
        picking = self._announce()
        place = self.warehouse.dist_repair_location_id
        self.warehouse.dist_repair_location_id = False
        response, message = self._take_back(self._line(4, disposition="repair"), **{"return": picking.name})
        self._assert_refused(response, 422, "no_place_for_disposition")
        self.warehouse.dist_repair_location_id = place
        self.env.flush_all()
        message.exception_id.action_retry()
        self.env.invalidate_all()
        self.assertEqual(self._on_hand(self.tape, location=place), 4)

    def test_partly_refused(self):
        """W8: what the warehouse does not take back is not in stock, and somebody hears of it."""
        self.system.business_owner_id = self.env.ref("base.user_admin")
        picking = self._announce()
        response, message = self._take_back(self._line(3, refused_quantity="1"), **{"return": picking.name})
        answer = self._assert_ok(response)
        self.assertEqual((answer["lines"][0]["missing"], self._on_hand(self.tape)), ("1", 43))
        exception = self.env["dist.exception"].search([("code", "=", "return_refused")])
        self.assertEqual(
            (exception.res_id, exception.assignee_id), (picking.id, self.system.business_owner_id)
        )

    def test_unexpected(self):
        """W8: goods that nobody announced wait for a person, who takes them back in one click."""
        response, message = self._take_back(self._line(2), order="WEB-77")
        self._assert_refused(response, 422, "unexpected_return")
        self.assertEqual(self._on_hand(self.tape), 40)
        message.exception_id.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((message.state, self._on_hand(self.tape)), ("done", 42))
        picking = self.env["stock.picking"].browse(message.res_id)
        self.assertEqual(
            (picking.state, picking.move_ids.origin_returned_move_id), ("done", self.shipment.move_ids)
        )
        self._commit_events()
        self.assertNotIn("return.requested", self._get_codes(picking))
        self.assertEqual(message.exception_id.state, "resolved")

    def test_unexpected_and_accepted(self):
        """W8, M5: where that is agreed, it is taken back at once, once."""
        self.warehouse.dist_unexpected_return_policy = "accept"
        body = {"confirmation": "R-ONCE", "shipment": self.shipment.name, "lines": [self._line(2)]}
        first, _message = self._post(RETURN, body)
        self._assert_ok(first)
        again = self._call("POST", RETURN, body, self.key, Idempotency_Key="another")
        self.assertEqual(again.json(), first.json())
        self.assertEqual(self._on_hand(self.tape), 42)

    def test_more_than_shipped(self):
        """W8: more than was shipped and has not come back waits for a person, whatever is agreed."""
        self.warehouse.dist_unexpected_return_policy = "accept"
        self._assert_refused(self._take_back(self._line(11), order="WEB-77")[0], 422, "over_return")
        self._assert_ok(self._take_back(self._line(7), order="WEB-77")[0])
        response, message = self._take_back(self._line(2), self._line(2), shipment=self.shipment.name)
        self.assertIn("3 Units", self._assert_refused(response, 422, "over_return")["detail"])
        self.assertEqual(self._on_hand(self.tape), 47)
        message.exception_id.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((message.state, self._on_hand(self.tape)), ("done", 51))

    def test_back_of_two_shipments(self):
        """W8: an order that left in parts comes back as a whole."""
        self.warehouse.dist_unexpected_return_policy = "accept"
        shipment = self._sell((self.tape, 10), client_order_ref="WEB-78")
        for quantity in (6, 4):
            self._assert_ok(self._ship(shipment, (self.tape, quantity))[0])
        self._assert_ok(self._take_back(self._line(10), order="WEB-78")[0])
        self.assertEqual(self._on_hand(self.tape), 40)

    def test_back_of_what_left_in_parts(self):
        """W8: items that left with one shipment in parts come back together."""
        self.warehouse.dist_unexpected_return_policy = "accept"
        self._put(self.glove, 5)
        shipment = self._sell((self.tape, 4), (self.glove, 2))
        self._assert_ok(self._ship(shipment, (self.tape, 4), complete=False)[0])
        self._assert_ok(self._ship(shipment, (self.glove, 2))[0])
        glove = {"sku": "GLOVE", "quantity": "1"}
        self._assert_ok(self._take_back(self._line(3), glove, shipment=shipment.name)[0])
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.glove)), (39, 4))
        self.assertEqual(shipment.sale_id.order_line.mapped("qty_delivered"), [1, 1])

    def test_lot_that_left_with_a_later_part(self):
        """W8: a lot comes back on the part of the shipment that it left with."""
        self.warehouse.dist_unexpected_return_policy = "accept"
        lots = [self._make_lot(self.seal, name) for name in ("L1", "L2")]
        for lot in lots:
            self._put(self.seal, 5, lot=lot)

        def line(*parts):
            return {
                "sku": "SEAL",
                "quantity": str(sum(quantity for _lot, quantity in parts)),
                "allocations": [{"lot": lot.name, "quantity": str(quantity)} for lot, quantity in parts],
            }

        shipment = self._sell((self.seal, 8))
        self._assert_ok(self._ship(shipment, line((lots[0], 4)), complete=False)[0])
        self._assert_ok(self._ship(shipment, line((lots[1], 4)))[0])
        self._assert_ok(self._take_back(line((lots[1], 3)), shipment=shipment.name)[0])
        later = shipment.backorder_ids.move_ids
        self.assertEqual(later.returned_move_ids.lot_ids, lots[1])
        self.assertFalse(shipment.move_ids.returned_move_ids)
        self._assert_ok(self._take_back(line((lots[1], 1), (lots[0], 2)), shipment=shipment.name)[0])
        self.assertEqual([self._on_hand(self.seal, lot=lot) for lot in lots], [3, 5])
        self.assertEqual(shipment.move_ids.returned_move_ids.quantity, 2)

    def test_back_of_two_lines(self):
        """W8: an item that stands on two lines comes back on both, on none more than was shipped."""
        self.warehouse.dist_unexpected_return_policy = "accept"
        shipment = self._sell((self.tape, 5), (self.tape, 5))
        self._assert_ok(self._ship(shipment, (self.tape, 10))[0])
        self._assert_ok(self._take_back(self._line(8), shipment=shipment.name)[0])
        self.assertEqual(shipment.sale_id.order_line.mapped("qty_delivered"), [0, 2])

    def test_nothing_taken_back(self):
        """W8: what came unannounced and was refused is told to a person; nothing is booked."""
        self.warehouse.dist_unexpected_return_policy = "accept"
        response, message = self._take_back(self._line(0, refused_quantity="2"), order="WEB-77")
        self.assertEqual(self._assert_ok(response)["return"], self.shipment.name)
        self.assertEqual((self._on_hand(self.tape), message.exception_id.code), (40, "return_refused"))
        self.assertFalse(self.shipment.move_ids.returned_move_ids)

    def test_unexpected_lines(self):
        """W8: goods that nobody announced have no line yet: they are named, and have left with the shipment."""
        self.warehouse.dist_unexpected_return_policy = "accept"
        line = {"line": str(self.shipment.move_ids.id), "quantity": "1"}
        response, _message = self._take_back(line, shipment=self.shipment.name)
        self._assert_refused(response, 422, "item_missing")
        self._put(self.glove, 5)
        shipment = self._sell((self.tape, 1), (self.glove, 1))
        self._assert_ok(self._ship(shipment, (self.tape, 1), (self.glove, 0))[0])
        shipment.backorder_ids.with_context(dist_shipped_outside=True).action_cancel()
        response, _message = self._take_back({"sku": "GLOVE", "quantity": "1"}, shipment=shipment.name)
        self._assert_refused(response, 422, "item_not_shipped")

    def test_unexpected_but_announced(self):
        """W8: a return that is named by its order is the announced one."""
        picking = self._announce()
        self._assert_ok(self._take_back(self._line(4), order=self.shipment.sale_id.name)[0])
        self.assertEqual(picking.state, "done")

    def test_more_than_announced(self):
        """W8: more than expected waits for a person."""
        picking = self._announce(2)
        response, message = self._take_back(self._line(3), **{"return": picking.name})
        self._assert_refused(response, 422, "over_return")
        message.exception_id.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual(self._on_hand(self.tape), 43)

    def test_bad_input(self):
        """W8: what was never shipped is not taken back."""
        self.warehouse.dist_unexpected_return_policy = "accept"
        self._assert_refused(self._take_back(self._line(1), order="WEB-99")[0], 404, "unknown_return")
        self._assert_refused(self._take_back(self._line(1), **{"return": "X"})[0], 404, "unknown_return")
        self._assert_refused(self._take_back(self._line(1), shipment="X")[0], 404, "unknown_return")
        glove = {"sku": "GLOVE", "quantity": "1"}
        self._assert_refused(self._take_back(glove, order="WEB-77")[0], 422, "item_not_shipped")
        self._assert_refused(self._take_back(self._line(1))[0], 422, "invalid_message")
        self._assert_refused(
            self._take_back(self._line(1, disposition="eat"), order="WEB-77")[0], 422, "invalid_message"
        )

    def test_other_warehouse(self):
        """W8, G8: another warehouse's shipments are unknown to a system."""
        _system, _client, key = self._make_wms("Eastside")
        self._assert_refused(
            self._take_back(self._line(1), key=key, order="WEB-77")[0], 404, "unknown_return"
        )

    def test_lots(self):
        """W8: a lot that comes back is one that is known."""
        lot = self._make_lot(self.seal, "L1")
        self._put(self.seal, 5, lot=lot)
        shipment = self._sell((self.seal, 2))
        line = {"sku": "SEAL", "quantity": "2", "allocations": [{"quantity": "2", "lot": "L1"}]}
        self._assert_ok(self._ship(shipment, line)[0])
        self.warehouse.dist_unexpected_return_policy = "accept"
        wrong = {**line, "allocations": [{"quantity": "2", "lot": "L9"}]}
        self._assert_refused(self._take_back(wrong, shipment=shipment.name)[0], 422, "unknown_lot")
        other = self._make_lot(self.seal, "L2")
        strange = {"sku": "SEAL", "quantity": "1", "allocations": [{"quantity": "1", "lot": "L2"}]}
        response, message = self._take_back(strange, shipment=shipment.name)
        self._assert_refused(response, 422, "lot_not_shipped")
        self.assertIn("L1", message.exception_id.detail)
        self.assertTrue(message.exception_id.can_accept_variance)
        self.assertEqual(self._on_hand(self.seal, lot=other), 0)
        self._assert_ok(self._take_back(line, shipment=shipment.name)[0])
        self.assertEqual(self._on_hand(self.seal, lot=lot), 5)

    def test_cancelled(self):
        """W8: the warehouse hears of a return that will not come."""
        picking = self._announce()
        picking.action_cancel()
        self._commit_events()
        self.assertEqual(self._get_codes(picking), ["return.requested", "return.cancelled"])

    def test_in_flight(self):
        """X2: what a return that waits will bring into stock is known to a reconciliation; what is scrapped is not."""
        picking = self._announce(2)
        now = fields.Datetime.add(fields.Datetime.now(), minutes=1)
        parts = [{"quantity": "2", "disposition": "scrap"}, {"quantity": "1"}]
        for values, quantities in (
            ({}, [3.0]),
            ({"disposition": "hold"}, [3.0]),
            ({"disposition": "scrap"}, []),
            ({"allocations": parts}, [1.0]),
        ):
            response, message = self._take_back(self._line(3, **values), **{"return": picking.name})
            self._assert_refused(response, 422, "over_return")
            effects = message._get_handler()._get_unposted_effects(message, now)
            self.assertEqual([effect.quantity for effect in effects], quantities, values)
            self.assertTrue(all(effect.warehouse == self.warehouse for effect in effects))

    def test_number_of_two_orders(self):
        """W8: two customers call their orders alike: nobody guesses whose goods came back."""
        other = self._sell((self.tape, 5))
        other.sale_id.client_order_ref = "WEB-77"
        self._ship(other, (self.tape, 5))
        self.warehouse.dist_unexpected_return_policy = "accept"
        response, _message = self._take_back(self._line(2), order="WEB-77")
        detail = self._assert_refused(response, 422, "order_ambiguous")["detail"]
        for order in (other | self.shipment).sale_id:
            self.assertIn(order.name, detail)
            self.assertFalse(order.picking_ids.filtered(lambda p: p.picking_type_code == "incoming"))

    def test_in_flight_unannounced(self):
        """X2: so is what came back of a shipment without a word, and waits for a person."""
        now = fields.Datetime.add(fields.Datetime.now(), minutes=1)
        for values in ({"shipment": self.shipment.name}, {"order": "WEB-77"}):
            response, message = self._take_back(self._line(2), **values)
            self._assert_refused(response, 422, "unexpected_return")
            (effect,) = message._get_handler()._get_unposted_effects(message, now)
            self.assertEqual((effect.quantity, effect.warehouse), (2.0, self.warehouse))
        unbooked = self._sell((self.tape, 2))
        response, message = self._take_back(self._line(2), shipment=unbooked.name)
        self._assert_refused(response, 404, "unknown_return")
        self.assertEqual(len(message._get_handler()._get_unposted_effects(message, now)), 1)
        _response, message = self._take_back(self._line(2), **{"return": "X"})
        self.assertFalse(message._get_handler()._get_unposted_effects(message, now))


@tagged("post_install", "-at_install")
class TestReceiptOnHold(WmsHttpCase):
    def test_goods_on_hold(self):
        """W3: goods that wait for a quality decision are received, and are not for sale."""
        hold = self.env["stock.location"].create(
            {"name": "Quality", "location_id": self.warehouse.view_location_id.id}
        )
        picking = self._buy((self.tape, 12))
        line = {"sku": "TAPE", "quantity": "10", "hold_quantity": "2"}
        response, message = self._receive(picking, line)
        self._assert_refused(response, 422, "hold_goods")
        self.warehouse.dist_hold_location_id = hold
        self.env.flush_all()
        message.exception_id.action_retry()
        self.env.invalidate_all()
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.tape, location=hold)), (10, 2))
        self._commit_events()
        self.assertEqual(self._get_data(picking, "receipt.completed")["lines"][0]["on_hold"], "2")
