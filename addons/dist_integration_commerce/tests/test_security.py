from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import SCOPES, CommerceCase

ROUTES = (
    ("PUT", "/customers/C-1", "customers:write", {"name": "X"}),
    ("GET", "/customers/C-1", "customers:read", None),
    ("POST", "/orders", "orders:submit", {}),
    ("POST", "/orders/bulk", "orders:submit", {}),
    ("POST", "/orders/changes", "orders:change", {}),
    ("POST", "/orders/cancellations", "orders:change", {}),
    ("POST", "/quotations", "quotations:submit", {}),
    ("POST", "/quotations/orders", "quotations:submit", {}),
    ("POST", "/returns", "returns:submit", {}),
    ("GET", "/orders", "orders:read", None),
    ("GET", "/orders/X", "orders:read", None),
    ("POST", "/availability/query", "availability:read", {}),
    ("GET", "/invoices", "invoices:read", None),
    ("GET", "/invoices/X", "invoices:read", None),
    ("GET", "/invoices/X/pdf", "invoices:read", None),
)


@tagged("post_install", "-at_install")
class TestSecurity(CommerceCase):
    def test_every_route_wants_a_key(self):
        """G8: without a key nothing is answered."""
        for method, path, _scope, body in ROUTES:
            with self.subTest(path=path):
                response = self._call(method, path, body)
                self.assertEqual(response.status_code, 401)
                self.assertEqual(self.call(method, path, body, key="wrong").status_code, 401)

    def test_every_route_wants_its_scope(self):
        """G8: a key without the scope of a route is refused, whatever else it may do."""
        for method, path, scope, body in ROUTES:
            with self.subTest(path=path):
                others = [code for code in SCOPES if code != scope]
                self.client.scope_ids = self.env["dist.api.scope"].search([("code", "in", others)])
                response = self.call(method, path, body)
                self.assertEqual(response.status_code, 403, response.text)
                self.assertIn(scope, response.json_body["detail"])

    def test_flow_has_to_be_agreed(self):
        """G2: a message type that is not agreed with the system is refused."""
        self.env["dist.flow"].search([("system_id", "=", self.system.id)]).write({"state": "retired"})
        self.assertEqual(self.submit(self.order()).status_code, 403)

    def test_service_user_has_no_rights(self):
        """G8: the account that lends its name to the calls cannot read a thing by itself."""
        _answer, order = self.submit_ok(self.order())
        self.assertEqual(order.create_uid, self.client.user_id)
        with self.assertRaises(AccessError):
            order.with_user(self.client.user_id).read(["name"])
        with self.assertRaises(AccessError):
            self.channel.with_user(self.client.user_id).read(["name"])

    def test_another_company(self):
        """G8: a client works in its company alone."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        system, _client, key = self.make_shop("THERE", company=elsewhere)
        self.env["stock.warehouse"].search([("company_id", "=", elsewhere.id)], limit=1)
        self.make_channel(system)
        _answer, order = self.submit_ok(self.order())
        self.assertEqual(self.call("GET", f"/orders/{order.dist_external_ref}", key=key).status_code, 404)
        self.bind(self.customer, "C-1", system=system)
        foreign = self.make_product("TEST-THERE", 0, company_id=elsewhere.id)
        response = self.call("POST", "/availability/query", {"skus": ["TEST-THERE", "TEST-CORN"]}, key=key)
        here, there = response.json_body["items"][::-1]
        self.assertEqual(there["available"], "0")
        self.assertEqual(here["available"], "0", "stock of another company is not shown")
        _answer, order = self.submit_ok(self.order(self.line("TEST-THERE")), key=key)
        self.assertEqual(order.company_id, elsewhere)
        self.assertEqual(order.order_line.product_id, foreign)

    def test_channel_rights(self):
        """G8: managers set up channels; users, auditors and salespeople read them."""
        for groups, may_write in (
            ("dist_integration_base.group_dist_manager", True),
            ("dist_integration_base.group_dist_user", False),
            ("dist_integration_base.group_dist_auditor", False),
            ("sales_team.group_sale_salesman", False),
        ):
            user = new_test_user(self.env, groups.split(".")[1], groups=groups)
            channel = self.channel.with_user(user)
            with self.subTest(groups=groups):
                self.assertEqual(channel.read(["code"])[0]["code"], "WEB")
                if may_write:
                    channel.write({"safety_buffer": 1})
                    continue
                with self.assertRaises(AccessError):
                    channel.write({"safety_buffer": 1})
                with self.assertRaises(AccessError):
                    channel.unlink()
        outsider = new_test_user(self.env, "outsider", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.channel.with_user(outsider).read(["code"])

    def test_channels_of_other_companies(self):
        """G8: nobody sees channels or rules of a company he does not work in."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env,
            "far",
            groups="dist_integration_base.group_dist_manager",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        rule = self.env["dist.quantity.rule"].create(
            {"channel_id": self.channel.id, "product_id": self.corn.id}
        )
        self.assertFalse(
            self.env["dist.sales.channel"].with_user(user).search([("id", "=", self.channel.id)])
        )
        self.assertFalse(self.env["dist.quantity.rule"].with_user(user).search([("id", "=", rule.id)]))

    def test_customer_of_another_company_is_not_reached(self):
        """C1, G8: no shop reads or changes a customer of another company, whatever its ids were bound to."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        system, _client, key = self.make_shop("THERE", company=elsewhere)
        there = new_test_user(
            self.env,
            "there-operator",
            groups="dist_integration_base.group_dist_operator",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        values = {"system_id": system.id, "res_model": "res.partner", "external_id": "X"}
        self.customer.company_id = self.company
        with self.assertRaisesRegex(ValidationError, "another company"), self.env.cr.savepoint():
            self.env["dist.binding"].with_user(there).create({**values, "res_id": self.customer.id})
        self.customer.company_id = False
        self.env["dist.binding"].with_user(there).create({**values, "res_id": self.customer.id})
        self.assertEqual(self.call("GET", "/customers/X", key=key).status_code, 200)
        self.customer.company_id = self.company
        response = self.call("GET", "/customers/X", key=key)
        self.assertEqual(response.status_code, 404, response.text)
        response = self.call("PUT", "/customers/X", {"name": "Renamed"}, key=key)
        self.assertEqual(
            (response.status_code, response.json_body["status"]), (200, "created"), response.text
        )
        self.assertEqual(self.customer.name, "Meadow Farms")
        self.assertEqual(self.call("GET", "/customers/X", key=key).json_body["name"], "Renamed")

    def test_product_of_another_company_is_not_meant(self):
        """C2, G8: a code that leads to what became another company's product leads nowhere."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.make_product("TEST-FOREIGN", 0)
        self.map_code("product", "F-1", foreign)
        self.submit_ok(self.order(self.line("F-1")))
        self.env["sale.order"].search([("order_line.product_id", "=", foreign.id)])._action_cancel()
        self.env.cr.execute(
            "UPDATE product_template SET company_id = %s WHERE id = %s",
            (elsewhere.id, foreign.product_tmpl_id.id),
        )
        self.env.invalidate_all()
        response = self.submit(self.order(self.line("F-1")))
        self.assertEqual(response.status_code, 202, response.text)
        self.assertEqual(response.json_body["reasons"][0]["code"], "unknown_product")

    def test_channel_stays_in_its_company(self):
        """G8: a channel takes nothing from another company."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.env["stock.warehouse"].search([("company_id", "=", elsewhere.id)], limit=1)
        with self.assertRaises(UserError):
            self.channel.warehouse_id = foreign

    def test_seller_without_integration_rights(self):
        """G8: a salesperson confirms an ordinary order although events are recorded."""
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:1/hook")
        self._make_flow(self.system, "order.confirmed", endpoint_id=endpoint.id)
        seller = new_test_user(self.env, "seller", groups="sales_team.group_sale_salesman_all_leads")
        order = (
            self.env["sale.order"]
            .with_user(seller)
            .create({"partner_id": self.customer.id, "order_line": [(0, 0, {"product_id": self.corn.id})]})
        )
        order.action_confirm()
        self._commit_events()
        self.assertEqual(order.state, "sale")
