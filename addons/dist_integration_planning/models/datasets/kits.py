from odoo import api, models
from odoo.tools import SQL

from .dist_planning_dataset import DatasetColumn

NONE = SQL(
    "SELECT NULL::varchar AS key, NULL::varchar AS kit, NULL::varchar AS sku, 0::float AS quantity WHERE FALSE"
)


class DistPlanningDatasetKits(models.AbstractModel):
    """What kits consist of; empty where nobody makes kits."""

    _name = "dist.planning.dataset.kits"
    _inherit = "dist.planning.dataset"
    _description = "Kits"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("kit"),
            DatasetColumn("sku"),
            DatasetColumn("quantity", "number"),
        ]

    @api.model
    def _get_query(self, export):
        if "mrp.bom" not in self.env:
            return NONE
        kits = (
            self.env["mrp.bom"]
            .sudo()
            .search([("type", "=", "phantom"), ("company_id", "in", (False, export.company_id.id))])
        )
        rows = [
            SQL("(%s, %s, %s::float)", product.id, part.product_id.id, part_quantity)
            for kit in kits
            for product in kit.product_id or kit.product_tmpl_id.product_variant_ids
            for part, part_quantity in self._get_parts(kit, product)
        ]
        if not rows:
            return NONE
        return SQL(
            """
            SELECT kit.sku || '/' || part.sku AS key, kit.sku AS kit, part.sku, sum(known.quantity)::float AS quantity
            FROM (VALUES %s) AS known (kit_id, part_id, quantity)
            JOIN %s AS kit ON kit.product_id = known.kit_id
            JOIN %s AS part ON part.product_id = known.part_id
            GROUP BY kit.sku, part.sku
            """,
            SQL(", ").join(rows),
            self._get_items(),
            self._get_items(),
        )

    @api.model
    def _get_parts(self, kit, product):
        """:return: list of (line of the kit, quantity in the unit of its product) for one of the product"""
        quantity = product.uom_id._compute_quantity(1.0, kit.product_uom_id, round=False)
        _kits, lines = kit.explode(product, quantity / kit.product_qty)
        return [
            (
                line,
                line.product_uom_id._compute_quantity(values["qty"], line.product_id.uom_id, round=False),
            )
            for line, values in lines
        ]
