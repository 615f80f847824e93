from odoo import api, models

DECIDED = ("approved", "refused")
# what is told of a decision
TOLD = {"state", "approved_quantity"}


class DistPlanningProposal(models.Model):
    """What becomes of proposals goes back to whoever made them."""

    _inherit = "dist.planning.proposal"

    def write(self, vals):
        result = super().write(vals)
        if not TOLD.isdisjoint(vals):
            self._tell()
        return result

    def _tell(self):
        """Record what became of these proposals, for the platform; also after they were written in bulk."""
        self.filtered(lambda proposal: proposal.state in DECIDED)._dist_emit("planning.proposal.decided")
        executed = self.filtered(lambda proposal: proposal.state == "executed")
        executed._dist_emit("planning.proposal.executed")

    @api.model_create_multi
    def create(self, vals_list):
        proposals = super().create(vals_list)
        proposals._tell()
        return proposals
