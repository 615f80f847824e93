from odoo import models

from ...lib import formats


class ShipmentChangeRequestedSerializer(models.AbstractModel):
    _name = "dist.serializer.shipment.change.requested"
    _inherit = "dist.serializer.shipment.request"
    _description = "Shipment change requested: canonical message"

    def _get_request_kind(self):
        return "change"

    def _get_details(self, picking, request, codes):
        units = {move._dist_get_line_ref(): move.product_uom for move in picking.move_ids}
        return {
            **super()._get_details(picking, request, codes),
            "requested_date": formats.moment_text(request.requested_date or None),
            "ship_to": self._get_party(request.partner_id),
            "carrier": self._get_wanted_carrier(picking, request),
            "lines": [
                self._get_request_line(line, units.get(line.line_ref, line.uom_id), codes)
                for line in request.line_ids
            ],
        }

    def _get_wanted_carrier(self, picking, request):
        carrier = {"carrier": request.carrier_id}
        codes = self.env["dist.code.map"]._dist_get_codes(self._get_system(picking), carrier)
        return self._get_carrier(request, codes)

    def _get_request_line(self, line, unit, codes):
        """:param unit: uom.uom in which the line was asked for"""

        def text(quantity):
            return formats.quantity_text(line.uom_id._compute_quantity(quantity, unit, round=False))

        return {
            "line": line.line_ref,
            "item": self._get_item(line.product_id, codes),
            "previous_quantity": text(line.previous_quantity),
            "quantity": text(line.quantity),
            "unit": self._get_unit(unit, codes),
        }
