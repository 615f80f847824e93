from odoo import fields, models


class DistCutoverDifference(models.Model):
    """One field that the two interfaces say differently."""

    _name = "dist.cutover.difference"
    _description = "Cut-over difference"
    _order = "comparison_id desc, id"
    _rec_name = "path"

    comparison_id = fields.Many2one(
        "dist.cutover.comparison", required=True, readonly=True, ondelete="cascade", index=True
    )
    flow_id = fields.Many2one(related="comparison_id.flow_id", store=True, index=True)
    company_id = fields.Many2one(related="comparison_id.company_id", store=True)
    is_accepted = fields.Boolean(related="comparison_id.is_accepted", store=True, string="Explained")
    compared_at = fields.Datetime(related="comparison_id.compared_at", store=True)
    path = fields.Char(required=True, readonly=True)
    pattern = fields.Char(string="Field", required=True, readonly=True, index=True)
    kind = fields.Selection(
        [("changed", "Other value"), ("missing", "Missing here"), ("extra", "Only here")],
        required=True,
        readonly=True,
    )
    ours = fields.Char(string="This interface", readonly=True)
    reference = fields.Char(string="Old interface", readonly=True)
