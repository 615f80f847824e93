from odoo import fields, models


class DistReconciliationReason(models.Model):
    """Why both sides differ, in a word that can be counted."""

    _name = "dist.reconciliation.reason"
    _description = "Reason of a variance"
    _inherit = ["dist.guarded.mixin"]
    _order = "sequence, name"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _sql_constraints = [("code_uniq", "unique(code)", "This reason exists already.")]
