from odoo import fields, models


class DistCutoverAccept(models.TransientModel):
    """Asks why differences are as they should be."""

    _name = "dist.cutover.accept"
    _description = "Explain differences"
    _inherit = ["dist.wizard.mixin"]

    comparison_ids = fields.Many2many("dist.cutover.comparison", string="Comparisons")
    reason = fields.Char(string="Explanation", required=True)

    def action_accept(self):
        self.ensure_one()
        self._get_chosen("comparison_ids")._accept(self.reason)
        return {"type": "ir.actions.act_window_close"}
