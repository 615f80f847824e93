from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DemoMixin, DistCase


@tagged("post_install", "-at_install")
class TestDemo(DemoMixin, DistCase):
    addon = "dist_integration_wms"

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

    def test_reconciliation(self):
        """O1, X2: a finished run shows what differs, is explained, is missing, is within tolerance."""
        run, profile = self.record("run_northside_stock"), self.record("profile_northside_stock")
        self.assertEqual((profile.last_run_id, profile.open_line_count), (run, 3))
        states = dict.fromkeys(("open", "explained", "within"), 0)
        for line in run.line_ids:
            states[line.state] += 1
            self.assertAlmostEqual(line.variance, line.theirs - line.expected)
            self.assertAlmostEqual(line.value_at_risk, abs(line.variance) * line.product_id.standard_price)
        self.assertEqual(states, {"open": 2, "explained": 1, "within": 1})
        beyond = run.line_ids.filtered(lambda line: line.state != "within")
        self.assertEqual((run.variance_count, run.value_at_risk), (3, sum(beyond.mapped("value_at_risk"))))
        self.assertEqual(run.counted, run.matched_count + run.within_count + run.variance_count)
        self.assertAlmostEqual(run.accuracy, 100 * run.accuracy_ids.within / run.counted, places=2)
        self.assertTrue(self.record("variance_pump").needs_second)
        self.assertTrue(self.record("variance_hose").can_explain)

    def test_reconciliation_is_that_of_its_stock(self):
        """O1, X2: the engine finds the same when the warehouse sends the list that the demonstration is about."""
        stock = {"DIST-HOSE": 118, "DIST-BULB": 401}
        products = self.env["product.product"].search(
            [("default_code", "=like", "DIST-%"), ("default_code", "not in", ("DIST-SEAL", "DIST-PUMP"))]
        )
        warehouse = self.record("warehouse_northside")
        table = self.env["dist.availability"]._get_availability(products.ids, warehouse.ids)
        rows = ["warehouse,sku,lot,quantity", "N-PDX,DIST-SEAL,L-2601,86", "N-PDX,DIST-SEAL,L-2602,240"]
        for product in products:
            on_hand = int(table[product.id, warehouse.id].on_hand)
            rows.append(f"N-PDX,{product.default_code},,{stock.get(product.default_code, on_hand)}")
        profile = self.record("profile_northside_stock").copy({"name": "Again"})
        run = self.env["dist.reconciliation"]._make(profile, "\n".join(rows).encode())
        run._enqueue()
        self.env.flush_all()
        run._job_run()
        self.env.invalidate_all()
        shown = self.record("run_northside_stock")
        self.assertEqual(run.state, "done", run.error)
        for name in ("counted", "matched_count", "within_count", "variance_count", "accuracy"):
            self.assertAlmostEqual(run[name], shown[name], places=2, msg=name)
        self.assertEqual(
            {(line.key, line.kind, line.variance) for line in run.line_ids},
            {(line.key, line.kind, line.variance) for line in shown.line_ids},
        )

    def test_purchases(self):
        """O1, M12: purchases stand at several steps, and the one that is overdue has its exception."""
        self.assertEqual(self.record("process_procure_to_pay").state, "running")
        self.env["dist.milestone"]._cron_update()
        self.env.invalidate_all()
        states = {}
        for name in ("received", "awaited", "late"):
            found = self.env["dist.milestone"].search(
                [("res_model", "=", "purchase.order"), ("res_id", "=", self.record(f"purchase_{name}").id)]
            )
            states[name] = {milestone.step_id.code: milestone.state for milestone in found}
        self.assertEqual(
            [states[name]["received"] for name in ("received", "awaited", "late")],
            ["reached", "expected", "overdue"],
        )
        exceptions = self.env["dist.exception"].search([("code", "=", "milestone_overdue")])
        self.assertIn(self.record("purchase_late").name, str(exceptions.mapped("detail")))

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

    def test_transport(self):
        """O1, W7: a delivery is on its way; the carrier has it, and says when it is expected."""
        picking = self.record("order_on_the_way").picking_ids
        self.assertEqual((picking.state, picking.dist_carrier_state), ("done", "in_transit"))
        self.assertTrue(picking.dist_dispatched_at)
        self.assertEqual(picking.dist_estimated_at, self.record("milestone_picked_up").estimated_at)
        states = {flow.message_type_id.code: flow.state for flow in self.record("system_roadlink").flow_ids}
        self.assertEqual(
            (states["shipment.milestone"], states["transport.requested"]), ("active", "approved")
        )
