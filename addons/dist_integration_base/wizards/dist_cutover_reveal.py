from odoo import api, fields, models

from ..models.dist_message import pretty


class DistCutoverReveal(models.TransientModel):
    """Both documents of a comparison in clear."""

    _name = "dist.cutover.reveal"
    _description = "Compared content in clear"
    _inherit = ["dist.reveal.mixin"]
    _revealed = "comparison_id"

    comparison_id = fields.Many2one("dist.cutover.comparison", required=True, readonly=True)
    ours = fields.Text(compute="_compute_content", string="This interface")
    reference = fields.Text(compute="_compute_content", string="Old interface")

    @api.depends("comparison_id")
    @api.depends_context("uid")
    def _compute_content(self):
        self._check_given()
        for wizard in self:
            comparison = wizard._get_revealed()
            wizard.ours = pretty(comparison.ours, [])
            wizard.reference = pretty(comparison.reference, [])
