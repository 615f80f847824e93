from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """A demo file that fails is only a warning, so its records are looked for here."""

    def setUp(self):
        super().setUp()
        module = self.env["ir.module.module"].search([("name", "=", "dist_integration_wms")])
        if not module.demo:
            self.skipTest("installed without demonstration data")

    def record(self, name):
        return self.env.ref(f"dist_integration_wms.{name}")

    def test_warehouse(self):
        """O1: the demonstration warehouse is run by its system; nothing leaves before somebody connects it."""
        warehouse, system = self.record("warehouse_northside"), self.record("system_northside")
        self.assertEqual(warehouse.out_type_id.dist_system_id, system)
        self.assertEqual(warehouse.dist_damaged_location_id, self.record("location_damaged"))
        self.assertEqual(self.record("location_damaged").warehouse_id, warehouse)
        self.assertEqual(self.record("endpoint_northside").state, "disabled")
        self.assertFalse(self.record("client_northside").key_ids)
        states = {flow.message_type_id.code: flow.state for flow in system.flow_ids}
        self.assertEqual((states["shipment.confirmed"], states["shipment.requested"]), ("active", "approved"))

    def test_stock(self):
        """O1: a dozen items, one with lots and dates, one by the dozen, all in stock."""
        warehouse = self.record("warehouse_northside")
        products = self.env["product.product"].search([("default_code", "=like", "DIST-%")])
        self.assertEqual(len(products), 12)
        table = self.env["dist.availability"]._get_availability(products.ids, warehouse.ids)
        self.assertTrue(all(table[product.id, warehouse.id].on_hand > 0 for product in products))
        self.assertTrue(all(product._dist_get_gtin() for product in products))
        self.assertEqual(self.record("product_glove").uom_id, self.env.ref("uom.product_uom_dozen"))
        self.assertEqual(table[self.record("product_seal").id, warehouse.id].on_hand, 330)
        self.assertTrue(
            self.record("lot_seal_first").expiration_date < self.record("lot_seal_second").expiration_date
        )

    def test_wave(self):
        """O1, W1: a warehouse is served in waves: one is planned, one delivery is held back and says why."""
        warehouse = self.record("warehouse_southside")
        self.assertEqual(warehouse.dist_cutoff_ids.mapped("hour"), [10, 14])
        self.assertTrue(warehouse.dist_next_cutoff_at)
        orders = self.record("order_wave_first") | self.record("order_wave_second")
        wave = orders.picking_ids.dist_wave_id
        self.assertEqual((wave.state, wave.picking_ids), ("draft", orders.picking_ids))
        self.assertEqual(set(orders.picking_ids.mapped("state")), {"assigned"})
        held = self.record("order_held").picking_ids
        self.assertIn("calls back", held.dist_wait_reason)
        self.assertEqual(self.record("substitution_rake").substitute_id, self.record("product_rake_steel"))
