from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL


class DistPlanningSupply(models.AbstractModel):
    """What there is of products in warehouses and what is on its way, requests for quotation included (rule 15).

    A request is supply: without it each run would order again what a buyer is negotiating about.
    """

    _name = "dist.planning.supply"
    _description = "Stock and open supply"

    @api.model
    def _get(self, products, warehouses):
        """Stock and open supply, each in the product's unit, by three queries.

        :return: dict, (product id, warehouse id) to dict with ``on_hand``, ``incoming`` (confirmed, on its way) and
            ``requested`` (drafts and requests for quotation); a pair without any of it gives zeros
        """
        found = defaultdict(lambda: {"on_hand": 0.0, "incoming": 0.0, "requested": 0.0})
        if not products or not warehouses:
            return found
        for model in ("stock.quant", "stock.move", "purchase.order.line", "purchase.order"):
            self.env[model].flush_model()
        scope = {"products": tuple(products.ids), "warehouses": tuple(warehouses.ids)}
        for name in ("on_hand", "incoming", "requested"):
            self.env.cr.execute(getattr(self, f"_get_{name}_query")(**scope))
            for product_id, warehouse_id, quantity in self.env.cr.fetchall():
                found[product_id, warehouse_id][name] = quantity
        return found

    @api.model
    def _get_on_hand_query(self, products, warehouses):
        return SQL(
            """
            SELECT quant.product_id, place.warehouse_id, sum(quant.quantity)::float
            FROM stock_quant quant JOIN stock_location place ON place.id = quant.location_id
            WHERE place.usage = 'internal' AND quant.product_id IN %s AND place.warehouse_id IN %s GROUP BY 1, 2
            """,
            products,
            warehouses,
        )

    @api.model
    def _get_incoming_query(self, products, warehouses):
        return SQL(
            """
            SELECT move.product_id, place.warehouse_id, sum(move.product_qty)::float
            FROM stock_move move
            JOIN stock_location place ON place.id = move.location_dest_id
            JOIN stock_location origin ON origin.id = move.location_id
            WHERE move.state IN ('waiting', 'confirmed', 'partially_available', 'assigned')
              AND place.usage = 'internal' AND origin.warehouse_id IS DISTINCT FROM place.warehouse_id
              AND move.product_id IN %s AND place.warehouse_id IN %s GROUP BY 1, 2
            """,
            products,
            warehouses,
        )

    @api.model
    def _get_requested_query(self, products, warehouses):
        return SQL(
            """
            SELECT line.product_id, kind.warehouse_id, sum(line.product_uom_qty)::float
            FROM purchase_order_line line JOIN purchase_order purchase ON purchase.id = line.order_id
            JOIN stock_picking_type kind ON kind.id = purchase.picking_type_id
            WHERE purchase.state IN ('draft', 'sent', 'to approve')
              AND line.product_id IN %s AND kind.warehouse_id IN %s GROUP BY 1, 2
            """,
            products,
            warehouses,
        )

    @api.model
    def _get_daily_demand(self, batch, products, warehouses, days=90):
        """Expected demand a day over the next days, as a version forecasts it.

        :param batch: dist.planning.batch
        :return: dict, (product id, warehouse id) to quantity in the product's unit
        """
        if not batch or not products or not warehouses:
            return {}
        self.env["dist.planning.forecast"].flush_model()
        self.env.cr.execute(
            """
            SELECT product_id, warehouse_id, sum(quantity) / sum(CASE bucket WHEN 'day' THEN 1 WHEN 'week' THEN 7
                                                                 ELSE 365.25 / 12 END)::float
            FROM dist_planning_forecast
            WHERE batch_id = %s AND product_id IN %s AND warehouse_id IN %s
              AND bucket_start BETWEEN CURRENT_DATE - 31 AND CURRENT_DATE + %s
            GROUP BY 1, 2
            """,
            (batch.id, tuple(products.ids), tuple(warehouses.ids), days),
        )
        return {
            (product_id, warehouse_id): demand for product_id, warehouse_id, demand in self.env.cr.fetchall()
        }
