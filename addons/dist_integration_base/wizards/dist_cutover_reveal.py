from odoo import api, fields, models

from ..models.dist_message import pretty


class DistCutoverReveal(models.TransientModel):
    """Both documents of a comparison in clear. Making it is looking at them, and is audited."""

    _name = "dist.cutover.reveal"
    _description = "Compared content in clear"
    _inherit = ["dist.wizard.mixin"]

    comparison_id = fields.Many2one("dist.cutover.comparison", required=True, readonly=True)
    ours = fields.Text(compute="_compute_content", string="This interface")
    reference = fields.Text(compute="_compute_content", string="Old interface")

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards.comparison_id._reveal()
        return wizards

    @api.depends("comparison_id")
    def _compute_content(self):
        self._check_given()
        for wizard in self:
            # a form that is not saved shows nothing: only what was audited is seen
            comparison = wizard.comparison_id.sudo() if wizard.ids else wizard.comparison_id.sudo().browse()
            wizard.ours = pretty(comparison.ours, [])
            wizard.reference = pretty(comparison.reference, [])
