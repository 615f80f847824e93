import json
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import remove_flow

from .rush import RushCase

BUYERS = 12
PIECES = 5
GTIN = "04006381333931"


@tagged("post_install", "-at_install")
class TestOrderConcurrency(RushCase):
    """Buyers in real transactions beside each other; what they leave is removed at the end."""

    policy = "partial"

    def _make(self, env):
        system, warehouse, ids = self._make_connection(
            env, "rush-orders", "order.submit", stock_policy=self.policy
        )
        product = env["product.product"].create(
            {
                "name": "Last pieces",
                "default_code": "RUSH-LAST",
                "barcode": GTIN[1:],
                "detailed_type": "product",
                "taxes_id": [Command.clear()],
            }
        )
        env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, PIECES)
        customer = env["res.partner"].create({"name": "Rush buyer"})
        env["dist.binding"]._bind(system, customer, "C-RUSH")
        env["dist.binding"]._bind(system, product, "OWN-LAST")
        return {**ids, "customer": customer.id, "product": product.id}

    def _remove(self, env):
        orders = env["sale.order"].search([("partner_id", "=", self.ids["customer"])])
        pickings = orders.picking_ids
        orders.with_context(disable_cancel_warning=True).action_cancel()
        pickings.unlink()
        orders.unlink()
        env.flush_all()
        system = self.ids["system"]
        for query in (
            "DELETE FROM dist_message_attempt WHERE message_id IN (SELECT id FROM dist_message WHERE system_id = %s)",
            "DELETE FROM dist_message WHERE system_id = %s",
            "DELETE FROM dist_exception WHERE system_id = %s",
        ):
            env.cr.execute(query, (system,))
        env.cr.execute("DELETE FROM stock_quant WHERE product_id = %s", (self.ids["product"],))
        env.invalidate_all()
        remove_flow(env["dist.flow"].browse(self.ids["flow"]))
        for name, model in (
            ("channel", "dist.sales.channel"),
            ("client", "dist.api.client"),
            ("system", "dist.system"),
            ("customer", "res.partner"),
        ):
            env[model].browse(self.ids[name]).unlink()
        env["product.product"].browse(self.ids["product"]).product_tmpl_id.unlink()

    def _order(self, number, item):
        """:return: id of a stored order of one piece"""
        body = {
            "reference": f"RUSH-{number}",
            "customer": {"external_id": "C-RUSH"},
            "lines": [{"line": "1", "item": item, "quantity": "1"}],
        }
        return self._store(number, body)

    def _buy_at_once(self):
        """:return: dict of what became of an order each of all buyers"""
        items = ({"sku": "RUSH-LAST"}, {"sku": "OWN-LAST"}, {"gtin": GTIN})
        message_ids = [self._order(number, items[number % len(items)]) for number in range(BUYERS)]
        self._process_at_once(message_ids, timeout=120)

        def read(env):
            messages = env["dist.message"].browse(message_ids)
            orders = env["sale.order"].search([("partner_id", "=", self.ids["customer"])])
            quants = env["stock.quant"].search(
                [("product_id", "=", self.ids["product"]), ("location_id.usage", "=", "internal")]
            )
            return {
                "states": sorted(messages.mapped("state")),
                "answers": [json.loads(message.answer) for message in messages if message.answer],
                "decisions": orders.mapped("dist_state"),
                "sold": sum(orders.order_line.mapped("product_uom_qty")),
                "reserved": sum(quants.mapped("reserved_quantity")),
            }

        return self._do(read)

    def test_last_pieces(self):
        """C3: of twelve orders that come at once for five pieces five are accepted, by whatever number they name
        the item; the others hear that it is out of stock.
        """
        found = self._buy_at_once()
        refused = BUYERS - PIECES
        self.assertEqual(found["states"], ["dead"] * refused + ["done"] * PIECES)
        self.assertEqual(found["decisions"], ["accepted"] * PIECES)
        self.assertEqual((found["sold"], found["reserved"]), (PIECES, PIECES))
        reasons = [answer["errors"][0]["code"] for answer in found["answers"] if "errors" in answer]
        self.assertEqual(reasons, ["out_of_stock"] * refused)


@tagged("post_install", "-at_install")
class TestBackorderConcurrency(TestOrderConcurrency):
    """Where the rest is shipped later nobody is refused, and nobody waits for another try either."""

    policy = "backorder"

    def test_last_pieces(self):
        """C3: of twelve orders that come at once for five pieces all are answered at the first try; what five of
        them reserved the others get later, and each is told so.
        """
        model = self.registry["dist.message"]
        apply = model._apply_with_cursor
        with patch.object(model, "_apply_with_cursor", autospec=True, side_effect=apply) as tries:
            found = self._buy_at_once()
        self.assertEqual(tries.call_count, BUYERS, "none was in another one's way")
        self.assertEqual(found["states"], ["done"] * BUYERS)
        self.assertEqual(found["decisions"], ["accepted"] * BUYERS)
        self.assertEqual((found["sold"], found["reserved"]), (BUYERS, PIECES))
        lines = [line["status"] for answer in found["answers"] for line in answer["lines"]]
        self.assertEqual(sorted(lines), ["accepted"] * PIECES + ["backordered"] * (BUYERS - PIECES))
