from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import WmsHttpCase


@tagged("post_install", "-at_install")
class TestShipmentRest(WmsHttpCase):
    """W2: what happens to what was not shipped, and to what was shipped too much."""

    def setUp(self):
        super().setUp()
        self._put(self.tape, 100)
        self.picking = self._sell((self.tape, 4))
        self.worker = new_test_user(
            self.env, "rest-worker", groups="stock.group_stock_user,dist_integration_base.group_dist_operator"
        )

    def _ship_short(self):
        response, message = self._ship(self.picking, (self.tape, 3))
        self._commit_events()
        return self._assert_ok(response), message

    def test_policy_of_the_customer(self):
        """W2: the customer's policy goes before the warehouse's, that of an address before that of its company."""
        self.customer.dist_rest_policy = "cancel"
        answer, _message = self._ship_short()
        self.assertEqual((answer["lines"][0]["outcome"], answer["backorder"]), ("cancelled", None))
        self.assertFalse(self.picking.backorder_ids)

    def test_policy_of_the_company(self):
        """W2: an address without a policy has that of its company."""
        self.warehouse.dist_shipment_short_policy = "cancel"
        self.customer.parent_id = self.env["res.partner"].create(
            {"name": "Fieldmart", "is_company": True, "dist_rest_policy": "keep"}
        )
        answer, _message = self._ship_short()
        self.assertEqual(answer["backorder"], self.picking.backorder_ids.name)
        self.assertEqual(self.picking.backorder_ids.dist_release_state, "requested")

    def test_policy_of_the_warehouse(self):
        """W2: without one of the customer, the warehouse's counts."""
        self.warehouse.dist_shipment_short_policy = "cancel"
        self.assertIsNone(self._ship_short()[0]["backorder"])

    def test_ask_and_keep(self):
        """W2, X1: a person is asked; the rest waits unreleased until he keeps it."""
        self.customer.dist_rest_policy = "ask"
        _answer, message = self._ship_short()
        rest, exception = self.picking.backorder_ids, message.exception_id
        self.assertEqual((rest.state, rest.dist_release_state), ("assigned", "not_released"))
        self.assertIn("decide", rest.dist_wait_reason)
        self.assertEqual(
            (exception.code, exception.res_id, exception.main_action),
            ("backorder_decision", rest.id, "decide_rest"),
        )
        exception.with_user(self.worker).action_keep_rest()
        self._commit_events()
        self.assertEqual((exception.state, exception.resolution), ("resolved", "rest_kept"))
        self.assertEqual((exception.resolved_by_id, rest.dist_release_state), (self.worker, "requested"))

    def test_ask_and_cancel(self):
        """W2, X1: or cancels it."""
        self.customer.dist_rest_policy = "ask"
        _answer, message = self._ship_short()
        exception = message.exception_id
        exception.with_user(self.worker).action_cancel_rest()
        self._commit_events()
        self.assertEqual(
            (exception.resolution, self.picking.backorder_ids.state), ("rest_cancelled", "cancel")
        )
        with self.assertRaisesRegex(UserError, "no rest"):
            exception.with_user(self.worker).action_keep_rest()
        self.assertEqual(self._get_codes(self.picking.backorder_ids), [])

    def test_ask_and_settle_on_the_document(self):
        """X1: letting the backorder go, or cancelling it, settles the question as well."""
        self.customer.dist_rest_policy = "ask"
        _answer, message = self._ship_short()
        self.picking.backorder_ids.with_user(self.worker).action_dist_let_go()
        self._commit_events()
        self.assertEqual(message.exception_id.state, "resolved")
        self.assertEqual(self.picking.backorder_ids.dist_release_state, "requested")

    def test_ask_needs_rights(self):
        """X1: who only reads decides nothing."""
        self.customer.dist_rest_policy = "ask"
        _answer, message = self._ship_short()
        auditor = new_test_user(self.env, "rest-auditor", groups="dist_integration_base.group_dist_auditor")
        with self.assertRaises(AccessError):
            message.exception_id.with_user(auditor).action_cancel_rest()

    def test_over_within_tolerance(self):
        """W2: a little more than asked for is booked, up to the warehouse's tolerance."""
        self.warehouse.dist_over_shipment_percent = 25
        self._assert_ok(self._ship(self.picking, (self.tape, 5))[0])
        self.assertEqual((self.picking.state, self._on_hand(self.tape)), ("done", 95))
        self.assertEqual(self.picking.sale_id.order_line.qty_delivered, 5)

    def test_over_beyond_tolerance(self):
        """W2, X1: beyond it a person accepts it."""
        self.warehouse.dist_over_shipment_percent = 25
        response, message = self._ship(self.picking, (self.tape, 6))
        self._assert_refused(response, 422, "over_shipment")
        self.assertEqual(self.picking.state, "assigned")
        self.assertTrue(message.exception_id.can_accept_variance)


@tagged("post_install", "-at_install")
class TestSubstitution(WmsHttpCase):
    """W2: another item than asked for."""

    def setUp(self):
        super().setUp()
        self.strong = self._make_product("TAPE-S")
        self._put(self.tape, 100)
        self._put(self.strong, 50)
        self.picking = self._sell((self.tape, 4))

    def _approve(self, product=None, **values):
        return self.env["dist.product.substitution"].create(
            {"product_id": (product or self.tape).id, "substitute_id": self.strong.id, **values}
        )

    def test_approved(self):
        """W2: an approved substitute is booked: it leaves the stock, what was asked for stays, nothing is owed."""
        self._approve()
        answer = self._assert_ok(self._ship(self.picking, (self.strong, 4))[0])
        self._commit_events()
        self.assertEqual((self.picking.state, self.picking.backorder_ids.ids), ("done", []))
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.strong)), (100, 46))
        by_sku = {line["sku"]: line for line in answer["lines"]}
        self.assertEqual(by_sku["TAPE-S"]["substitute_for"], "TAPE")
        self.assertEqual((by_sku["TAPE-S"]["shipped"], by_sku["TAPE"]["missing"]), ("4", "0"))
        self.assertEqual((by_sku["TAPE"]["asked"], by_sku["TAPE"]["outcome"]), ("4", "complete"))
        self.assertEqual([warning["code"] for warning in answer["warnings"]], ["substituted"])
        added = self.picking.sale_id.order_line.filtered(lambda line: line.product_id == self.strong)
        self.assertEqual(added.qty_delivered, 4)
        self.assertEqual(
            self.env["stock.quant"]._get_available_quantity(self.tape, self.stock),
            100,
            "nothing stays reserved",
        )

    def test_in_part(self):
        """W2: part as asked for, part substituted, by line numbers."""
        self._approve()
        ref = self.picking.move_ids._dist_get_line_ref()
        lines = (
            {"line": ref, "sku": "TAPE", "quantity": "1"},
            {"line": ref, "sku": "TAPE-S", "quantity": "2"},
        )
        answer = self._assert_ok(self._ship(self.picking, *lines)[0])
        self._commit_events()
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.strong)), (99, 48))
        self.assertEqual(self.picking.backorder_ids.move_ids.product_uom_qty, 1)
        self.assertEqual(answer["backorder"], self.picking.backorder_ids.name)

    def test_twice(self):
        """M5: the same confirmation again books nothing more."""
        self._approve()
        first = self._ship(self.picking, (self.strong, 4), confirmation="C-9")[0].json()
        again = self._ship(self.picking, (self.strong, 4), confirmation="C-9")[0].json()
        self.assertEqual(first, again)
        self.assertEqual(self._on_hand(self.strong), 46)

    def test_not_approved(self):
        """W2, X1: what nobody approved waits for a person, who accepts it or has the message corrected."""
        line = {"sku": "TAPE-S", "substitute_for": "TAPE", "quantity": "4"}
        response, message = self._ship(self.picking, line)
        self._assert_refused(response, 422, "substitution_not_approved")
        self.assertEqual((self.picking.state, self._on_hand(self.strong)), ("assigned", 50))
        exception = message.exception_id
        self.assertTrue(exception.can_accept_variance)
        exception.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((exception.state, self.picking.state), ("resolved", "done"))
        self.assertEqual(self._on_hand(self.strong), 46)

    def test_for_itself(self):
        """W2: an item that is said to stand for itself is what was asked for."""
        line = {"sku": "TAPE", "substitute_for": "TAPE", "quantity": "4"}
        self._assert_ok(self._ship(self.picking, line)[0])
        self.assertEqual((self.picking.state, self._on_hand(self.tape)), ("done", 96))

    def test_approved_afterwards(self):
        """X1: approving the substitution and retrying settles it as well."""
        line = {"sku": "TAPE-S", "substitute_for": "TAPE", "quantity": "4"}
        _response, message = self._ship(self.picking, line)
        self._approve()
        message.exception_id.action_retry()
        self.env.invalidate_all()
        self.assertEqual((message.state, self.picking.state), ("done", "done"))

    def test_not_said(self):
        """W2: an item that nobody asked for and nobody approved is refused, as before."""
        self._assert_refused(self._ship(self.picking, (self.strong, 4))[0], 422, "item_not_asked")
        line = {"line": self.picking.move_ids._dist_get_line_ref(), "sku": "TAPE-S", "quantity": "4"}
        self._assert_refused(self._ship(self.picking, line)[0], 422, "item_mismatch")

    def test_other_customer(self):
        """W2: what one customer takes, another does not."""
        self._approve(partner_id=self.supplier.id)
        self._assert_refused(self._ship(self.picking, (self.strong, 4))[0], 422, "item_not_asked")
        self._approve(partner_id=self.customer.id)
        self._assert_ok(self._ship(self.picking, (self.strong, 4))[0])

    def test_ambiguous(self):
        """W2: an item that may stand for several is said what it stands for."""
        brown = self._make_product("TAPE-B")
        self._put(brown, 10)
        picking = self._sell((self.tape, 4), (brown, 2))
        self._approve()
        self._approve(brown)
        self._assert_refused(self._ship(picking, (self.strong, 2))[0], 422, "item_not_asked")
        lines = ((self.tape, 4), {"sku": "TAPE-S", "substitute_for": "TAPE-B", "quantity": "2"})
        self._assert_ok(self._ship(picking, *lines)[0])
        self.assertEqual((self._on_hand(brown), self._on_hand(self.strong)), (10, 48))

    def test_more_than_asked(self):
        """W2, X1: more of the substitute than is open of the item is too much."""
        self._approve()
        response, _message = self._ship(self.picking, (self.strong, 5))
        self._assert_refused(response, 422, "over_shipment")

    def test_unknown(self):
        """W2: bad input has a name."""
        line = {"sku": "TAPE-S", "substitute_for": "GLOVE", "quantity": "4"}
        self._assert_refused(self._ship(self.picking, line)[0], 422, "unknown_line")
        line = {"sku": "NONSENSE", "substitute_for": "TAPE", "quantity": "4"}
        response, _message = self._ship(self.picking, line)
        self.assertEqual(response.status_code, 202)

    def test_lots(self):
        """W2: a substitute that is tracked names its lots."""
        lot = self._make_lot(self.seal, "L-1")
        self._put(self.seal, 10, lot=lot)
        self.env["dist.product.substitution"].create(
            {"product_id": self.tape.id, "substitute_id": self.seal.id}
        )
        self._assert_refused(self._ship(self.picking, (self.seal, 4))[0], 422, "lot_missing")
        line = {"sku": "SEAL", "quantity": "4", "allocations": [{"quantity": "4", "lot": "L-1"}]}
        self._assert_ok(self._ship(self.picking, line)[0])
        self.assertEqual(self._on_hand(self.seal, lot=lot), 6)

    def test_rules(self):
        """W2: an item does not stand for itself, nor for one counted in another unit; nor is it approved twice."""
        model = self.env["dist.product.substitution"]
        for product in (self.strong, self.glove):
            with self.assertRaises(UserError):
                model.create({"product_id": product.id, "substitute_id": self.strong.id})
        worker = new_test_user(self.env, "sub-worker", groups="stock.group_stock_user")
        with self.assertRaises(AccessError):
            model.with_user(worker).create({"product_id": self.tape.id, "substitute_id": self.strong.id})
        self.env.cr.execute(
            "SELECT 1 FROM pg_indexes WHERE indexname IN "
            "('dist_product_substitution_uniq', 'dist_release_request_waiting_uniq')"
        )
        self.assertEqual(len(self.env.cr.fetchall()), 2)
