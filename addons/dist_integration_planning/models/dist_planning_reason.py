from odoo import fields, models


class DistPlanningReason(models.Model):
    """Why a proposal waits for a planner."""

    _name = "dist.planning.reason"
    _description = "Reason to wait for a planner"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, readonly=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()

    _sql_constraints = [("code_uniq", "unique(code)", "There is a reason of this code already.")]
