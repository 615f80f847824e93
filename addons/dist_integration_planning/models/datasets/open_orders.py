from odoo import api, models
from odoo.tools import SQL

from ..series import leaves_for_customer
from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetOpenOrders(models.AbstractModel):
    """What customers wait for: confirmed, not delivered yet. Of a kit its components."""

    _name = "dist.planning.dataset.open_orders"
    _inherit = "dist.planning.dataset"
    _description = "Open orders"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("order"),
            DatasetColumn("line"),
            DatasetColumn("sku"),
            DatasetColumn("warehouse"),
            DatasetColumn("customer"),
            DatasetColumn("quantity", "number"),
            DatasetColumn("unit"),
            DatasetColumn("ordered", "moment"),
            DatasetColumn("due", "moment"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT concat_ws('/', COALESCE('L' || line.id, 'M' || min(move.id)), item.sku, place.code) AS key,
                   COALESCE(sale.name, min(move.reference)) AS "order", line.id::text AS line, item.sku,
                   place.code AS warehouse, %(customer)s AS customer,
                   round(sum(move.product_qty)::numeric, 6)::float AS quantity, item.unit,
                   COALESCE(sale.date_order, min(move.create_date)) AS ordered,
                   COALESCE(sale.commitment_date, min(move.date)) AS due
            FROM stock_move AS move
            JOIN stock_location AS source ON source.id = move.location_id AND source.usage = 'internal'
            JOIN stock_location AS target ON target.id = move.location_dest_id
            JOIN %(warehouses)s AS place ON place.warehouse_id = source.warehouse_id
            JOIN %(items)s AS item ON item.product_id = move.product_id
            LEFT JOIN sale_order_line AS line ON line.id = move.sale_line_id
            LEFT JOIN sale_order AS sale ON sale.id = line.order_id
            LEFT JOIN res_partner AS partner ON partner.id = sale.partner_id
            WHERE move.company_id = %(company)s AND move.state NOT IN ('draft', 'cancel', 'done') AND %(leaves)s
            GROUP BY line.id, sale.id, partner.id, item.sku, item.unit, place.code,
                     CASE WHEN line.id IS NULL THEN move.id END
            """,
            customer=self._get_partner_code("partner"),
            items=self._get_items(),
            warehouses=self._get_warehouses(),
            company=export.company_id.id,
            leaves=leaves_for_customer(self.env, "move", "target"),
        )
