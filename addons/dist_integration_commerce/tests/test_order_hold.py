import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderHold(CommerceCase):
    def hold(self):
        """:return: a held order"""
        self.customer.write({"dist_blocked": True, "dist_block_reason": "Unpaid"})
        _answer, order = self.submit_ok(self.order(self.line(quantity="3")))
        self.assertEqual(order.dist_state, "held")
        return order

    def test_exception(self):
        """C3, X1: a held order is in the queue with customer, reason, value at risk and what to do."""
        order = self.hold()
        exception = self.exceptions_of(order)
        self.assertEqual(exception.state, "open")
        self.assertEqual(exception.category, "business")
        self.assertIn("Meadow Farms", exception.name)
        self.assertIn("Unpaid", exception.name)
        self.assertEqual(exception.impact_value, 30.0)
        self.assertTrue(exception.suggestion)
        self.assertTrue(exception.can_release_order)
        self.assertEqual(exception.dist_message_ids, self.messages_of(order))
        self.assertEqual(self.messages_of(order).state, "done")

    def test_chatter_says_why(self):
        """C3: who opens the order reads why it is held."""
        order = self.hold()
        self.assertTrue(any("Unpaid" in (message.body or "") for message in order.message_ids))

    def test_confirm_is_not_release(self):
        """C3: a held order is not confirmed by the ordinary button."""
        order = self.hold()
        with self.assertRaisesRegex(UserError, "Release"):
            order.action_confirm()
        self.assertEqual(order.state, "draft")

    def rpc(self, method, *args, **kwargs):
        """:return: answer of JSON-RPC to the salesman who is logged in"""
        response = self.url_open(
            f"/web/dataset/call_kw/sale.order/{method}",
            data=json.dumps(
                {"params": {"model": "sale.order", "method": method, "args": args, "kwargs": kwargs}}
            ),
            headers={"Content-Type": "application/json"},
        )
        self.env.invalidate_all()
        return response.json()

    def assert_not_allowed(self, answer, error="odoo.exceptions.AccessError"):
        self.assertEqual(answer.get("error", {}).get("data", {}).get("name"), error, answer)

    def test_hold_cannot_be_bypassed(self):
        """C3, G8: a salesman changes nothing of what the channel submitted and was answered, and sells no held order,
        whatever is called.
        """
        order = self.hold()
        seller = new_test_user(self.env, "salesman-of-all", groups="sales_team.group_sale_salesman_all_leads")
        self.authenticate(seller.login, seller.login)
        values = {
            "dist_state": "accepted",
            "dist_answer": "{}",
            "dist_digest": "0",
            "dist_external_ref": "WEB-0",
            "dist_channel_id": False,
            "dist_hold_reason": False,
            "dist_note": "Ship at once",
        }
        before = order.read(list(values))
        for name, value in values.items():
            self.assert_not_allowed(self.rpc("write", order.ids, {name: value}))
        customer = {"partner_id": self.customer.id}
        self.assert_not_allowed(self.rpc("create", [{**customer, "dist_channel_id": self.channel.id}]))
        self.assert_not_allowed(self.rpc("create", [customer], context={"default_dist_state": "accepted"}))
        self.assert_not_allowed(self.rpc("copy", order.ids, {"dist_answer": "{}"}))
        self.assert_not_allowed(self.rpc("write", order.ids, {"state": "sale"}), "odoo.exceptions.UserError")
        self.assert_not_allowed(self.rpc("action_confirm", order.ids), "odoo.exceptions.UserError")
        self.assertEqual(order.read(list(values)), before)
        self.assertEqual(order.state, "draft")

    def test_what_a_salesman_does(self):
        """C3, G8: a salesman goes on working: notes on a held order, a copy, an order and its confirmation."""
        order = self.hold()
        self.customer.dist_blocked = False
        seller = new_test_user(self.env, "seller", groups="sales_team.group_sale_salesman_all_leads")
        order.with_user(seller).write({"note": "Called the customer"})
        copied = order.with_user(seller).copy()
        for name in ("dist_state", "dist_answer", "dist_digest", "dist_external_ref", "dist_channel_id"):
            self.assertFalse(copied.sudo()[name], name)
        copied.action_confirm()
        self.assertEqual(copied.state, "sale")

    def test_release(self):
        """C3, X1: Release confirms the order, says so in its history and closes the exception."""
        order = self.hold()
        exception = self.exceptions_of(order)
        user = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        with self.assertRaisesRegex(UserError, "still to be decided"):
            exception.with_user(user).action_mark_handled()
        self.assertEqual((exception.state, order.state), ("open", "draft"))
        exception.with_user(user).action_release_order()
        self.env.invalidate_all()
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.dist_state, "released")
        self.assertFalse(order.dist_hold_reason)
        self.assertEqual(len(order.picking_ids), 1)
        self.assertEqual(exception.state, "resolved")
        self.assertEqual(exception.resolved_by_id, user)
        self.assertFalse(exception.can_release_order)
        self.assertTrue(any("Unpaid" in (message.body or "") for message in order.message_ids))
        with self.assertRaises(UserError):
            order.with_user(user).action_dist_release()
        with self.assertRaisesRegex(UserError, "closed already"):
            exception.with_user(user).action_release_order()

    def test_release_from_the_order(self):
        """C3: a sales administrator releases from the order itself."""
        order = self.hold()
        user = new_test_user(self.env, "boss", groups="sales_team.group_sale_manager")
        order.with_user(user).action_dist_release()
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.exceptions_of(order).state, "resolved")

    def make_undecided(self, quantity):
        """A held order of which the channel says two more things that a person has to decide on.

        :return: (sale.order, dict of code to dist.exception)
        """
        self.channel.credit_check, self.customer.credit_limit = True, 20.0
        body = self.order(self.line(quantity="3"))
        _answer, order = self.submit_ok(body)
        self.submit_refused({**body, "lines": [self.line(quantity="7")]}, status=409)
        line = {"line": order.order_line.dist_line_ref, "quantity": quantity, "unit_price": "1.00"}
        self.channel.price_policy = "refuse"
        change = {"reference": body["reference"], "lines": [line]}
        response = self.call("POST", "/orders/changes", change)
        self.assertEqual(response.json_body["code"], "order_change_refused", response.text)
        self.env.invalidate_all()
        exceptions = {exception.code: exception for exception in self.exceptions_of(order)}
        self.assertEqual(sorted(exceptions), ["credit_limit", "duplicate_order", "order_change_refused"])
        return order, exceptions

    def test_each_has_its_own_action(self):
        """C3, C4, X1: only the hold itself offers Release; a refused change is accepted, another order corrected."""
        _order, exceptions = self.make_undecided("20")
        actions = {code: exception.main_action for code, exception in exceptions.items()}
        self.assertEqual(
            actions,
            {"credit_limit": "release", "duplicate_order": "correct", "order_change_refused": "accept"},
        )
        words = {"release": "Release", "correct": "resubmit", "accept": "Accept"}
        for exception in exceptions.values():
            self.assertIn(words[exception.main_action], exception.suggestion)
        self.assertFalse(exceptions["order_change_refused"].can_release_order)
        self.assertFalse(exceptions["duplicate_order"].can_release_order)

    def test_release_decides_nothing_else(self):
        """C3, C4, X1: releasing an order closes its hold alone; what else the channel said of it is decided later."""
        order, exceptions = self.make_undecided("20")
        user = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        exceptions["credit_limit"].with_user(user).action_release_order()
        self.env.flush_all()
        self.env.invalidate_all()
        states = {code: exception.state for code, exception in exceptions.items()}
        self.assertEqual(
            states, {"credit_limit": "resolved", "duplicate_order": "open", "order_change_refused": "open"}
        )
        self.assertEqual((order.state, order.order_line.product_uom_qty), ("sale", 3))
        exceptions["order_change_refused"].with_user(user).action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual(exceptions["order_change_refused"].state, "resolved")
        self.assertEqual((order.order_line.product_uom_qty, order.order_line.price_unit), (20, 1.0))

    def test_cancel_settles_what_it_can(self):
        """C4, X1: with an order end its hold and the changes that were refused; another order under its reference
        still waits for a person.
        """
        order, exceptions = self.make_undecided("20")
        change = exceptions["order_change_refused"].dist_message_ids
        order._action_cancel()
        self.env.invalidate_all()
        states = {code: exception.state for code, exception in exceptions.items()}
        self.assertEqual(
            states,
            {"credit_limit": "resolved", "duplicate_order": "open", "order_change_refused": "resolved"},
        )
        self.assertEqual(change.mapped("state"), ["cancelled"])
        self.assertIn(order.name, change.cancel_reason)
        self.assertEqual(exceptions["duplicate_order"].dist_message_ids.mapped("state"), ["dead"])

    def test_cancel_settles_corrections(self):
        """C4, X1: an order is cancelled although the correction of a change that was refused is still open; both end
        with it.
        """
        order, exceptions = self.make_undecided("20")
        change = exceptions["order_change_refused"].dist_message_ids
        content = {**json.loads(change.sudo()._get_body_text()), "unknown": 1}
        correction = change.browse(change._resubmit(json.dumps(content)))
        self.env.invalidate_all()
        self.assertEqual(correction.state, "dead")
        self.assertNotEqual(correction.exception_id, change.exception_id)
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.env.invalidate_all()
        self.assertEqual((order.state, change.state, correction.state), ("cancel", "cancelled", "cancelled"))
        self.assertIn(order.name, correction.cancel_reason)
        self.assertEqual(correction.exception_id.state, "resolved")

    def test_every_hold_is_released(self):
        """C3, X1: whatever an order is held for, its exception offers Release and closes with it."""
        self.channel.credit_check, self.customer.credit_limit = True, 20.0
        for values, line in (
            ({}, {"quantity": "3"}),
            ({"totals": {"untaxed": "9"}}, {}),
            ({"totals": {"tax": "9"}}, {}),
            ({"totals": {"total": "9"}}, {}),
            ({}, {"unit_price": "9"}),
        ):
            with self.subTest(values=values, line=line):
                _answer, order = self.submit_ok(self.order(self.line(**line), **values))
                exception = self.exceptions_of(order)
                self.assertEqual(exception.main_action, "release", exception.code)
                exception.action_release_order()
                self.assertEqual((order.state, exception.state), ("sale", "resolved"))

    def test_release_needs_a_right(self):
        """C3: not everybody may release."""
        order = self.hold()
        for login, groups in (
            ("seller", "sales_team.group_sale_salesman_all_leads"),
            ("viewer", "dist_integration_base.group_dist_user"),
            ("auditor", "dist_integration_base.group_dist_auditor"),
        ):
            user = new_test_user(self.env, login, groups=groups)
            with self.subTest(login=login), self.assertRaises(AccessError):
                order.with_user(user).action_dist_release()
        self.assertEqual(order.state, "draft")

    def test_release_in_another_company(self):
        """C3: an operator releases no order of a company the operator does not work in."""
        order = self.hold()
        company = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env,
            "elsewhere",
            groups="dist_integration_base.group_dist_operator",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        with self.assertRaises(AccessError):
            order.with_user(user).action_dist_release()

    def test_cancel(self):
        """C3, X1: cancelling a held order closes its exception."""
        order = self.hold()
        exception = self.exceptions_of(order)
        order._action_cancel()
        self.assertEqual(order.state, "cancel")
        self.assertEqual(exception.state, "resolved")

    def test_edit_before_release(self):
        """C3: a held order is a quotation that can be corrected before it is released."""
        order = self.hold()
        order.order_line.product_uom_qty = 2.0
        order.action_dist_release()
        self.assertEqual(order.picking_ids.move_ids.product_uom_qty, 2.0)

    def test_several_reasons(self):
        """C3: all reasons are answered and shown, not the first alone."""
        self.customer.write({"dist_blocked": True, "dist_block_reason": "Unpaid"})
        answer, order = self.submit_ok(self.order(self.line(unit_price="1")))
        self.assertEqual(self.codes(answer), ["customer_blocked", "price_mismatch"])
        self.assertEqual(len(order.dist_hold_reason.splitlines()), 2)

    def test_nothing_is_mailed(self):
        """C3: neither taking nor releasing an order mails the customer or makes the customer a follower."""
        order = self.hold()
        order.action_dist_release()
        order.message_post(body="Internal talk", subtype_xmlid="mail.mt_comment")
        self.assertNotIn(self.customer, order.message_partner_ids)
        mails = (
            self.env["mail.mail"]
            .search([])
            .filtered(
                lambda mail: (
                    self.customer in mail.recipient_ids or (mail.email_to or "") == self.customer.email
                )
            )
        )
        self.assertFalse(mails)

    def test_customer_follows_by_choice(self):
        """C3: a channel may have its customers follow their orders."""
        self.channel.follow_orders = True
        _answer, order = self.submit_ok(self.order())
        self.assertIn(self.customer, order.message_partner_ids)
