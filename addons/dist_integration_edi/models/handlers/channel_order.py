from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError


class ChannelOrderHandler(models.AbstractModel):
    """Of an order that came as a document only its partner says more, though others use the same system."""

    _inherit = "dist.handler.channel.order"

    def _find_order(self, message, payload):
        order = super()._find_order(message, payload)
        sender = self.env["dist.edi.document"]._find_of_message(message).edi_partner_id
        if sender and not order._dist_is_of_edi_partner(sender):
            raise BusinessError(
                "unknown_order",
                _("There is no order %s of yours.", payload["reference"]),
                "/reference",
                status=404,
            )
        return order
