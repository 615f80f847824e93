from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import remove_flow

from .rush import RushCase

BUYERS = 4
HOLD = "hold.create"


@tagged("post_install", "-at_install")
class TestHoldsConcurrency(RushCase):
    """C5: buyers in real transactions beside each other; what they leave is removed at the end."""

    def _make(self, env):
        _system, warehouse, ids = self._make_connection(env, "rush", HOLD, allow_holds=True)
        product = env["product.product"].create(
            {"name": "Last piece", "default_code": "RUSH-LAST", "detailed_type": "product"}
        )
        env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 1.0)
        return {**ids, "product": product.id}

    def _remove(self, env):
        system, product = self.ids["system"], env["product.product"].browse(self.ids["product"])
        env.cr.execute("DELETE FROM dist_availability_hold WHERE system_id = %s", (system,))
        env.cr.execute(
            "DELETE FROM dist_message_attempt WHERE message_id IN (SELECT id FROM dist_message WHERE system_id = %s)",
            (system,),
        )
        env.cr.execute("DELETE FROM dist_message WHERE system_id = %s", (system,))
        env.cr.execute("DELETE FROM stock_quant WHERE product_id = %s", (product.id,))
        env.invalidate_all()
        env["dist.sales.channel"].browse(self.ids["channel"]).unlink()
        remove_flow(env["dist.flow"].browse(self.ids["flow"]))
        env["dist.api.client"].browse(self.ids["client"]).unlink()
        env["dist.system"].browse(system).unlink()
        product.product_tmpl_id.unlink()

    def _hold(self, number):
        """:return: id of a stored message of one buyer"""
        lines = [{"item": {"sku": "RUSH-LAST"}, "quantity": "1"}]
        return self._store(number, {"hold": f"CART-{number}", "lines": lines})

    def test_last_piece(self):
        """C5: of four buyers who want the last piece at the same moment one gets it."""
        message_ids = [self._hold(number) for number in range(BUYERS)]
        self._process_at_once(message_ids, timeout=60)
        states = self._do(
            lambda env: sorted(env["dist.message"].browse(message_ids).mapped(lambda found: found.state))
        )
        held = self._do(
            lambda env: env["dist.availability.hold"].search_count([("system_id", "=", self.ids["system"])])
        )
        self.assertEqual(held, 1)
        self.assertEqual(states.count("done"), 1, states)
        self.assertEqual(set(states), {"done", "dead"})
