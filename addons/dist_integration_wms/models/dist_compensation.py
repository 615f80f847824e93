from odoo import _, api, models


class DistCompensation(models.AbstractModel):
    _inherit = "dist.compensation"

    @api.model
    def _compensate_unreserve(self, milestone):
        """Free the goods of refused deliveries"""
        document = milestone._get_document()
        refused = document.picking_ids.filtered(
            lambda picking: (
                picking.dist_release_state == "refused" and picking.state not in ("done", "cancel")
            )
        )
        refused.do_unreserve()
        document.message_post(
            body=_("Refused by the warehouse; its goods were freed: %s", ", ".join(refused.mapped("name")))
        )
