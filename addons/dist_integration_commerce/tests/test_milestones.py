from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderToCash(CommerceCase):
    """Orders as the shop submits them, followed to the warehouse."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.process = cls._start_process("dist_integration_commerce.process_order_to_cash")
        cls.wms, _client, _key = cls._make_system("Hub", kind="warehouse")
        cls.warehouse.dist_system_id = cls.wms
        endpoint = cls._make_endpoint(cls.wms, "http://127.0.0.1:9/hook")
        cls._make_flow(cls.wms, "shipment.requested", endpoint_id=endpoint.id)

    def _order(self):
        _answer, order = self.submit_ok(self.order(self.line(quantity="3")))
        self._commit_events()
        self._update_milestones()
        return order

    def _milestones(self, order):
        found = self.env["dist.milestone"].search(
            [("res_model", "=", "sale.order"), ("res_id", "=", order.id)]
        )
        return {milestone.step_id.code: milestone for milestone in found}

    def test_order_to_cash(self):
        """M12: an order is confirmed, released, accepted and shipped; what is not invoiced in time is overdue."""
        order = self._order()
        milestones = self._milestones(order)
        self.assertEqual(
            {code: milestone.state for code, milestone in milestones.items()},
            {
                "confirmed": "reached",
                "released": "reached",
                "acknowledged": "expected",
                "shipped": "expected",
                "invoiced": "expected",
                "paid": "expected",
            },
        )
        self.assertEqual(milestones["shipped"].system_id, self.wms)
        picking = order.picking_ids
        self.assertIn("Accepted by warehouse", order.dist_milestone_strip)
        self.assertIn("Accepted by warehouse", picking.dist_milestone_strip)
        picking.dist_release_state = "acknowledged"
        self._update_milestones()
        self.assertEqual(milestones["acknowledged"].state, "reached")
        picking.move_ids.picked = True
        picking._action_done()
        self._update_milestones()
        self.assertEqual(milestones["shipped"].state, "reached")
        self.assertTrue(milestones["invoiced"].due_at)
        milestones["invoiced"].due_at = fields.Datetime.now() - timedelta(days=1)
        self._update_milestones()
        exception = milestones["invoiced"].exception_id
        self.assertEqual((exception.impact_orders, exception.state), (1, "open"))
        order._create_invoices().action_post()
        self._update_milestones()
        self.assertEqual((milestones["invoiced"].state, exception.state), ("reached", "resolved"))

    def test_refused_release(self):
        """M12: when the warehouse refuses, the goods are free for others, once; a new release goes on."""
        order = self._order()
        picking = order.picking_ids
        self.assertEqual(picking.state, "assigned")
        picking.dist_release_state = "refused"
        self._update_milestones()
        self._update_milestones()
        milestone = self._milestones(order)["acknowledged"]
        self.assertEqual((milestone.state, picking.state), ("compensated", "confirmed"))
        notes = order.message_ids.filtered(lambda message: "freed" in (message.body or ""))
        self.assertEqual(len(notes), 1)
        picking.dist_release_state = "acknowledged"
        self._update_milestones()
        self.assertEqual(milestone.state, "compensated", "what was compensated is history")

    def test_cancelled(self):
        """M12: nothing more is expected of a cancelled order."""
        order = self._order()
        order._action_cancel()
        self._update_milestones()
        states = {milestone.state for milestone in self._milestones(order).values()}
        self.assertEqual(states, {"reached", "skipped"})

    def test_confirmed_again(self):
        """M12: an order that was cancelled, set to quotation and confirmed again is followed again."""
        order = self._order()
        order._action_cancel()
        self._update_milestones()
        milestones = self._milestones(order)
        self.assertEqual(milestones["shipped"].state, "skipped")
        order.action_draft()
        start = fields.Datetime.now()
        order.action_confirm()
        self._commit_events()
        self._update_milestones()
        self.assertEqual(milestones["shipped"].state, "expected")
        self.assertGreater(milestones["shipped"].due_at, start)
        milestones["shipped"].due_at = fields.Datetime.now() - timedelta(days=1)
        self._update_milestones()
        self.assertEqual(
            (milestones["shipped"].state, milestones["shipped"].exception_id.state), ("overdue", "open")
        )

    def test_other_company(self):
        """M12: an order of another company is followed and told there, and seen by nobody here."""
        company = self.env["res.company"].create({"name": "Other"})
        shop, _client, key = self.make_shop("THEIRS", company)
        self.make_channel(shop)
        self.bind(self.customer, "C-1", shop)
        body = self.order(self.line(quantity="3"))
        response = self.submit(body, key=key)
        self.assertEqual(response.status_code, 200, response.text)
        order = self.env["sale.order"].search([("name", "=", response.json_body["order"])])
        self.assertEqual(order.company_id, company)
        if order.dist_state == "held":
            order.action_dist_release()
        self._commit_events()
        self._update_milestones()
        milestones = self.env["dist.milestone"].union(*self._milestones(order).values())
        self.assertEqual(milestones.company_id, company)
        shipped = self._milestones(order)["shipped"]
        shipped.due_at = fields.Datetime.now() - timedelta(days=1)
        self._update_milestones()
        exception = shipped.exception_id
        self.assertEqual((shipped.state, exception.company_id), ("overdue", company))
        self._check_seen_only_in(company, milestones, exception)


@tagged("post_install", "-at_install")
class TestReturnToCredit(CommerceCase):
    """Returns of customers followed until their credit note."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.process = cls._start_process("dist_integration_commerce.process_return_to_credit")

    def _deliver(self, product):
        """:return: order of three that were shipped and invoiced"""
        _answer, order = self.submit_ok(self.order(self.line(product.default_code, "3")))
        self._do_transfer(order.picking_ids)
        order._create_invoices().action_post()
        return order

    def _do_transfer(self, picking):
        for move in picking.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        picking._action_done()

    def _return(self, order, quantity):
        """:return: the return, authorised and not received"""
        shipment = order.picking_ids.filtered(lambda item: item.picking_type_code == "outgoing")[:1]
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=shipment.id, active_ids=shipment.ids, active_model="stock.picking")
            .create({"picking_id": shipment.id})
        )
        wizard.product_return_moves.quantity = quantity
        picking = self.env["stock.picking"].browse(wizard.create_returns()["res_id"])
        self._update_milestones()
        return picking

    def _credit(self, order, quantity):
        """Credit part of the order by hand, as an accountant does."""
        invoice = order.invoice_ids.filtered(lambda move: move.move_type == "out_invoice")[:1]
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "reason": "return"})
        )
        refund = self.env["account.move"].browse(wizard.reverse_moves()["res_id"])
        refund.invoice_line_ids.quantity = quantity
        refund.action_post()
        return refund

    def _milestones(self, picking):
        found = self.env["dist.milestone"].search(
            [("res_model", "=", "stock.picking"), ("res_id", "=", picking.id)]
        )
        return {milestone.step_id.code: milestone for milestone in found}

    def _states(self, picking):
        return {code: milestone.state for code, milestone in self._milestones(picking).items()}

    def test_return_to_credit(self):
        """M12: a return is authorised, received and credited, whether orders are invoiced as ordered or as shipped."""
        for policy in ("order", "delivery"):
            with self.subTest(policy):
                product = self.make_product(f"RET-{policy}", 50.0, price=10.0, invoice_policy=policy)
                order = self._deliver(product)
                picking = self._return(order, 2)
                self.assertEqual(
                    self._states(picking),
                    {"authorised": "reached", "received": "expected", "credited": "expected"},
                )
                milestones = self._milestones(picking)
                self.assertIn("Received", picking.dist_milestone_strip)
                self.assertGreater(milestones["received"].due_at, fields.Datetime.now() + timedelta(days=13))
                self._do_transfer(picking)
                self._update_milestones()
                self.assertEqual(
                    self._states(picking),
                    {"authorised": "reached", "received": "reached", "credited": "expected"},
                )
                self.assertTrue(milestones["credited"].due_at)
                self._credit(order, 2)
                self._update_milestones()
                self.assertEqual(milestones["credited"].state, "reached")

    def test_overdue(self):
        """M12, X1: a customer who waits for the credit is told of until the credit note is posted."""
        order = self._deliver(self.make_product("RET-LATE", 50.0, price=10.0, invoice_policy="delivery"))
        picking = self._return(order, 1)
        self._do_transfer(picking)
        self._update_milestones()
        credited = self._milestones(picking)["credited"]
        credited.due_at = fields.Datetime.now() - timedelta(days=1)
        self._update_milestones()
        exception = credited.exception_id
        self.assertEqual((credited.state, exception.state, exception.severity), ("overdue", "open", "high"))
        self.assertEqual((exception.res_model, exception.res_id), ("stock.picking", picking.id))
        self._credit(order, 1)
        self._update_milestones()
        self.assertEqual((credited.state, credited.is_late, exception.state), ("reached", True, "resolved"))

    def test_what_is_no_return(self):
        """M12: a delivery and a receipt of no order are not followed; a cancelled return is given up."""
        order = self._deliver(self.make_product("RET-NONE", 50.0, price=10.0))
        self.assertFalse(self._milestones(order.picking_ids))
        picking = self._return(order, 1)
        picking.action_cancel()
        self._update_milestones()
        self.assertEqual(
            self._states(picking), {"authorised": "reached", "received": "skipped", "credited": "skipped"}
        )
