from odoo import api, models
from odoo.tools import SQL

from ..series import get_cost
from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetItems(models.AbstractModel):
    """Products that are kept in stock, also those that are archived: they have a history."""

    _name = "dist.planning.dataset.items"
    _inherit = "dist.planning.dataset"
    _description = "Items"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("sku"),
            DatasetColumn("name"),
            DatasetColumn("barcode"),
            DatasetColumn("category"),
            DatasetColumn("unit"),
            DatasetColumn("cost", "number"),
            DatasetColumn("price", "number"),
            DatasetColumn("currency"),
            DatasetColumn("weight", "number"),
            DatasetColumn("volume", "number"),
            DatasetColumn("supplier"),
            DatasetColumn("lead_time_days", "number"),
            DatasetColumn("created", "date"),
            DatasetColumn("active", "flag"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT item.sku AS key, item.sku, %(name)s AS name, product.barcode, category.complete_name AS category,
                   item.unit, %(cost)s AS cost, template.list_price::float AS price, %(currency)s AS currency,
                   product.weight::float AS weight, product.volume::float AS volume,
                   main.supplier, main.delay::float AS lead_time_days, product.create_date::date AS created, item.active
            FROM %(items)s AS item
            JOIN product_product AS product ON product.id = item.product_id
            JOIN product_template AS template ON template.id = item.template_id
            LEFT JOIN product_category AS category ON category.id = template.categ_id
            %(main)s
            """,
            name=self._get_text(SQL("template.name")),
            cost=get_cost(self.env, export.company_id, SQL("item.product_id")),
            currency=export.company_id.currency_id.name,
            items=self._get_items(),
            main=self._get_main_supplier(export.company_id),
        )
