from odoo import fields, models


class DistPlanningAlert(models.Model):
    """What a planning source wants a planner to look at."""

    _name = "dist.planning.alert"
    _description = "Planning alert"
    _inherit = "dist.planning.mixin"
    _order = "severity_order desc, date, id"
    _rec_name = "text"

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
