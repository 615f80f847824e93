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

    def test_snapshot(self):
        """O1, W5: what the warehouse counted waits to be compared: a loss, a find, and one that is within tolerance."""
        run = self.record("run_northside")
        self.assertIn(run.state, ("draft", "done"))
        self.assertEqual(run.warehouse_id, self.record("warehouse_northside"))
        self.assertTrue(run._get_snapshot().raw.startswith(b'{"sku": "DIST-TAPE"'))
        self.assertEqual(run.profile_id._get_warehouses(), run.warehouse_id)

    def test_masters(self):
        """O1, W6: item, lot and location masters are agreed; nothing leaves before somebody connects it."""
        states = {flow.message_type_id.code: flow.state for flow in self.record("system_northside").flow_ids}
        for code in ("item.changed", "lot.changed", "location.changed"):
            self.assertIn(states[code], ("approved", "active"))
