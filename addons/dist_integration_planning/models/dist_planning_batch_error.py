from odoo import fields, models


class DistPlanningBatchError(models.Model):
    """What is wrong with a version, where it stands in its files."""

    _name = "dist.planning.batch.error"
    _description = "Fault of a planning version"
    _inherit = ["dist.company.mixin", "dist.kept.mixin"]
    _order = "batch_id, file, line, id"
    _rec_name = "message"

    batch_id = fields.Many2one(
        "dist.planning.batch", string="Version", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    file = fields.Char(readonly=True)
    line = fields.Integer(readonly=True, group_operator=False)
    field = fields.Char(readonly=True)
    value = fields.Char(readonly=True)
    code = fields.Char(readonly=True)
    message = fields.Text(string="What is wrong", readonly=True)
