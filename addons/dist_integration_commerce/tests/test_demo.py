from odoo.tests import TransactionCase, tagged

from odoo.addons.dist_integration_base.tests.common import DemoMixin


@tagged("post_install", "-at_install")
class TestDemo(DemoMixin, TransactionCase):
    addon = "dist_integration_commerce"

    def setUp(self):
        super().setUp()
        self.channel = self.record("channel_fieldmart")

    def test_shop(self):
        """O1: the demonstration shop has a client without a key, flows and a channel."""
        system = self.record("system_fieldmart")
        self.assertEqual(self.channel.system_id, system)
        self.assertFalse(self.record("client_fieldmart").key_ids)
        inbound = system.flow_ids.filtered(lambda flow: flow.direction == "in")
        self.assertEqual(set(inbound.mapped("state")), {"active"})
        self.assertEqual(self.record("endpoint_fieldmart").state, "disabled")

    def test_codes(self):
        """O1, M8: the shop's units and shipping methods are known."""
        codes = self.env["dist.code.map"]
        system = self.record("system_fieldmart")
        self.assertEqual(codes._find(system, "unit", "EA"), self.env.ref("uom.product_uom_unit"))
        case = codes._find(system, "unit", "CS")
        self.assertEqual(case._compute_quantity(1.0, self.env.ref("uom.product_uom_unit")), 24.0)
        self.assertEqual(codes._find(system, "carrier", "EXPRESS"), self.record("carrier_express"))
        self.assertTrue(codes._find(system, "payment_term", "NET30"))

    def test_customers(self):
        """O1, C1: one customer with a credit limit, one blocked, two that cannot be told apart."""
        self.assertEqual(self.record("customer_harvest_hill").credit_limit, 500.0)
        self.assertTrue(self.record("customer_dry_creek")._dist_get_order_block())
        twins = self.env["res.partner"].search([("email", "=", "office@millerseeds.example")])
        self.assertEqual(len(twins), 2)
        bindings = self.env["dist.binding"]
        barn = bindings._find(self.record("system_fieldmart"), "res.partner", "C-1001/BARN")
        self.assertEqual(barn.parent_id, self.record("customer_green_valley"))

    def test_ownership(self):
        """O1, G1: customers belong to the shop, what they may owe to Odoo; the record says so."""
        customer = self.record("customer_harvest_hill")
        rules = customer._dist_get_rules()
        system = self.record("system_fieldmart")
        self.assertEqual((rules["street"].owner, bool(rules["credit_limit"].owner)), (system.id, False))
        self.assertIn("Fieldmart", customer.dist_owner_text)
        self.assertIn("Odoo", customer.dist_owner_text)

    def test_processes(self):
        """O1, M12: orders and returns are followed."""
        for name in ("process_order_to_cash", "process_return_to_credit"):
            self.assertEqual(self.record(name).state, "running")
