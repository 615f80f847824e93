from odoo import fields, models

from .dist_planning_mixin import BulkMany2one, SaidFloat
from .dist_planning_source import BUCKETS


class DistPlanningForecast(models.Model):
    """Expected demand of a product in a warehouse for a period, with the band it is expected in."""

    _name = "dist.planning.forecast"
    _description = "Forecast"
    _inherit = "dist.planning.mixin"
    # who and when is told once, by the version
    _log_access = False
    _order = "product_id, warehouse_id, bucket_start"

    warehouse_id = BulkMany2one(required=True)
    bucket_start = fields.Date(string="Period", required=True, readonly=True)
    bucket = fields.Selection(BUCKETS, required=True, readonly=True)
    calendar = fields.Char(readonly=True, help="The source's number of the calendar of its periods.")
    uom_id = BulkMany2one("uom.uom", string="Unit", required=True, readonly=True, ondelete="restrict")
    baseline = fields.Float(readonly=True)
    uplift = fields.Float(readonly=True, help="What promotions and events add to the baseline.")
    quantity = fields.Float(readonly=True, help="Baseline and uplift, in the product's unit.")
    low = SaidFloat(string="Low (5 %)", readonly=True)
    lower = SaidFloat(string="Lower (25 %)", readonly=True)
    upper = SaidFloat(string="Upper (75 %)", readonly=True)
    high = SaidFloat(string="High (95 %)", readonly=True)

    _sql_constraints = [
        (
            "period_uniq",
            "unique(batch_id, product_id, warehouse_id, bucket_start)",
            "A version has one forecast for a product, warehouse and period.",
        ),
    ]
