from datetime import datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import SHIP, WmsHttpCase


@tagged("post_install", "-at_install")
class TestShipmentLots(WmsHttpCase):
    """Lots, serial numbers and expiration dates of shipments."""

    def setUp(self):
        super().setUp()
        self.old = self._make_lot(self.seal, "L-OLD", expiration_date=datetime(2027, 1, 31, 12))
        self.new = self._make_lot(self.seal, "L-NEW", expiration_date=datetime(2027, 6, 30, 12))
        self._put(self.seal, 5, lot=self.old)
        self._put(self.seal, 20, lot=self.new)

    def _allocations(self, *parts):
        total = sum(quantity for quantity, _lot in parts)
        return {
            "sku": "SEAL",
            "quantity": str(total),
            "allocations": [{"quantity": str(quantity), "lot": lot} for quantity, lot in parts],
        }

    def _get_done(self, picking):
        lots = picking.move_line_ids.grouped("lot_id")
        return {lot.name: sum(lines.mapped("quantity")) for lot, lines in lots.items()}

    def test_reserved_lots(self):
        """W2: the lots that Odoo had set aside."""
        picking = self._sell((self.seal, 8))
        parts = [(line.quantity, line.lot_id.name) for line in picking.move_line_ids]
        self.assertEqual(len(parts), 2)
        self._assert_ok(self._ship(picking, self._allocations(*parts))[0])
        self.assertEqual(self._get_done(picking), {lot: quantity for quantity, lot in parts})

    def test_other_lots(self):
        """W2: the warehouse chooses; lots follow what it took, reservations follow too."""
        picking = self._sell((self.seal, 8))
        response, message = self._ship(picking, self._allocations((1, "L-OLD"), (7, "L-NEW")))
        self._assert_ok(response)
        self.assertEqual(self._get_done(picking), {"L-OLD": 1, "L-NEW": 7})
        self.assertEqual(
            (self._on_hand(self.seal, lot=self.old), self._on_hand(self.seal, lot=self.new)), (4, 13)
        )
        self.assertFalse(
            self.env["stock.quant"].search([("product_id", "=", self.seal.id), ("reserved_quantity", ">", 0)])
        )
        self.assertFalse(message.exception_id)

    def test_same_lot_twice(self):
        """W2: a lot may be named in several allocations, and in several lines."""
        picking = self._sell((self.seal, 8))
        self._assert_ok(
            self._ship(
                picking, self._allocations((2, "L-NEW"), (3, "L-NEW")), self._allocations((3, "L-NEW"))
            )[0]
        )
        self.assertEqual(
            sum(picking.move_line_ids.filtered(lambda line: line.lot_id == self.new).mapped("quantity")), 8
        )

    def test_part_with_lots(self):
        """W2: part of a line with lots; the rest is reserved again."""
        picking = self._sell((self.seal, 8))
        self._assert_ok(self._ship(picking, self._allocations((3, "L-NEW")))[0])
        self.assertEqual(self._get_done(picking), {"L-NEW": 3})
        self.assertEqual(
            (picking.backorder_ids.move_ids.product_uom_qty, picking.backorder_ids.state), (5, "assigned")
        )

    def test_lot_is_missing(self):
        """W2: an item with lots needs them."""
        picking = self._sell((self.seal, 8))
        response, message = self._ship(picking, (self.seal, 8))
        self._assert_refused(response, 422, "lot_missing")
        self.assertIn("Correct and resubmit", message.exception_id.suggestion)
        self.assertEqual(message.exception_id.main_action, "correct")

    def test_unknown_lot(self):
        """W2, M8: an unknown lot is a question to a person, with the lots that are there; the answer replays it."""
        picking = self._sell((self.seal, 8))
        response, message = self._ship(picking, self._allocations((8, "L-NWE")))
        self.assertEqual((response.status_code, response.json()["status"]), (202, "held"))
        exception = message.exception_id
        self.assertEqual(
            (exception.category, exception.mapping_domain, exception.external_code),
            ("mapping", "lot", "SEAL/L-NWE"),
        )
        self.assertIn("L-OLD (5)", exception.suggestion)
        self.assertIn("L-NEW (20)", exception.suggestion)
        action = exception.action_fix_mapping()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.record_ref = self._make_lot(self._make_product("OTHER", tracking="lot"), "L-NWE")
        with self.assertRaisesRegex(UserError, "L-NWE is a lot of .*OTHER.*: SEAL/L-NWE cannot stand for it"):
            wizard.action_fix()
        wizard.record_ref = self.new
        wizard.action_fix()
        self.env.invalidate_all()
        self.assertEqual(
            (message.state, picking.state, self._get_done(picking)), ("done", "done", {"L-NEW": 8})
        )

    def test_lot_of_another_item(self):
        """W2: a lot's name says nothing about another item's lot of that name."""
        other = self._make_product("OTHER", tracking="lot")
        self._make_lot(other, "L-OTHER")
        picking = self._sell((self.seal, 8))
        response, _message = self._ship(picking, self._allocations((8, "L-OTHER")))
        self.assertEqual(response.status_code, 202)

    def test_lot_not_in_stock(self):
        """W2: a lot that is not there, or not that much of it, is refused with the lots that are."""
        self._make_lot(self.seal, "L-GONE")
        picking = self._sell((self.seal, 8))
        for parts in ([(8, "L-GONE")], [(8, "L-OLD")], [(4, "L-OLD"), (4, "L-OLD")]):
            with self.subTest(parts=parts):
                response, message = self._ship(picking, self._allocations(*parts))
                self._assert_refused(response, 422, "lot_not_in_stock")
                self.assertIn("L-NEW (20)", message.exception_id.suggestion)
        self.assertEqual(picking.state, "assigned")

    def test_lot_of_an_item_without_lots(self):
        """W2: the lot of an item that Odoo does not track is left aside, and the answer says so."""
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 2))
        line = {"sku": "TAPE", "quantity": "2", "allocations": [{"quantity": "2", "lot": "X"}]}
        answer = self._assert_ok(self._ship(picking, line)[0])
        self.assertEqual([warning["code"] for warning in answer["warnings"]], ["lot_ignored"])
        self.assertFalse(picking.move_line_ids.lot_id)

    def test_expiry(self):
        """W2, X1: a date that differs from Odoo's does not hold up the shipment, but a person decides."""
        picking = self._sell((self.seal, 2))
        line = self._allocations((2, "L-OLD"))
        line["allocations"][0]["expiry"] = "2027-01-31"
        response, message = self._ship(picking, line)
        self._assert_ok(response)
        self.assertFalse(message.exception_id)
        picking = self._sell((self.seal, 2))
        line["allocations"][0]["expiry"] = "2026-01-31"
        response, message = self._ship(picking, line)
        self._assert_ok(response)
        self.assertEqual((picking.state, message.exception_id.code), ("done", "expiry_differs"))
        self.assertEqual(str(self.old.expiration_date.date()), "2027-01-31")
        line["allocations"][0]["expiry"] = "2026-02-31"
        picking = self._sell((self.seal, 1))
        self._assert_refused(self._ship(picking, line)[0], 422, "invalid_date")

    def test_serials(self):
        """W2: serial numbers, one a piece, whichever Odoo had set aside."""
        serials = [self._make_lot(self.meter, f"S-{number}") for number in range(5)]
        for serial in serials:
            self._put(self.meter, 1, lot=serial)
        picking = self._sell((self.meter, 2))
        line = {"sku": "METER", "quantity": "2", "serials": ["S-3", "S-4"]}
        self._assert_ok(self._ship(picking, line)[0])
        self.assertEqual(sorted(picking.move_line_ids.lot_id.mapped("name")), ["S-3", "S-4"])
        self.assertEqual(self._on_hand(self.meter), 3)

    def test_bad_serials(self):
        """W2: a serial number stands for one piece, and the numbers must be as many as the pieces."""
        serial = self._make_lot(self.meter, "S-1")
        self._put(self.meter, 1, lot=serial)
        self._put(self.meter, 1, lot=self._make_lot(self.meter, "S-2"))
        picking = self._sell((self.meter, 2))
        cases = [
            ({"quantity": "2", "serials": ["S-1"]}, "allocation_mismatch"),
            ({"quantity": "2", "allocations": [{"quantity": "2", "lot": "S-1"}]}, "serial_twice"),
            ({"quantity": "2", "allocations": [{"quantity": "1", "lot": "S-1"}] * 2}, "serial_twice"),
            ({"quantity": "2", "serials": ["S-1", "S-1"]}, "invalid_message"),
            ({"quantity": "1", "serials": ["S-1"], "allocations": [{"quantity": "1"}]}, "invalid_message"),
        ]
        for line, code in cases:
            with self.subTest(line=line):
                self._assert_refused(self._ship(picking, {"sku": "METER", **line})[0], 422, code)

    def test_lot_reserved_by_another(self):
        """W2: the lot that left was reserved for another delivery, which takes another lot."""
        other = self._sell((self.seal, 5))
        self.assertEqual(other.move_line_ids.lot_id, self.old)
        picking = self._sell((self.seal, 3))
        self._assert_ok(self._ship(picking, self._allocations((3, "L-OLD")))[0])
        self.assertEqual(self._on_hand(self.seal, lot=self.old), 2)
        self.assertEqual(other.move_ids.quantity, 5)

    def _ship_all(self, *shipped):
        """Confirm shipments in one call.

        :param shipped: (picking, line)
        :return: their statuses and codes
        """
        items = [
            {"confirmation": f"C-{next(self.numbers)}", "shipment": picking.name, "lines": [line]}
            for picking, line in shipped
        ]
        answer = self._assert_ok(self._call("POST", f"{SHIP}/bulk", {"items": items}, self.key))
        return [(item["status"], item.get("problem", {}).get("code")) for item in answer["items"]]

    def test_lot_twice_in_one_call(self):
        """W2: a lot that leaves with one shipment of a call is not there for the next one."""
        pickings = [self._sell((self.seal, 3)) for _number in range(3)]
        shipped = [(picking, self._allocations((3, "L-OLD"))) for picking in pickings]
        shipped[2] = (pickings[2], self._allocations((1, "L-OLD"), (2, "L-NEW")))
        self.assertEqual(self._ship_all(*shipped), [(200, None), (422, "lot_not_in_stock"), (200, None)])
        self.assertEqual((self._on_hand(self.seal, lot=self.old), pickings[1].state), (1, "assigned"))
