from datetime import datetime

from odoo.tests import Form, new_test_user, tagged

from .common import RETURN, WmsHttpCase

GROUPS = "dist_integration_base.group_dist_operator,stock.group_stock_manager"
ADJUST = "/stock/adjustments"
MOST_CLICKS = 3


@tagged("post_install", "-at_install")
class TestOddCases(WmsHttpCase):
    """Whatever a warehouse sends that does not fit is named, and a person clears it from the list of exceptions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 100)
        cls._put(cls.glove, 100)
        cls.lot = cls._make_lot(cls.seal, "L1", expiration_date=datetime(2031, 1, 31, 12))
        cls._put(cls.seal, 20, lot=cls.lot)
        cls.warehouse.dist_adjustment_limit = 100
        # from 19.0 on it is archived at first
        cls.dozen.active = True
        cls.person = new_test_user(cls.env, "odd", groups=GROUPS)

    # what a person does: each returns how many clicks it takes, from the open list on

    def _accept(self, exception):
        """Open it, Accept variance, OK."""
        self.assertEqual(exception.main_action, "accept")
        exception.action_accept_variance()
        return 3

    def _fix(self, exception, record):
        """Fix mapping, choose, Save."""
        self.assertEqual(exception.main_action, "fix")
        action = exception.action_fix_mapping()
        dialog = Form(self.env[action["res_model"]].with_user(self.person).browse(action["res_id"]))
        dialog.record_ref = f"{record._name},{record.id}"
        dialog.save().action_fix()
        return 3

    def _keep(self, exception):
        """Keep rest."""
        self.assertEqual(exception.main_action, "decide_rest")
        exception.action_keep_rest()
        return 1

    def _ignore(self, exception):
        """Ignore, then, with a reason, Ignore."""
        dialog = self.env["dist.exception.ignore"].with_user(self.person)
        dialog.create({"exception_ids": [(6, 0, exception.ids)], "reason": "Told twice"}).action_ignore()
        return 2

    def _clear(self, code, clear, *options):
        """Have the person clear the one exception that is open.

        :param code: of the exception
        """
        self.env.invalidate_all()
        exception = self.env["dist.exception"].search(
            [("system_id", "=", self.system.id), ("state", "in", ("open", "in_progress"))]
        )
        self.assertEqual(exception.mapped("code"), [code])
        self.assertTrue(exception.suggestion or exception.mapping_domain, "it says what to do")
        clicks = clear(exception.with_user(self.person), *options)
        self.assertLessEqual(clicks, MOST_CLICKS)
        self.env.invalidate_all()
        self.assertIn(exception.state, ("resolved", "ignored"), code)

    def _refuse(self, posted, status, code, clear, *options):
        """:param posted: (response, message)"""
        response, message = posted
        self.assertEqual(response.status_code, status, response.text)
        name = response.json().get("code") or response.json()["reasons"][0]["code"]
        self.assertEqual(name, code)
        self._clear(code, clear, *options)
        return message

    # outbound

    def test_more_than_asked(self):
        """W2, X1: over is accepted as it is."""
        picking = self._sell((self.tape, 4))
        message = self._refuse(self._ship(picking, (self.tape, 5)), 422, "over_shipment", self._accept)
        self.assertEqual((message.state, picking.move_ids.quantity), ("done", 5))

    def test_substitute(self):
        """W2, X1: an item that nobody approved is accepted."""
        other = self._make_product("TAPE-S")
        self._put(other, 20)
        picking = self._sell((self.tape, 4))
        line = {"sku": "TAPE-S", "quantity": "4", "substitute_for": "TAPE"}
        self._refuse(self._ship(picking, line), 422, "substitution_not_approved", self._accept)
        self.assertEqual(picking.state, "done")

    def test_unknown_lot(self):
        """W2, X1: a lot that nobody knows is said to be another one."""
        picking = self._sell((self.seal, 2))
        line = {"sku": "SEAL", "quantity": "2", "allocations": [{"quantity": "2", "lot": "L-I"}]}
        self._refuse(self._ship(picking, line), 202, "unknown_lot", self._fix, self.lot)
        self.assertEqual((picking.state, picking.move_line_ids.lot_id), ("done", self.lot))

    def test_unknown_unit(self):
        """M8, W2, X1: a unit that nobody knows is explained once."""
        picking = self._sell((self.tape, 12))
        line = {"sku": "TAPE", "quantity": "1", "unit": "DOZ"}
        self._refuse(self._ship(picking, line), 202, "unknown_unit", self._fix, self.dozen)
        self.assertEqual(picking.state, "done")

    def test_unknown_carrier(self):
        """M8, W2, X1: so is a carrier."""
        freight = self.env["product.product"].create({"name": "Freight", "type": "service"})
        carrier = self.env["delivery.carrier"].create({"name": "Courier", "product_id": freight.id})
        picking = self._sell((self.tape, 2))
        posted = self._ship(picking, (self.tape, 2), carrier="CRR")
        self._refuse(posted, 202, "unknown_carrier", self._fix, carrier)
        self.assertEqual((picking.state, picking.carrier_id), ("done", carrier))

    def test_shipped_although_cancelled(self):
        """W1, X1: what left although it was cancelled is booked."""
        picking = self._sell((self.tape, 4))
        picking.action_cancel()
        self._refuse(self._ship(picking, (self.tape, 4)), 409, "shipment_cancelled", self._accept)
        self.assertEqual(self._on_hand(self.tape), 96)

    def test_shipped_twice(self):
        """W2, X1: more of what is finished is booked, or ignored when it was told twice."""
        for clear, left in ((self._accept, 92), (self._ignore, 88)):
            picking = self._sell((self.tape, 4))
            self._assert_ok(self._ship(picking, (self.tape, 4))[0])
            self._refuse(self._ship(picking, (self.tape, 4)), 409, "shipment_finished", clear)
            self.assertEqual(self._on_hand(self.tape), left)

    def test_unknown_shipment(self):
        """W2, X1: what nobody asked for is ignored with a reason."""
        picking = self._sell((self.tape, 4))
        posted = self._ship(picking, (self.tape, 4), shipment="NSIDE/OUT/99999")
        message = self._refuse(posted, 404, "unknown_shipment", self._ignore)
        self.assertEqual(message.state, "cancelled")

    def test_short_and_asked(self):
        """W2, X1: the customer's rest is kept."""
        self.customer.dist_rest_policy = "ask"
        picking = self._sell((self.tape, 4))
        self._assert_ok(self._ship(picking, (self.tape, 3))[0])
        self.env.invalidate_all()
        self.env["dist.exception"].search([("code", "=", "short_shipment")])._close("handled")
        self._clear("backorder_decision", self._keep)

    def test_nothing_shipped(self):
        """W2, X1: nothing of a shipment is a matter for a person, who may ignore it."""
        picking = self._sell((self.tape, 4))
        self._assert_ok(self._ship(picking, (self.tape, 0))[0])
        self._clear("nothing_shipped", self._ignore)

    def test_content_that_does_not_fit(self):
        """M4, X1: what does not fit its schema is ignored with a reason, when it was sent again rightly."""
        picking = self._sell((self.tape, 4))
        response, _message = self._ship(picking, {"sku": "TAPE", "quantity": "four"})
        self._assert_refused(response, 422, "invalid_message")
        exception = self.env["dist.exception"].search([("system_id", "=", self.system.id)])
        self.assertEqual(exception.main_action, "correct")
        self._clear(exception.code, self._ignore)

    # inbound

    def test_more_than_ordered(self):
        """W3, X1: more came than was ordered."""
        picking = self._buy((self.tape, 10))
        self._refuse(self._receive(picking, (self.tape, 15)), 422, "over_receipt", self._accept)
        self.assertEqual(self._on_hand(self.tape), 115)

    def test_unexpected_return(self):
        """W8, X1: goods that nobody announced are taken back."""
        picking = self._sell((self.tape, 4))
        self._assert_ok(self._ship(picking, (self.tape, 4))[0])
        body = {"confirmation": "R-1", "shipment": picking.name, "lines": [{"sku": "TAPE", "quantity": "1"}]}
        self._refuse(self._post(RETURN, body), 422, "unexpected_return", self._accept)
        self.assertEqual(self._on_hand(self.tape), 97)

    # stock

    def _adjust(self, **line):
        body = {
            "adjustment": f"A-{next(self.numbers)}",
            "reason": "count",
            "lines": [{"sku": "TAPE", **line}],
        }
        return self._post(ADJUST, body)

    def test_other_stock_than_thought(self):
        """W4, X1: compare-and-set: what differs is accepted."""
        posted = self._adjust(change="-1", previous_on_hand="7")
        self._refuse(posted, 422, "adjustment_variance", self._accept)
        self.assertEqual(self._on_hand(self.tape), 99)

    def test_value_above_the_limit(self):
        """W4, X1: what is worth more than the limit is approved."""
        self.warehouse.dist_adjustment_limit = 10
        self._refuse(self._adjust(change="-9"), 422, "adjustment_approval", self._accept)
        self.assertEqual(self._on_hand(self.tape), 91)

    def test_unknown_reason(self):
        """W4, X1: a reason in the warehouse's words is explained once."""
        body = {"adjustment": "A-W", "reason": "mice", "lines": [{"sku": "TAPE", "change": "-1"}]}
        lost = self.env["dist.stock.reason"].search([("code", "=", "lost")], limit=1)
        self._refuse(self._post(ADJUST, body), 202, "unknown_stock_reason", self._fix, lost)
        self.assertEqual(self._on_hand(self.tape), 99)
