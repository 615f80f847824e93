from odoo import fields, models

from ...lib import formats


class ShipmentHoldReleasedSerializer(models.AbstractModel):
    _name = "dist.serializer.shipment.hold.released"
    _inherit = "dist.serializer.shipment.request"
    _description = "Shipment hold released: canonical message"

    def _get_request_kind(self):
        return "hold"

    def _get_request_states(self):
        return ("lifted", "withdrawn")

    def _get_details(self, picking, request, codes):
        return {"released_at": formats.moment_text(fields.Datetime.now())}
