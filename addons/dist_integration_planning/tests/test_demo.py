from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DemoMixin, DistCase


@tagged("post_install", "-at_install")
class TestDemoYear(DemoMixin, DistCase):
    addon = "dist_integration_planning"

    def setUp(self):
        super().setUp()
        self.source = self.record("source_built_in")
        self.warehouse = self.record("warehouse_planned")

    def item(self, sku):
        return self.env["dist.planning.item"].search(
            [("product_id.default_code", "=", sku), ("warehouse_id", "=", self.warehouse.id)]
        )

    def test_every_item_tells_its_story(self):
        """P4: seasons, seldom sold items, a successor, a new item and weeks out of stock, each recognised."""
        self.assertIn("seasonal", self.item("PLN-WASHER").method)
        self.assertIn(self.item("PLN-SEAL").pattern, ("intermittent", "lumpy"))
        self.assertIn(self.item("PLN-VALVE").pattern, ("intermittent", "lumpy"))
        self.assertEqual(self.item("PLN-HALOGEN").weekly_demand, 0.0)
        self.assertGreater(self.item("PLN-LED").weekly_demand, 15.0)
        self.assertIn("PLN-HALOGEN", self.item("PLN-LED").explanation_html)
        self.assertIn("prior", self.item("PLN-BATTERY").explanation["notes"])
        self.assertGreater(self.item("PLN-ROLLER").explanation["stock_outs"], 3)
        self.assertGreater(self.item("PLN-SHOVEL").overstock_value, 500.0)
        self.assertGreater(self.item("PLN-LED").stock_out_risk, 50.0)

    def test_the_planner_has_something_to_decide(self):
        """P3, P4: proposals of the last run, some approved by rule, others waiting with the reason."""
        states = (
            self.env["dist.planning.proposal"].search([("source_id", "=", self.source.id)]).mapped("state")
        )
        self.assertIn("proposed", states)
        self.assertTrue({"approved", "executed"} & set(states))

    def test_both_sources_are_measured(self):
        """P5: eight weeks of both planners, the own one better than naive and than the other."""
        groups = self.env["dist.planning.accuracy"]._read_group(
            [("warehouse_id", "=", self.warehouse.id)],
            ["source_id"],
            ["bucket_start:count_distinct", "wape:avg", "value_added:avg"],
        )
        found = {source: figures for source, *figures in groups}
        self.assertEqual(len(found), 2)
        own = found.pop(self.source)
        (other,) = found.values()
        self.assertGreaterEqual(own[0], 8)
        self.assertLess(own[1], other[1])
        self.assertGreater(own[2], 0.0)
