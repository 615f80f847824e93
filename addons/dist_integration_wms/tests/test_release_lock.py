import json

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestReleaseLock(WmsCase):
    """W1: while the warehouse works on a transfer, people do not change it behind its back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 100)
        cls.nameless = cls._make_product(False)
        groups = (
            "stock.group_stock_user,sales_team.group_sale_salesman_all_leads,purchase.group_purchase_user"
        )
        cls.worker = new_test_user(cls.env, "lock-worker", groups=groups)
        cls.lead = new_test_user(
            cls.env, "lock-lead", groups=f"{groups},dist_integration_wms.group_dist_release_override"
        )

    def setUp(self):
        super().setUp()
        self.picking = self._sell((self.tape, 4))
        self.mine = self.picking.with_user(self.worker)

    def test_people_are_stopped(self):
        """W1: demand, quantities, lots, packages, validation, cancellation and reservation are locked."""
        move, line = self.mine.move_ids, self.mine.move_line_ids
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        self._put(self.tape, 100, location=shelf)
        elsewhere = self.env["stock.quant"]._gather(self.tape, shelf, strict=True)
        self.assertTrue(self.mine.dist_is_locked)
        attempts = {
            "demand": lambda: move.write({"product_uom_qty": 3}),
            "quantity": lambda: move.write({"quantity": 3}),
            "picked": lambda: move.write({"picked": True}),
            "state": lambda: move.write({"state": "cancel"}),
            "cancel move": move._action_cancel,
            "unlink move": move.unlink,
            "other picking": lambda: move.write({"picking_id": False}),
            "new move": lambda: move.copy({"picking_id": self.mine.id}),
            "operation": lambda: line.write({"quantity": 3}),
            "goods from elsewhere": lambda: line.write({"quant_id": elsewhere.id}),
            "unlink operation": line.unlink,
            "new operation": lambda: line.copy({"picking_id": self.mine.id, "quantity": 0}),
            "validate": self.mine.button_validate,
            "done": self.mine._action_done,
            "end": lambda: self.mine.write({"state": "cancel"}),
            "cancel": self.mine.action_cancel,
            "unreserve": self.mine.do_unreserve,
            "address": lambda: self.mine.write({"partner_id": self.supplier.id}),
            "date": lambda: self.mine.write({"scheduled_date": "2026-12-01 10:00:00"}),
            "date of a move": lambda: move.write({"date": "2026-12-01 10:00:00"}),
            "note": lambda: self.mine.write({"note": "<p>Call first</p>"}),
            "promise of the order": lambda: self.mine.sale_id.write(
                {"commitment_date": "2026-12-24 10:00:00"}
            ),
            "deadline": lambda: self.mine.write({"date_deadline": "2026-12-24 10:00:00"}),
            "cancel order": self.mine.sale_id._action_cancel,
            "lower order": lambda: self.mine.sale_id.order_line.write({"product_uom_qty": 1}),
        }
        for name, attempt in attempts.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, "is with the warehouse"):
                attempt()
        self.env.invalidate_all()
        self.assertEqual((self.picking.state, self.picking.move_ids.quantity), ("assigned", 4))
        self.assertEqual(self.picking.move_ids.product_uom_qty, 4)

    def test_what_is_allowed(self):
        """W1: what the warehouse was not told may be changed; nothing is locked before the release or after it."""
        self.mine.origin = "By phone"
        self.mine.action_assign()
        self.warehouse.dist_release_mode = "manual"
        other = self._sell((self.tape, 2)).with_user(self.worker)
        other.move_ids.product_uom_qty = 1
        other.action_cancel()
        self.mine.sale_id.order_line.product_uom_qty = 6
        self._commit_events()
        added = self.picking.sale_id.picking_ids - self.picking
        self.assertEqual((self.picking.move_ids.product_uom_qty, added.move_ids.product_uom_qty), (4, 2))

    @mute_logger("odoo.addons.dist_integration_base.models.dist_event")
    def test_what_the_warehouse_never_heard_of(self):
        """W1, X1: a transfer of which no message could be made is not locked, and says that it was not told of."""
        self._put(self.nameless, 9)
        untold = self._sell((self.nameless, 4)).with_user(self.worker)
        self.assertEqual((untold.dist_release_state, untold.dist_is_locked), ("requested", False))
        self.assertTrue(untold.dist_is_untold)
        self.assertFalse(self.mine.dist_is_untold)
        untold.move_ids.product_uom_qty = 3
        self.nameless.default_code = "NAMED"
        self._get_events(untold.sudo()).action_rebuild()
        self.env.invalidate_all()
        self.assertEqual((untold.dist_is_untold, untold.dist_is_locked), (False, True))
        (event,) = self._get_events(untold.sudo())
        self.assertEqual(json.loads(event.payload)["lines"][0]["quantity"], "3")

    @mute_logger("odoo.addons.dist_integration_base.models.dist_event")
    def test_cancelled_before_the_warehouse_heard_of_it(self):
        """W1: what is cancelled without the warehouse ever having heard of it is not told, nor is it asked about."""
        self._put(self.nameless, 9)
        untold = self._sell((self.nameless, 4))
        self.env["dist.event"]._open_missing_exceptions()
        untold.with_user(self.worker).action_cancel()
        self._commit_events()
        (event,) = self._get_events(untold)
        self.assertEqual((untold.state, untold.dist_release_state), ("cancel", "cancelled"))
        self.assertEqual((event.state, len(event.message_ids)), ("recorded", 0))
        exception = self.env["dist.exception"].search([("code", "=", "serializer_failed")])
        self.assertEqual(exception.state, "resolved")

    @mute_logger("odoo.addons.dist_integration_base.models.dist_event")
    def test_told_once_and_not_anew(self):
        """W1, W3: a receipt that was told of is known to the warehouse while a change of it cannot be told."""
        receipt = self._buy((self.tape, 5))
        order = receipt.purchase_id
        order.write(
            {
                "order_line": [
                    fields.Command.create(
                        {
                            "product_id": self.nameless.id,
                            "product_qty": 1,
                            "price_unit": 1,
                            "name": "No number",
                        }
                    )
                ]
            }
        )
        self._commit_events()
        self.assertEqual(set(self._get_events(receipt).mapped("state")), {"recorded", "error"})
        self.assertEqual((receipt.dist_is_locked, receipt.dist_is_untold), (True, False))
        receipt.with_user(self.worker).action_cancel()
        self._commit_events()
        self.assertIn("receipt.cancelled", self._get_codes(receipt))

    def test_request_that_a_person_gave_up(self):
        """W1, X1: where nobody tells the warehouse any more, the transfer is held here and a person goes on with it."""
        self._commit_events()
        message = self._get_events(self.picking).message_ids
        message.state = "dead"
        message._add_attempt("retryable", None)
        with self.env.cr.savepoint():
            message.action_cancel("They may have it")
            self.assertEqual(self.picking.dist_release_state, "requested", "it may have arrived")
        message.write({"state": "dead"})
        message.attempt_ids.outcome = "rejected"
        message.action_cancel("Told by phone: they are closed")
        self.assertEqual(
            (self.picking.dist_release_state, self.picking.dist_is_locked), ("not_released", False)
        )
        self.assertIn("they are closed", self.picking.dist_hold_reason)
        self.mine.action_cancel()
        self._commit_events()
        self.assertEqual(self._get_codes(self.picking), ["shipment.requested"])

    def test_state_is_no_default(self):
        """W1: nobody makes a transfer that says it is with the warehouse."""
        transfers = self.env["stock.picking"].with_user(self.worker)
        with self.assertRaises(AccessError):
            transfers.with_context(default_dist_release_state="requested").create(
                {"picking_type_id": self.warehouse.out_type_id.id}
            )
        self.env["ir.default"].with_user(self.worker).set(
            "stock.picking", "dist_release_state", "requested", user_id=True
        )
        with self.assertRaises(AccessError):
            transfers.create({"picking_type_id": self.warehouse.out_type_id.id})

    def test_context_is_no_key(self):
        """W1: nothing a caller can put into the context opens the lock."""
        for value in (True, [self.picking.id], {"picking_ids": None}):
            with self.assertRaisesRegex(UserError, "is with the warehouse"):
                self.mine.with_context(dist_lock_pass=value).button_validate()

    def test_others_take_its_goods(self):
        """W1: goods that are gone are gone, whoever had reserved them: the lock stops no other work."""
        own = self.env["stock.picking"].with_user(self.worker)
        internal = own.create(
            {
                "picking_type_id": self.warehouse.int_type_id.id,
                "location_id": self.stock.id,
                "location_dest_id": self.env["stock.location"]
                .create({"name": "Shelf", "location_id": self.warehouse.view_location_id.id})
                .id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "x",
                            "product_id": self.tape.id,
                            "product_uom_qty": 98,
                            "location_id": self.stock.id,
                            "location_dest_id": self.warehouse.view_location_id.id,
                        },
                    )
                ],
            }
        )
        internal.action_confirm()
        internal.move_ids.write({"quantity": 98, "picked": True})
        internal._action_done()
        self.assertEqual(internal.state, "done")
        self.assertEqual(self.picking.dist_release_state, "requested")
        self.assertLess(self.picking.move_ids.quantity, 4)

    def test_scheduler(self):
        """W1: the scheduler and messages work as superuser and pass."""
        self.picking.do_unreserve()
        self.mine.action_assign()
        self.assertEqual(self.picking.state, "assigned")

    def test_receipts(self):
        """W1, W3: a receipt may still be changed by the buyer and cancelled, but is received by the warehouse alone."""
        receipt = self._buy((self.tape, 3))
        mine = receipt.with_user(self.worker)
        with self.assertRaisesRegex(UserError, "is with the warehouse"):
            mine.button_validate()
        mine.purchase_id.order_line.product_qty = 5
        self._commit_events()
        self.assertEqual(sum(receipt.move_ids.mapped("product_uom_qty")), 5)
        mine.purchase_id.button_cancel()
        self._commit_events()
        self.assertEqual(self._get_codes(receipt)[-1], "receipt.cancelled")

    def test_warehouse_without_requests(self):
        """W1: a warehouse that takes no requests is told of a cancellation as of a fact, as before."""
        self.env["dist.flow"].search(
            [("message_type_id.code", "=", "shipment.cancel.requested")]
        ).action_retire()
        self.assertEqual(self._get_ways_to_cancel(), ["Cancel"])
        self.mine.action_cancel()
        self._commit_events()
        self.assertEqual(self._get_codes(self.picking), ["shipment.requested", "shipment.cancelled"])

    def _get_ways_to_cancel(self):
        """:return: list, labels of the buttons to cancel that the worker sees in the form"""
        view = self.mine.get_view(self.env.ref("stock.view_picking_form").id, "form")
        values = {name: self.mine[name] for name in ("state", "dist_is_cancel_locked")}
        buttons = etree.fromstring(view["arch"]).iterfind("header/button")
        ways = [button for button in buttons if button.get("string") in ("Cancel", "Request cancellation")]
        return [way.get("string") for way in ways if not safe_eval(way.get("invisible"), dict(values))]

    # override

    def _override(self, picking, action, reason="Agreed by phone", user=None):
        form = Form(
            self.env["dist.release.override"]
            .with_user(user or self.lead)
            .with_context(default_picking_ids=picking.ids)
        )
        form.action, form.reason = action, reason
        form.save().action_override()
        self._commit_events()

    def _get_audit(self, action="overridden"):
        return self.env["dist.audit.entry"].search(
            [("res_model", "=", "stock.picking"), ("res_id", "=", self.picking.id), ("action", "=", action)]
        )

    def test_override_needs_right(self):
        """W1: who has no right to override is refused, whatever he calls."""
        self.assertFalse(self.mine.dist_can_override)
        self.assertTrue(self.picking.with_user(self.lead).dist_can_override)
        with self.assertRaises(AccessError):
            self._override(self.mine, "unlock", user=self.worker)
        for method in ("_dist_unlock", "_dist_override_cancel", "_dist_override_release"):
            with self.assertRaises(AccessError):
                getattr(self.mine, method)("x")
        self.assertFalse(self._get_audit())

    def test_unlock(self):
        """W1, G5: unlocked with a reason, changed by hand, locked again: audited, and the warehouse is told."""
        self._override(self.picking, "unlock")
        entry = self._get_audit()
        self.assertEqual((entry.user_id, entry.reason), (self.lead, "Agreed by phone"))
        self.assertIn("Agreed by phone", self.picking.message_ids[0].body)
        self.assertFalse(self.mine.dist_is_locked)
        self.mine.move_ids.product_uom_qty = 3
        self.mine.action_dist_lock()
        self._commit_events()
        self.assertTrue(self.mine.dist_is_locked)
        self.assertEqual(self._get_codes(self.picking), ["shipment.requested", "shipment.change.requested"])
        data = self._get_data(self.picking, "shipment.change.requested")
        line = data["lines"][0]
        self.assertEqual((line["previous_quantity"], line["quantity"]), ("4", "3"))
        self.assertEqual(data["reason"], "Agreed by phone")
        self.assertEqual(self._get_audit("changed").reason, "Agreed by phone")
        request = self.picking.dist_request_ids
        self.assertEqual((request.state, request.is_applied), ("waiting", True))
        self.assertIn('"4.0"', self._get_audit("changed").changes)
        self.assertTrue(self._get_audit("changed")._get_content(), "the chain can be continued")

    def test_unlock_without_change(self):
        """W1: where nothing was changed, nothing is said."""
        self._override(self.picking, "unlock")
        self.mine.action_dist_lock()
        self._commit_events()
        self.assertEqual(self._get_codes(self.picking), ["shipment.requested"])
        with self.assertRaisesRegex(UserError, "is with the warehouse"):
            self.mine.button_validate()

    def test_unlock_and_validate(self):
        """W1: what a person ships in Odoo the warehouse is asked not to ship."""
        self._override(self.picking, "unlock")
        self.mine.move_ids.picked = True
        self.mine._action_done()
        self._commit_events()
        self.assertEqual((self.picking.state, self.picking.dist_release_state), ("done", "done"))
        self.assertIn("shipment.cancel.requested", self._get_codes(self.picking))
        self.assertEqual(self.picking.dist_request_ids.state, "waiting")
        self.assertFalse(self.picking.dist_unlocked_by_id)

    def test_cancel_at_once(self):
        """W1, G5: cancelled against the agreement: audited, the warehouse is told as of a fact."""
        self._override(self.picking, "cancel")
        self.assertEqual((self.picking.state, self.picking.dist_release_state), ("cancel", "cancelled"))
        self.assertEqual(self._get_codes(self.picking), ["shipment.requested", "shipment.cancelled"])
        self.assertEqual(self._get_audit().user_id, self.lead)

    def test_release_although_held(self):
        """W1, G5: handed over although held back."""
        self.warehouse.dist_release_mode = "manual"
        self.picking = self._sell((self.tape, 1))
        self.picking._dist_hold("Over the credit limit")
        self._override(self.picking, "release")
        self.assertEqual(self.picking.dist_release_state, "requested")
        self.assertIn("Over the credit limit", self.picking.message_ids[0].body)
        self.assertEqual(len(self._assert_told(self.picking, "overridden", self.lead)), 1)

    def test_unlock_what_is_not_locked(self):
        """W1: bad input: there is nothing to unlock."""
        self.picking.action_cancel()
        with self.assertRaisesRegex(UserError, "does not work on"):
            self._override(self.picking, "unlock")

    def test_screen(self):
        """W1: the form offers what can be done, and no validation."""
        view = self.mine.get_view(self.env.ref("stock.view_picking_form").id, "form")
        self.assertIn("Request cancellation", view["arch"])
        self.assertNotIn("dist_release_override", view["arch"])
        form = Form(self.mine)
        self.assertTrue(form.dist_is_locked)
        self.assertEqual(self._get_ways_to_cancel(), ["Request cancellation"])
