from odoo import api, models
from odoo.tools import SQL

from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetStock(models.AbstractModel):
    """What is on hand of an item in a warehouse, in all its locations."""

    _name = "dist.planning.dataset.stock"
    _inherit = "dist.planning.dataset"
    _description = "Stock"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("sku"),
            DatasetColumn("warehouse"),
            DatasetColumn("on_hand", "number"),
            DatasetColumn("reserved", "number"),
            DatasetColumn("available", "number"),
            DatasetColumn("unit"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT sku || '@' || warehouse AS key, sku, warehouse, on_hand, reserved,
                   round((on_hand - reserved)::numeric, 6)::float AS available, unit
            FROM (
                SELECT item.sku, place.code AS warehouse, item.unit,
                       round(sum(quant.quantity)::numeric, 6)::float AS on_hand,
                       round(sum(quant.reserved_quantity)::numeric, 6)::float AS reserved
                FROM stock_quant AS quant
                JOIN stock_location AS location ON location.id = quant.location_id AND location.usage = 'internal'
                JOIN %(warehouses)s AS place ON place.warehouse_id = location.warehouse_id
                JOIN %(items)s AS item ON item.product_id = quant.product_id
                WHERE quant.company_id = %(company)s
                GROUP BY item.sku, place.code, item.unit
            ) AS found
            """,
            items=self._get_items(),
            warehouses=self._get_warehouses(),
            company=export.company_id.id,
        )
