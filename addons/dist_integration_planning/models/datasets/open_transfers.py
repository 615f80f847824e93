from odoo import api, models
from odoo.tools import SQL

from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetOpenTransfers(models.AbstractModel):
    """What is on its way from another warehouse: supply of one, demand of none."""

    _name = "dist.planning.dataset.open_transfers"
    _inherit = "dist.planning.dataset"
    _description = "Open transfers"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("transfer"),
            DatasetColumn("sku"),
            DatasetColumn("from_warehouse"),
            DatasetColumn("warehouse"),
            DatasetColumn("quantity", "number"),
            DatasetColumn("unit"),
            DatasetColumn("due", "moment"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT 'M' || move.id AS key, move.reference AS transfer, item.sku, COALESCE(origin.code, (
                       SELECT min(other.code) FROM stock_move_move_rel AS link
                       JOIN stock_move AS sent ON sent.id = link.move_orig_id
                       JOIN stock_location AS from_location ON from_location.id = sent.location_id
                       JOIN stock_warehouse AS other ON other.id = from_location.warehouse_id
                       WHERE link.move_dest_id = move.id)) AS from_warehouse,
                   place.code AS warehouse, round(move.product_qty::numeric, 6)::float AS quantity, item.unit,
                   move.date AS due
            FROM stock_move AS move
            JOIN stock_location AS source ON source.id = move.location_id
            LEFT JOIN stock_warehouse AS origin ON origin.id = source.warehouse_id
            JOIN stock_location AS target ON target.id = move.location_dest_id AND target.usage = 'internal'
            JOIN %(warehouses)s AS place ON place.warehouse_id = target.warehouse_id
            JOIN %(items)s AS item ON item.product_id = move.product_id
            WHERE move.company_id = %(company)s AND move.state NOT IN ('draft', 'cancel', 'done')
              AND (source.usage = 'transit'
                OR source.usage = 'internal' AND source.warehouse_id <> target.warehouse_id)
            """,
            items=self._get_items(),
            warehouses=self._get_warehouses(),
            company=export.company_id.id,
        )
