from odoo import fields, models

from .dist_planning_mixin import BulkMany2one, SaidFloat


class DistPlanningParameter(models.Model):
    """What a product's stock in a warehouse is to be steered by."""

    _name = "dist.planning.parameter"
    _description = "Stock parameter"
    _inherit = "dist.planning.mixin"
    # who and when is told once, by the version
    _log_access = False
    _order = "product_id, warehouse_id"

    warehouse_id = BulkMany2one(required=True)
    uom_id = BulkMany2one("uom.uom", string="Unit", required=True, readonly=True, ondelete="restrict")
    safety_stock = SaidFloat(readonly=True)
    reorder_point = SaidFloat(readonly=True)
    maximum = SaidFloat(string="Order up to", readonly=True)
    service_level = SaidFloat(readonly=True, digits=(6, 4), group_operator="avg")
    lead_time_days = SaidFloat(string="Lead time (days)", readonly=True, group_operator="avg")
    explanation = fields.Json(readonly=True)

    _sql_constraints = [
        (
            "product_uniq",
            "unique(batch_id, product_id, warehouse_id)",
            "A version has one row of parameters for a product and warehouse.",
        ),
    ]
