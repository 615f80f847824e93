from odoo import models


class PlanningProposalExecutedSerializer(models.AbstractModel):
    """A proposal was carried out, and by which document."""

    _name = "dist.serializer.planning.proposal.executed"
    _inherit = "dist.serializer.planning.proposal.decided"
    _description = "Planning proposal carried out"

    def _is_relevant(self, record):
        return record.state == "executed"

    def _get_payload(self, record):
        document = record.purchase_id or record.picking_id or record.orderpoint_id
        return {
            **super()._get_payload(record),
            "executed": self._format_moment(record.executed_at),
            "document": document.name or None,
        }
