from odoo import api, models
from odoo.tools import SQL

from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetPromotions(models.AbstractModel):
    """Prices that hold for a time, those to come included: what a forecast's uplift is reckoned from."""

    _name = "dist.planning.dataset.promotions"
    _inherit = "dist.planning.dataset"
    _description = "Promotions"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("promotion"),
            DatasetColumn("sku"),
            DatasetColumn("from", "moment"),
            DatasetColumn("to", "moment"),
            DatasetColumn("discount_percent", "number"),
            DatasetColumn("price", "number"),
            DatasetColumn("currency"),
            DatasetColumn("minimum_quantity", "number"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT 'R' || rule.id || '/' || item.sku AS key, %(name)s AS promotion, item.sku,
                   rule.date_start AS "from", rule.date_end AS "to",
                   CASE rule.compute_price WHEN 'percentage' THEN rule.percent_price::float
                       WHEN 'formula' THEN rule.price_discount::float END AS discount_percent,
                   CASE WHEN rule.compute_price = 'fixed' THEN rule.fixed_price::float END AS price,
                   currency.name AS currency, rule.min_quantity::float AS minimum_quantity
            FROM product_pricelist_item AS rule
            JOIN product_pricelist AS pricelist ON pricelist.id = rule.pricelist_id AND pricelist.active
            JOIN res_currency AS currency ON currency.id = pricelist.currency_id
            JOIN %(items)s AS item ON item.active AND (
                rule.applied_on = '0_product_variant' AND rule.product_id = item.product_id
                OR rule.applied_on = '1_product' AND rule.product_tmpl_id = item.template_id
                OR rule.applied_on = '2_product_category' AND item.category_id IN (
                    SELECT below.id FROM product_category AS below
                    JOIN product_category AS above ON above.id = rule.categ_id
                    WHERE starts_with(below.parent_path, above.parent_path))
                OR rule.applied_on = '3_global')
            WHERE (rule.date_start IS NOT NULL OR rule.date_end IS NOT NULL)
              AND COALESCE(pricelist.company_id, %(company)s) = %(company)s
            """,
            name=self._get_text(SQL("pricelist.name")),
            items=self._get_items(),
            company=export.company_id.id,
        )
