from odoo import api, models
from odoo.tools import SQL

from ..series import get_reference_unit
from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetUnits(models.AbstractModel):
    """Units, and how many of the unit that others of its kind are reckoned by one is."""

    _name = "dist.planning.dataset.units"
    _inherit = "dist.planning.dataset"
    _description = "Units"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("unit"),
            DatasetColumn("reference_unit"),
            DatasetColumn("ratio", "number"),
            DatasetColumn("rounding", "number"),
        ]

    @api.model
    def _get_query(self, export):
        units = self.env["uom.uom"].sudo().with_context(active_test=False).search([])
        rows = []
        for unit in units:
            reference = get_reference_unit(unit)
            ratio = unit._compute_quantity(1.0, reference, round=False)
            rows.append(SQL("(%s, %s, %s::float)", unit.id, reference.id, ratio))
        return SQL(
            """
            SELECT %(name)s || '#' || unit.id AS key, %(name)s AS unit, %(reference)s AS reference_unit,
                   known.ratio, %(rounding)s AS rounding
            FROM (VALUES %(rows)s) AS known (unit_id, reference_id, ratio)
            JOIN uom_uom AS unit ON unit.id = known.unit_id
            JOIN uom_uom AS reference ON reference.id = known.reference_id
            """,
            name=self._get_text(SQL("unit.name")),
            reference=self._get_text(SQL("reference.name")),
            rounding=self._get_rounding(),
            rows=SQL(", ").join(rows),
        )

    @api.model
    def _get_rounding(self):
        # from 18.0 on all units are rounded alike
        if self.env["uom.uom"]._fields["rounding"].store:
            return SQL("unit.rounding::float")
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return SQL("%s::float", 10**-digits)
