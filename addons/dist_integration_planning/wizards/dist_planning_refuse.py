from odoo import api, fields, models


class DistPlanningRefuse(models.TransientModel):
    """Asks why proposals are refused; whoever proposed them is told."""

    _name = "dist.planning.refuse"
    _description = "Refuse proposals"
    _inherit = ["dist.wizard.mixin"]

    proposal_ids = fields.Many2many("dist.planning.proposal", string="Proposals")
    proposal_count = fields.Integer(compute="_compute_proposal_count", string="Number of proposals")
    reason = fields.Char(required=True)

    @api.depends("proposal_ids")
    def _compute_proposal_count(self):
        for wizard in self:
            wizard.proposal_count = len(wizard.proposal_ids)

    def action_refuse(self):
        self._get_chosen("proposal_ids").action_refuse(self.reason)
        return {"type": "ir.actions.act_window_close"}
