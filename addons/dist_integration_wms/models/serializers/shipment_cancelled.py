from odoo import models


class ShipmentCancelledSerializer(models.AbstractModel):
    _name = "dist.serializer.shipment.cancelled"
    _inherit = "dist.serializer.warehouse.cancelled"
    _description = "Shipment cancelled: canonical message"

    def _get_kind(self):
        return "shipment"
