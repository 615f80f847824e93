from odoo import api, models
from odoo.tools import SQL

from ..series import get_cost
from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetStock(models.AbstractModel):
    """What is on hand of an item in a warehouse, in all its locations, and what it is worth.

    An item has a row wherever it is or was asked for: that it is out of stock is what a planner needs to know.
    """

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
            DatasetColumn("name"),
            DatasetColumn("category"),
            DatasetColumn("cost", "number"),
            DatasetColumn("price", "number"),
            DatasetColumn("supplier"),
            DatasetColumn("lead_time_days", "number"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT item.sku || '@' || place.code AS key, item.sku, place.code AS warehouse, found.on_hand,
                   found.reserved, round((found.on_hand - found.reserved)::numeric, 6)::float AS available, item.unit,
                   %(name)s AS name, category.complete_name AS category, %(cost)s AS cost,
                   template.list_price::float AS price, main.supplier, main.delay::float AS lead_time_days
            FROM (
                SELECT product_id, warehouse_id, round(sum(quantity)::numeric, 6)::float AS on_hand,
                       round(sum(reserved)::numeric, 6)::float AS reserved
                FROM (
                    SELECT quant.product_id, location.warehouse_id, quant.quantity, quant.reserved_quantity AS reserved
                    FROM stock_quant AS quant
                    JOIN stock_location AS location
                        ON location.id = quant.location_id AND location.usage = 'internal'
                    WHERE quant.company_id = %(company)s
                    UNION ALL
                    SELECT DISTINCT product_id, warehouse_id, 0, 0 FROM dist_planning_history
                    WHERE company_id = %(company)s AND gross > 0
                ) AS part
                GROUP BY product_id, warehouse_id
            ) AS found
            JOIN %(warehouses)s AS place ON place.warehouse_id = found.warehouse_id
            JOIN %(items)s AS item ON item.product_id = found.product_id
            JOIN product_template AS template ON template.id = item.template_id
            LEFT JOIN product_category AS category ON category.id = template.categ_id
            %(main)s
            """,
            name=self._get_text(SQL("template.name")),
            cost=get_cost(self.env, export.company_id, SQL("item.product_id")),
            company=export.company_id.id,
            warehouses=self._get_warehouses(),
            items=self._get_items(),
            main=self._get_main_supplier(export.company_id),
        )
