from odoo import api, models


class MergePartner(models.TransientModel):
    """A delivery goes where the warehouse was told, into whichever contact its own was merged (W1)."""

    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _dist_follow_merge(self, merged, partner):
        result = super()._dist_follow_merge(merged, partner)
        # they were moved to the contact that is left beside the ORM
        pickings = self.env["stock.picking"].browse(
            picking.id for picking in partner._dist_get_told_addresses()
        )
        pickings.invalidate_recordset(["partner_id"])
        partner._dist_note_changed_addresses(
            {picking: picking.dist_told_address for picking in pickings.sudo() if picking.dist_told_address}
        )
        return result
