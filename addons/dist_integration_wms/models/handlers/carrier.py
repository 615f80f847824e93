from odoo import _, models


class CarrierHandler(models.AbstractModel):
    """What the messages of carriers and transport management systems have in common."""

    _name = "dist.handler.carrier"
    _inherit = "dist.handler.warehouse"
    _description = "Handler of a carrier's message"

    def _get_kind(self):
        return "shipment"

    def _get_picking_domain(self, message):
        return [
            ("company_id", "=", message.company_id.id),
            *self.env["stock.picking"]._dist_get_transport_domain(message.system_id),
        ]

    def _find_pickings(self, message, payload):
        """:return: stock.picking of the number in a message, the oldest first; several after a partial confirmation"""
        number = payload.get("shipment")
        if not number:
            return self.env["stock.picking"]
        by_number = ["|", ("dist_release_ref", "=", number), ("name", "=", number)]
        return self.env["stock.picking"].search(by_number + self._get_picking_domain(message), order="id")

    def _prepare_not_found(self, payload):
        error = super()._prepare_not_found({"shipment": payload["shipment"]})
        error.suggestion = _(
            "Compare the number with the deliveries of this carrier: its carrier, or its warehouse, names this system."
        )
        return error
