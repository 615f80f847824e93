import json

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import WmsHttpCase

ADJUST = "/stock/adjustments"


@tagged("post_install", "-at_install")
class TestStockAdjusted(WmsHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse.dist_adjustment_limit = 100.0
        cls._put(cls.tape, 50)

    def _adjust(self, *lines, key=None, **values):
        body = {"adjustment": f"A-{next(self.numbers)}", "reason": "count", "lines": list(lines), **values}
        return self._post(ADJUST, body, key)

    def _line(self, change, product=None, **values):
        return {"sku": (product or self.tape).default_code, "change": str(change), **values}

    def _get_adjustment(self, message):
        return self.env["dist.stock.adjustment"].search([("message_id", "=", message.id)])

    def test_less(self):
        """W4: a loss within the limit is booked at once, with reason and value."""
        response, message = self._adjust(
            self._line(-3, previous_on_hand="50"), adjusted_at="2026-03-02T14:05:00Z"
        )
        answer = self._assert_ok(response)
        self.assertEqual(
            answer["lines"],
            [
                {
                    "sku": "TAPE",
                    "lot": None,
                    "unit": self.tape.uom_id.name,
                    "from_status": "available",
                    "to_status": None,
                    "quantity": "-3",
                    "on_hand_before": "50",
                }
            ],
        )
        self.assertEqual(self._on_hand(self.tape), 47)
        adjustment = self._get_adjustment(message)
        self.assertEqual((adjustment.value, adjustment.line_ids.reason_id.code), (-12.0, "count"))
        self.assertEqual(adjustment.line_ids.move_ids.state, "done")
        self.assertEqual(adjustment.line_ids.move_ids.location_dest_id.usage, "inventory")
        self.assertEqual(message.res_id, adjustment.id)

    def test_not_yet(self):
        """W4, M4: what has not happened yet is refused, and what happened when there were no warehouses."""
        response, _message = self._adjust(self._line(-3), adjusted_at="2099-01-01T00:00:00Z")
        self._assert_refused(response, 422, "in_future")
        response, _message = self._adjust(self._line(-3), adjusted_at="0001-01-01T00:00:00Z")
        self._assert_refused(response, 422, "date_far_off")
        self.assertEqual(self._on_hand(self.tape), 50)

    def test_more(self):
        """W4: found goods come in."""
        self._assert_ok(self._adjust(self._line(5))[0])
        self.assertEqual(self._on_hand(self.tape), 55)

    def test_units_are_converted(self):
        """W4: a dozen is twelve, whatever unit the item is kept in."""
        self._map_code("unit", "DZ", self.dozen)
        self._assert_ok(self._adjust(self._line(-1, unit="DZ"))[0])
        self.assertEqual(self._on_hand(self.tape), 38)

    def test_unknown_unit_waits_for_its_meaning(self):
        """W4: a unit is never guessed."""
        response, message = self._adjust(self._line(-1, unit="CS"))
        self.assertEqual((response.status_code, message.exception_id.category), (202, "mapping"))
        self._map_code("unit", "CS", self.dozen)
        message.exception_id.action_retry()
        self.assertEqual((message.state, self._on_hand(self.tape)), ("done", 38))

    def test_repeated_once(self):
        """W4, M5: the same number under another key has no second effect; other content is refused."""
        body = {"adjustment": "A-SAME", "reason": "lost", "lines": [self._line(-2)]}
        first, _message = self._post(ADJUST, body)
        again = self._call("POST", ADJUST, body, self.key, Idempotency_Key="another")
        self.assertEqual(first.json(), self._assert_ok(again))
        self.assertEqual(self._on_hand(self.tape), 48)
        other = {**body, "lines": [self._line(-4)]}
        self._assert_refused(
            self._call("POST", ADJUST, other, self.key, Idempotency_Key="third"), 409, "adjustment_reused"
        )

    def test_other_stock_than_the_warehouse_thought(self):
        """W4: compare-and-set: nothing happens until a person has accepted what differs."""
        response, message = self._adjust(self._line(-3, previous_on_hand="60"))
        problem = self._assert_refused(response, 422, "adjustment_variance")
        self.assertEqual(problem["errors"][0]["pointer"], "/lines/0/previous_on_hand")
        self.assertEqual(self._on_hand(self.tape), 50)
        message.exception_id.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((message.state, self._on_hand(self.tape)), ("done", 47))
        self.assertEqual(message.exception_id.state, "resolved")

    def test_more_than_there_is(self):
        """W4: a loss of what Odoo does not have waits for a person."""
        response, message = self._adjust(self._line(-51))
        self.assertEqual(response.json()["code"], "adjustment_approval")
        self.warehouse.dist_adjustment_limit = 1000
        response, message = self._adjust(self._line(-51))
        problem = self._assert_refused(response, 422, "adjustment_variance")
        self.assertEqual(problem["errors"][0]["code"], "stock_negative")
        message.exception_id.action_accept_variance()
        self.assertEqual(self._on_hand(self.tape), -1)

    def test_value_above_the_limit(self):
        """W4: gains and losses are not netted; an inventory administrator approves."""
        self._put(self.glove, 30)
        response, message = self._adjust(self._line(-20), self._line(10, self.glove))
        self._assert_refused(response, 422, "adjustment_approval")
        exception = message.exception_id
        for text in ("Item TAPE: -20 Units", "Item GLOVE: +10 Dozens", "Count"):
            self.assertIn(text, exception.detail)
        self.assertEqual(
            (
                exception.impact_lines,
                exception.impact_skus,
                exception.impact_warehouses,
                exception.impact_value,
            ),
            (2, "GLOVE, TAPE", "Northside", 120.0),
        )
        operator = new_test_user(
            self.env,
            "wms_operator",
            groups="dist_integration_base.group_dist_operator,stock.group_stock_user",
        )
        with self.assertRaisesRegex(UserError, "inventory administrator"):
            exception.with_user(operator).action_accept_variance()
        self.assertEqual(self._on_hand(self.tape), 50)
        administrator = new_test_user(
            self.env,
            "wms_administrator",
            groups="dist_integration_base.group_dist_operator,stock.group_stock_manager",
        )
        exception.with_user(administrator).action_accept_variance()
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.glove)), (30, 40))
        self.assertEqual(self._get_adjustment(message).approved_by_id, administrator)

    def test_own_correction(self):
        """W4, G4: who corrects an adjustment does not approve it as well."""
        _response, message = self._adjust(self._line(-30))
        first, second = (
            new_test_user(
                self.env,
                f"wms_administrator_{number}",
                groups="dist_integration_base.group_dist_operator,stock.group_stock_manager",
            )
            for number in range(2)
        )
        body = {"adjustment": "A-OWN", "lines": [self._line(-40)]}
        message.with_user(first).sudo()._resubmit(json.dumps(body))
        self.env.invalidate_all()
        exception = message.correction_ids.exception_id
        self.assertEqual((exception.code, exception.can_accept_variance), ("adjustment_approval", True))
        with self.assertRaisesRegex(UserError, "A colleague"):
            exception.with_user(first).action_accept_variance()
        self.assertEqual(self._on_hand(self.tape), 50)
        exception.with_user(second).action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual(self._on_hand(self.tape), 10)

    def test_reasons(self):
        """W4: a reason may always or never wait; a foreign word is explained once."""
        self._assert_refused(self._adjust(self._line(-1), reason="theft")[0], 422, "adjustment_approval")
        self.env.ref("dist_integration_wms.stock_reason_sample").approval = "never"
        self._assert_ok(self._adjust(self._line(-40), reason="sample")[0])
        response, message = self._adjust(self._line(-1), reason="BRK")
        self.assertEqual((response.status_code, message.exception_id.mapping_domain), (202, "stock_reason"))
        self._map_code("stock_reason", "BRK", self.env.ref("dist_integration_wms.stock_reason_damaged"))
        message.exception_id.action_retry()
        self.assertEqual(self._get_adjustment(message).line_ids.reason_id.code, "damaged")

    def test_lots(self):
        """W4: a loss names a known lot, a gain may bring a new one."""
        lot = self._make_lot(self.seal, "L1")
        self._put(self.seal, 10, lot=lot)
        self._assert_refused(self._adjust(self._line(-1, self.seal))[0], 422, "lot_missing")
        self._assert_refused(self._adjust(self._line(-1, self.seal, lot="L9"))[0], 422, "unknown_lot")
        self._assert_ok(self._adjust(self._line(-1, self.seal, lot="L1", previous_on_hand="10"))[0])
        self._assert_ok(self._adjust(self._line(2, self.seal, lot="L2"))[0])
        new = self.env["stock.lot"].search([("name", "=", "L2"), ("product_id", "=", self.seal.id)])
        self.assertEqual((self._on_hand(self.seal, lot=lot), self._on_hand(self.seal, lot=new)), (9, 2))

    def test_several_lines_of_one_item(self):
        """W4: lines of the same goods follow one another: each finds what the one before it has left."""
        self._assert_ok(
            self._adjust(self._line(-5, previous_on_hand="50"), self._line(2, previous_on_hand="45"))[0]
        )
        self.assertEqual(self._on_hand(self.tape), 47)
        self.warehouse.dist_adjustment_limit = 1000
        response, message = self._adjust(self._line(-30), self._line(-1, self.glove), self._line(-30))
        problem = self._assert_refused(response, 422, "adjustment_variance")
        self.assertEqual(
            [(error["pointer"], error["code"]) for error in problem["errors"]],
            [("/lines/1/change", "stock_negative"), ("/lines/2/change", "stock_negative")],
        )
        self.assertIn("has only 17", problem["detail"])
        self.assertEqual(self._on_hand(self.tape), 47)
        message.exception_id.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.glove)), (-13, -1))
        lines = self._get_adjustment(message).line_ids.sorted("id")
        self.assertEqual(lines.mapped("previous_quantity"), [47, 0, 17])
        self.assertEqual([sum(line.move_ids.mapped("quantity")) for line in lines], [30, 1, 30])

    def test_found_and_lost_in_one_message(self):
        """W4: what one line has found, the next one may lose; each lot for itself."""
        self._assert_ok(self._adjust(self._line(5, self.glove), self._line(-5, self.glove))[0])
        for name in ("L1", "L2"):
            self._put(self.seal, 4, lot=self._make_lot(self.seal, name))
        lines = [self._line(-4, self.seal, lot=name, previous_on_hand="4") for name in ("L1", "L2")]
        self._assert_ok(self._adjust(*lines)[0])
        self.assertEqual((self._on_hand(self.glove), self._on_hand(self.seal)), (0, 0))

    def test_serial_in_two_places(self):
        """W4: a serial number that is found where Odoo has it elsewhere waits for a person."""
        serial = self._make_lot(self.meter, "S-1")
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.warehouse.view_location_id.id}
        )
        self._put(self.meter, 1, location=shelf, lot=serial)
        response, message = self._adjust(self._line(1, self.meter, lot="S-1"))
        problem = self._assert_refused(response, 422, "adjustment_variance")
        self.assertEqual(
            [(error["pointer"], error["code"]) for error in problem["errors"]],
            [("/lines/0/lot", "serial_in_stock")],
        )
        self.assertIn(shelf.display_name, problem["detail"])
        self._put(self.meter, -1, location=shelf, lot=serial)
        self.env.flush_all()
        message.exception_id.action_retry()
        self.env.invalidate_all()
        self.assertEqual((message.state, self._on_hand(self.meter, lot=serial)), ("done", 1), message.error)

    def test_reserved_goods_are_lost_too(self):
        """W4: what is reserved for an order and lost is no longer reserved for it."""
        picking = self._sell((self.tape, 50))
        self.assertEqual(picking.state, "assigned")
        self._assert_ok(self._adjust(self._line(-10))[0])
        self.assertEqual(self._on_hand(self.tape), 40)
        self.assertLessEqual(sum(picking.move_ids.mapped("quantity")), 40)

    def test_goods_in_racks(self):
        """W4: goods are taken from where they lie below the warehouse's stock."""
        rack = self.env["stock.location"].create({"name": "Rack", "location_id": self.stock.id})
        self._put(self.glove, 4, location=rack)
        self._assert_ok(self._adjust(self._line(-4, self.glove, previous_on_hand="4"))[0])
        self.assertEqual(self._on_hand(self.glove, location=rack), 0)

    def test_one_of_several_warehouses(self):
        """W4: a system that runs several warehouses says which."""
        other = self._make_warehouse(self.system, "Southside", "SSIDE", dist_adjustment_limit=100)
        self._assert_refused(self._adjust(self._line(1))[0], 422, "warehouse_missing")
        self._assert_ok(self._adjust(self._line(1), warehouse="SSIDE")[0])
        self.assertEqual(self._on_hand(self.tape, location=other.lot_stock_id), 1)
        response, message = self._adjust(self._line(1), warehouse="W-2")
        self.assertEqual((response.status_code, message.exception_id.mapping_domain), (202, "warehouse"))

    def test_foreign_warehouse(self):
        """W4, G8: a warehouse of another system cannot be touched."""
        _system, _client, key = self._make_wms("Eastside")
        response, _message = self._adjust(self._line(-1), key=key, warehouse=self.warehouse.code)
        self.assertEqual(response.status_code, 202)
        self._assert_refused(self._adjust(self._line(-1), key=key)[0], 422, "no_warehouse")
        self.assertEqual(self._on_hand(self.tape), 50)

    def test_bad_input(self):
        """W4: what cannot be is refused with its place."""
        for line, code in (
            ({"sku": "TAPE", "change": "0"}, "no_change"),
            ({"sku": "TAPE", "change": "0.001"}, "quantity_precision"),
            ({"sku": "TAPE", "change": "1e3"}, "invalid_message"),
            ({"sku": "TAPE", "change": 3}, "invalid_message"),
            ({"change": "1"}, "invalid_message"),
            ({"sku": "TAPE", "change": "1", "status": "gone"}, "invalid_message"),
            ({"sku": "TAPE", "change": "1", "status": "hold"}, "no_place_for_status"),
        ):
            with self.subTest(line=line):
                self._assert_refused(self._adjust(line)[0], 422, code)
        self._assert_refused(
            self._adjust(self._line(1), adjusted_at="2026-02-30T00:00:00Z")[0], 422, "invalid_date"
        )
        advice = {"name": "Advice", "default_code": "ADVICE", "type": "service"}
        service = self.env["product.product"].create(advice)
        self._assert_refused(self._adjust(self._line(1, service))[0], 422, "not_stocked")
        self.assertEqual(self._on_hand(self.tape), 50)


@tagged("post_install", "-at_install")
class TestStockStatusChanged(WmsHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hold = cls.env["stock.location"].create({"name": "Quality", "location_id": cls.stock.id})
        cls.damaged = cls.env["stock.location"].create(
            {"name": "Damaged", "location_id": cls.warehouse.view_location_id.id}
        )
        cls.warehouse.write(
            {"dist_hold_location_id": cls.hold.id, "dist_damaged_location_id": cls.damaged.id}
        )
        cls._put(cls.tape, 50)

    def _change(self, quantity, old, new, **values):
        return self._change_all(self._line(quantity, old, new, **values))

    def _line(self, quantity, old, new, **values):
        return {"sku": "TAPE", "quantity": str(quantity), "from": old, "to": new, **values}

    def _change_all(self, *lines):
        body = {"adjustment": f"Q-{next(self.numbers)}", "reason": "quality_control", "lines": list(lines)}
        return self._post("/stock/status-changes", body)

    def test_goods_apart_within_the_stock_are_not_reserved(self):
        """W4: what is on hold is not promised to a delivery, also where the place lies within the stock."""
        self._assert_ok(self._change(40, "available", "hold")[0])
        quants = self.env["stock.quant"]
        self.assertEqual(quants._get_available_quantity(self.tape, self.stock), 10)
        self.assertEqual(quants._get_available_quantity(self.tape, self.hold), 40)
        self.warehouse.dist_hold_location_id = False
        self.assertEqual(quants._get_available_quantity(self.tape, self.stock), 50)

    def _available(self):
        return (
            self.env["dist.availability"]
            ._get_availability(self.tape.ids, self.warehouse.ids)[self.tape.id, self.warehouse.id]
            .available
        )

    def test_hold_and_release(self):
        """W4: goods on hold are there, and not for sale."""
        self._assert_ok(self._change(20, "available", "hold")[0])
        self.assertEqual((self._on_hand(self.tape, location=self.hold), self._available()), (20, 30))
        self._assert_ok(self._change(5, "hold", "damaged")[0])
        self._assert_ok(self._change(15, "hold", "available")[0])
        self.assertEqual((self._on_hand(self.tape, location=self.damaged), self._available()), (5, 45))

    def test_reserved_again(self):
        """W4: goods that come back available are reserved again for the deliveries that have lost them."""
        self.hold.location_id = self.warehouse.view_location_id
        first, second = self._sell((self.tape, 40)), self._sell((self.tape, 8))
        self._assert_ok(self._change(30, "available", "hold")[0])
        self.assertEqual(sum((first | second).move_ids.mapped("quantity")), 20)
        self._assert_ok(self._change(10, "hold", "damaged")[0])
        self.assertEqual(sum((first | second).move_ids.mapped("quantity")), 20)
        body = {"adjustment": "Q-BACK", "lines": [self._line(20, "hold", "available")]}
        self._assert_ok(self._post("/stock/status-changes", body)[0])
        self.assertEqual(sum((first | second).move_ids.mapped("quantity")), 40)
        self.assertEqual(self._available(), 0)
        first.do_unreserve()
        self._assert_ok(self._call("POST", "/stock/status-changes", body, self.key, Idempotency_Key="again"))
        self.assertFalse(sum(first.move_ids.mapped("quantity")), "what was applied before reserves nothing")

    def test_value_is_unchanged(self):
        """W4: a change of status has no value and needs no approval."""
        _response, message = self._change(50, "available", "hold")
        adjustment = self.env["dist.stock.adjustment"].browse(message.res_id)
        self.assertEqual((adjustment.kind, adjustment.value), ("status", 0.0))

    def test_not_enough(self):
        """W4: more than there is of a status is refused; goods on hold do not count as available."""
        self._assert_ok(self._change(20, "available", "hold")[0])
        self._assert_refused(self._change(31, "available", "damaged")[0], 422, "not_enough_stock")
        self._assert_refused(self._change(1, "damaged", "available")[0], 422, "not_enough_stock")
        self._assert_refused(self._change(1, "hold", "hold")[0], 422, "same_status")

    def test_several_lines_of_one_item(self):
        """W4: lines of the same goods follow one another."""
        lines = self._line(30, "available", "hold"), self._line(30, "available", "damaged")
        response, message = self._change_all(*lines)
        problem = self._assert_refused(response, 422, "not_enough_stock")
        self.assertEqual([error["pointer"] for error in problem["errors"]], ["/lines/1/quantity"])
        self.assertIn("has 20", problem["detail"])
        self._assert_ok(
            self._change_all(self._line(30, "available", "hold"), self._line(30, "hold", "damaged"))[0]
        )
        self.assertEqual((self._on_hand(self.tape, location=self.damaged), self._available()), (30, 20))

    def test_accepted_although_not_enough(self):
        """W4, X1: messages that overtook each other are settled in one click: what is missing becomes negative."""
        response, message = self._change(60, "available", "hold")
        self.assertIn("has 50", self._assert_refused(response, 422, "not_enough_stock")["detail"])
        self.assertEqual(message.exception_id.main_action, "accept")
        message.exception_id.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((message.state, self._on_hand(self.tape, location=self.hold)), ("done", 60))
        # there are as many as before; of those that are not on hold, too few
        self.assertEqual(self._on_hand(self.tape), -10)

    def test_adjustment_of_goods_on_hold(self):
        """W4: an adjustment may be of goods of another status."""
        self.warehouse.dist_adjustment_limit = 100
        self._assert_ok(self._change(20, "available", "hold")[0])
        line = {"sku": "TAPE", "change": "-2", "status": "hold", "previous_on_hand": "20"}
        self._assert_ok(self._post("/stock/adjustments", {"adjustment": "A-HOLD", "lines": [line]})[0])
        self.assertEqual((self._on_hand(self.tape, location=self.hold), self._available()), (18, 30))
