from odoo import models


class TransportSerializer(models.AbstractModel):
    """What the messages about the transport of a delivery have in common."""

    _name = "dist.serializer.transport"
    _inherit = "dist.serializer.warehouse"
    _description = "Canonical message about transport"

    def _get_kind(self):
        return "shipment"

    def _get_system(self, picking):
        """:return: the carrier's system; its code map words the message"""
        return picking._dist_get_transport_system()
