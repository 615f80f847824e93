from odoo import fields, models


class DistExceptionIgnore(models.TransientModel):
    _name = "dist.exception.ignore"
    _description = "Ignore exceptions"
    _inherit = ["dist.wizard.mixin"]

    exception_ids = fields.Many2many("dist.exception", string="Exceptions")
    reason = fields.Char(required=True)

    def action_ignore(self):
        self.ensure_one()
        self._get_chosen("exception_ids")._ignore(self.reason)
        return {"type": "ir.actions.act_window_close"}
