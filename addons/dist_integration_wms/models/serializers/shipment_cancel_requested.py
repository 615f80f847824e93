from odoo import models


class ShipmentCancelRequestedSerializer(models.AbstractModel):
    _name = "dist.serializer.shipment.cancel.requested"
    _inherit = "dist.serializer.shipment.request"
    _description = "Shipment cancel requested: canonical message"

    def _get_request_kind(self):
        return "cancel"
