import json

from odoo import fields
from odoo.tests import tagged

from .test_stock_snapshot import SnapshotCase


@tagged("post_install", "-at_install")
class TestStockInFlight(SnapshotCase):
    """W5, X2: what was told and not booked yet is expected in a snapshot, and nothing else is."""

    def _assert_expected(self, tape, seal=8):
        """Have a snapshot of now compared: it is what is expected."""
        now = fields.Datetime.add(fields.Datetime.now(), minutes=1).isoformat() + "Z"
        run = self._reconcile(f"TAPE,,{tape}", "GLOVE,,5", f"SEAL,L/1,{seal}", taken_at=now)
        self.assertEqual(self._states(run), {})

    def _refuse(self, picking, quantity, **values):
        """:return: message of a shipment of too much, which is refused"""
        response, message = self._ship(picking, (self.tape, quantity), shipped_at=self._at(0), **values)
        self._assert_refused(response, 422, "over_shipment")
        return message

    def test_number_used_again(self):
        """W5: what is refused because its number was used before will never be booked."""
        picking = self._sell((self.tape, 10))
        first = {"confirmation": "C-ONE", "complete": False}
        self._assert_ok(self._ship(picking, (self.tape, 6), **first)[0])
        response, _message = self._ship(picking, (self.tape, 4), **first)
        self._assert_refused(response, 409, "confirmation_reused")
        self._assert_expected(194)
        self.warehouse.dist_adjustment_limit = 1000
        for change, status in (("-3", 200), ("-30", 409)):
            body = {"adjustment": "A-ONE", "lines": [{"sku": "TAPE", "change": change}]}
            response = self._call("POST", "/stock/adjustments", body, self.key, Idempotency_Key=change)
            self.assertEqual(response.status_code, status, response.text)
        self._assert_expected(191)

    def test_sent_again_by_the_warehouse(self):
        """W5: a refused confirmation counts no more when the warehouse has told the right quantity."""
        for values in ({}, {"confirmation": "C-SAME"}):
            # no number of pieces comes twice: the same snapshot of the same second is one
            picking = self._sell((self.tape, 9))
            on_hand = int(self._on_hand(self.tape))
            self._refuse(picking, 20, **values)
            self._assert_expected(on_hand - 20)
            self._assert_ok(self._ship(picking, (self.tape, 9), **values)[0])
            self._assert_expected(on_hand - 9)

    def test_cancelled_after_a_refusal(self):
        """W5: goods that left and were refused have left, also when the transfer is cancelled here afterwards."""
        picking = self._sell((self.tape, 10))
        self._refuse(picking, 20)
        override = {"picking_ids": picking.ids, "action": "cancel", "reason": "The customer is bankrupt"}
        self.env["dist.release.override"].create(override).action_override()
        self.assertEqual(picking.state, "cancel")
        self._assert_expected(180)

    def test_refused_again(self):
        """W5: a correction takes the place of what it corrects, also when it is refused as well."""
        picking = self._sell((self.tape, 10))
        message = self._refuse(picking, 20)
        body = {**message._get_valid_payload(), "lines": [{"sku": "TAPE", "quantity": "18"}]}
        message._resubmit(json.dumps(body))
        self.assertEqual(message.correction_ids.state, "dead")
        self._assert_expected(182)
        picking = self._sell((self.tape, 10))
        for quantity in (30, 15):
            self._refuse(picking, quantity, confirmation="C-AGAIN")
        self._assert_expected(167)

    def test_goods_in_other_conditions(self):
        """W3, W5: what is damaged or on hold has come as well."""
        for name in ("hold", "damaged"):
            self.warehouse[f"dist_{name}_location_id"] = self.env["stock.location"].create(
                {"name": name, "location_id": self.warehouse.view_location_id.id}
            )
        receipt = self._buy((self.tape, 8), (self.seal, 8))
        lot = {"quantity": "4", "lot": "L/1"}
        lines = (
            {"sku": "TAPE", "quantity": "4", "hold_quantity": "6", "damaged_quantity": "1"},
            {"sku": "SEAL", "quantity": "4", "allocations": [lot], "damaged_quantity": "6"},
        )
        self._assert_refused(self._receive(receipt, *lines, received_at=self._at(0))[0], 422, "over_receipt")
        self._assert_expected(211, seal=18)

    def test_by_location(self):
        """W5, X2: what waits is expected where goods of its status lie, also what only changes its status."""
        hold = self.env["stock.location"].create(
            {"name": "Quality", "barcode": "QA", "location_id": self.warehouse.view_location_id.id}
        )
        self.warehouse.dist_hold_location_id = hold
        self._put(self.tape, 40, location=hold)
        self._map_code("location", "BULK", self.stock)
        line = {"sku": "TAPE", "change": "-26", "status": "hold"}
        response, _message = self._post("/stock/adjustments", {"adjustment": "A-HOLD", "lines": [line]})
        self._assert_refused(response, 422, "adjustment_approval")
        line = {"sku": "TAPE", "quantity": "4", "hold_quantity": "6"}
        response, _message = self._receive(self._buy((self.tape, 8)), line, received_at=self._at(0))
        self._assert_refused(response, 422, "over_receipt")
        line = {"sku": "TAPE", "quantity": "5", "from": "available", "to": "hold", "reason": "??"}
        response, _message = self._post("/stock/status-changes", {"adjustment": "Q-HOLD", "lines": [line]})
        self.assertEqual(response.status_code, 202, response.text)
        now = fields.Datetime.add(fields.Datetime.now(), minutes=1).isoformat() + "Z"
        rows = ("TAPE,BULK,,199", "TAPE,QA,,25", "GLOVE,BULK,,5", "SEAL,BULK,L/1,8")
        run = self._reconcile(*rows, head="sku,location,lot,quantity", taken_at=now)
        self.assertEqual(self._states(run), {})
        self._assert_expected(224)

    def test_told_again_in_a_part(self):
        """W5: so does what was refused for good once a part of the same shipment has told its items anew."""
        picking = self._sell((self.tape, 10), (self.glove, 4))
        lines = ((self.tape, 20), (self.glove, 4))
        self._assert_refused(self._ship(picking, *lines, shipped_at=self._at(0))[0], 422, "over_shipment")
        wrong = {"sku": "TAPE", "quantity": "4", "package": "NONE"}
        response, _message = self._ship(picking, wrong, shipped_at=self._at(0))
        self._assert_refused(response, 422, "unknown_package")
        self._assert_ok(self._ship(picking, (self.tape, 4), complete=False)[0])
        self._assert_expected(196)

    def test_adjusted_again(self):
        """W4, W5: an adjustment that was refused counts no more when the same change was told under another number."""
        self.warehouse.dist_adjustment_limit = 1000
        for number, before, expected in (("A-WRONG", "150", 197), ("A-RIGHT", "205", 202)):
            line = {"sku": "TAPE", "change": "-3", "previous_on_hand": before}
            self._post("/stock/adjustments", {"adjustment": number, "lines": [line]})
            self._assert_expected(expected)
            # no snapshot of the same second is equal to another
            self._put(self.tape, 5)
        self._post(
            "/stock/adjustments",
            {"adjustment": "A-MORE", "lines": [{**line, "change": "-2", "previous_on_hand": "150"}]},
        )
        self._assert_expected(205)
