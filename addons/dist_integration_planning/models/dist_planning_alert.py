from odoo import fields, models

from .dist_planning_mixin import BulkMany2one


class DistPlanningAlert(models.Model):
    """What a planning source wants a planner to look at."""

    _name = "dist.planning.alert"
    _description = "Planning alert"
    _inherit = "dist.planning.mixin"
    # who and when is told once, by the version
    _log_access = False
    _order = "severity_order desc, date, id"
    _rec_name = "text"

    batch_id = BulkMany2one(index=True)
    code = fields.Char(required=True, readonly=True)
    severity = fields.Selection(
        [("low", "Low"), ("normal", "Normal"), ("high", "High"), ("critical", "Critical")],
        required=True,
        readonly=True,
        default="normal",
    )
    severity_order = fields.Integer(readonly=True)
    text = fields.Text(required=True, readonly=True)
    date = fields.Date(readonly=True, help="When it is expected to happen.")
