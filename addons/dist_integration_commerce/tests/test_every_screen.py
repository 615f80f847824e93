from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.screens import ScreensMixin

from .common import CommerceCase

MODULE = "dist_integration_commerce"


@tagged("post_install", "-at_install")
class TestEveryScreen(ScreensMixin, CommerceCase):
    """What a day of a shop leaves, looked at by people who have one right only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = cls._make_screen_users(
            seller="sales_team.group_sale_salesman",
            sales_manager="sales_team.group_sale_manager",
            accountant="account.group_account_invoice",
        )

    def setUp(self):
        super().setUp()
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9/hook")
        for code in ("order.confirmed", "order.held", "order.shipped", "invoice.posted"):
            self._make_flow(self.system, code, endpoint_id=endpoint.id)
        _answer, self.order_done = self.submit_ok(self.order(self.line(quantity="2")))
        self.order_done.picking_ids.move_ids.picked = True
        self.order_done.picking_ids._action_done()
        self.invoice = self.order_done._create_invoices()
        self.invoice.action_post()
        self.submit(self.order(self.line("NO-SUCH")))
        self.customer.write({"dist_blocked": True, "dist_block_reason": "Unpaid"})
        _answer, self.order_held = self.submit_ok(self.order(self.line(quantity="1")))
        (self.order_done | self.order_held).user_id = self.users["seller"]
        self.allow_holds(self.system, self.channel)
        hold = {"hold": "CART-1", "lines": [{"item": {"sku": "TEST-GLOVES"}, "quantity": "3"}]}
        self.assertEqual(self.call("POST", "/availability/holds", hold).status_code, 200)
        self._commit_events()
        for record in (self.corn, self.customer, self.order_done):
            self.map_code(record._name, f"CODE-{record.id}", record)
        self.env.flush_all()

    def test_every_screen(self):
        """C1 to C5: each opens for whoever sees its menu, with filters, forms and buttons."""
        self._check_reachable(MODULE, self.users)
        opened = self._check_menus(MODULE, self.users)
        self._check_all_opened(MODULE, opened)

    def test_queue(self):
        """X1, M10: so do the screens of the framework, for whom orders and invoices may be closed."""
        self._check_menus("dist_integration_base", self.users)

    def test_documents(self):
        """G1, M10, C3: documents and their buttons, for those with and without a right to see messages."""
        for name, documents in (
            ("seller", (self.order_done, self.order_held, self.customer)),
            ("sales_manager", (self.order_done, self.order_held)),
            ("accountant", (self.invoice, self.customer)),
            ("auditor", (self.customer,)),
        ):
            for document in documents:
                self._check_form(document, {name: self.users[name]})
