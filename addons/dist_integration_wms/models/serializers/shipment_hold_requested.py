from odoo import models


class ShipmentHoldRequestedSerializer(models.AbstractModel):
    _name = "dist.serializer.shipment.hold.requested"
    _inherit = "dist.serializer.shipment.request"
    _description = "Shipment hold requested: canonical message"

    def _get_request_kind(self):
        return "hold"
