import json
import threading

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import RealTransactionCase

BUYERS = 4
HOLD = "hold.create"


@tagged("post_install", "-at_install")
class TestHoldsConcurrency(RealTransactionCase):
    """C5: buyers in real transactions beside each other; what they leave is removed at the end."""

    def setUp(self):
        super().setUp()
        self.ids = self._do(self._make)
        self.addCleanup(self._do, self._remove)

    def _make(self, env):
        system = env["dist.system"].create(
            {"name": "Rush", "code": "rush", "state": "active", "kind": "shop"}
        )
        client = env["dist.api.client"].create({"name": "Rush", "system_id": system.id})
        types = env["dist.message.type"]
        flow = env["dist.flow"].create(
            {"system_id": system.id, "message_type_id": types._get_by_code(HOLD).id, "state": "active"}
        )
        warehouse = env["stock.warehouse"].search([("company_id", "=", system.company_id.id)], limit=1)
        channel = env["dist.sales.channel"].create(
            {
                "name": "Rush",
                "code": "RUSH",
                "system_id": system.id,
                "allow_holds": True,
                "warehouse_id": warehouse.id,
            }
        )
        product = env["product.product"].create(
            {"name": "Last piece", "default_code": "RUSH-LAST", "detailed_type": "product"}
        )
        env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 1.0)
        return {
            "system": system.id,
            "client": client.id,
            "flow": flow.id,
            "channel": channel.id,
            "product": product.id,
        }

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
        env["dist.flow"].browse(self.ids["flow"]).unlink()
        env["dist.api.client"].browse(self.ids["client"]).unlink()
        env["dist.system"].browse(system).unlink()
        product.product_tmpl_id.unlink()

    def _store(self, number):
        """:return: id of a stored message of one buyer"""
        body = {
            "hold": f"CART-{number}",
            "lines": [{"item": {"sku": "RUSH-LAST"}, "quantity": "1"}],
        }

        def store(env):
            flow = env["dist.flow"].browse(self.ids["flow"])
            vals = {
                "client_id": self.ids["client"],
                "system_id": self.ids["system"],
                "company_id": flow.company_id.id,
                "flow_id": flow.id,
                "message_type_id": flow.message_type_id.id,
                "version_id": flow.message_type_id._get_default_version().id,
                "idempotency_key": f"rush-{number}",
                "request_hash": str(number),
            }
            return env["dist.message"]._receive(vals, json.dumps(body).encode())[0]

        return self._do(store)

    def test_last_piece(self):
        """C5: of four buyers who want the last piece at the same moment one gets it."""
        message_ids = [self._store(number) for number in range(BUYERS)]
        ready, failures = threading.Barrier(BUYERS), []

        def buy(message_id):
            try:
                with self.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    ready.wait(timeout=30)
                    env["dist.message"]._process([message_id])
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        threads = [threading.Thread(target=buy, args=(message_id,)) for message_id in message_ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        self.assertFalse(failures)
        states = self._do(
            lambda env: sorted(env["dist.message"].browse(message_ids).mapped(lambda found: found.state))
        )
        held = self._do(
            lambda env: env["dist.availability.hold"].search_count([("system_id", "=", self.ids["system"])])
        )
        self.assertEqual(held, 1)
        self.assertEqual(states.count("done"), 1, states)
        self.assertEqual(set(states), {"done", "dead"})
