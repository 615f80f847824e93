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
                self._get_request_line(line, quantities, units.get(line.line_ref, line.uom_id), codes)
                for line, quantities in request._get_open_lines().items()
            ],
        }

    def _get_wanted_carrier(self, picking, request):
        carrier = {"carrier": request.carrier_id}
        codes = self.env["dist.code.map"]._dist_get_codes(self._get_system(picking), carrier)
        return self._get_carrier(request, codes)

    def _get_request_line(self, line, quantities, unit, codes):
        """
        :param quantities: (what is open of the line, what is wanted instead), in the product's unit
        :param unit: uom.uom in which the line was asked for
        """
        previous, wanted = quantities

        def text(quantity):
            return formats.quantity_text(line.uom_id._compute_quantity(quantity, unit, round=False))

        return {
            "line": line.line_ref,
            "item": self._get_item(line.product_id, codes),
            "previous_quantity": text(previous),
            "quantity": text(wanted),
            "unit": self._get_unit(unit, codes),
        }
