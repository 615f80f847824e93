from odoo import models


class DistPlanningProposal(models.Model):
    """What becomes of proposals goes back to whoever made them."""

    _inherit = "dist.planning.proposal"

    def _after_decision(self):
        result = super()._after_decision()
        self._dist_emit("planning.proposal.decided")
        return result

    def _after_execution(self):
        result = super()._after_execution()
        self._dist_emit("planning.proposal.executed")
        return result
