from odoo import models
from odoo.tools import html2plaintext

from ...lib import formats


class ShipmentRequestedSerializer(models.AbstractModel):
    _name = "dist.serializer.shipment.requested"
    _inherit = "dist.serializer.warehouse"
    _description = "Shipment requested: canonical message"

    def _get_kind(self):
        return "shipment"

    def _is_relevant(self, record):
        return record.dist_release_state == "requested"

    def _get_payload(self, record):
        codes = self._get_codes(record)
        return {
            **self._get_head(record, codes),
            "backorder_of": record.backorder_id.name or None,
            "priority": "urgent" if record.priority == "1" else "normal",
            "shipping_policy": "complete" if record.move_type == "one" else "as_available",
            "requested_date": formats.moment_text(record.scheduled_date),
            "deadline": formats.moment_text(record.date_deadline or None),
            "ship_to": self._get_party(record.partner_id),
            "carrier": self._get_carrier(record, codes),
            "note": html2plaintext(record.note) if record.note else None,
            "lines": [self._get_line(move, codes) for move in self._get_moves(record)],
        }

    def _get_line(self, move, codes):
        return {
            "line": move._dist_get_line_ref(),
            "item": self._get_item(move.product_id, codes),
            "quantity": formats.quantity_text(move.product_uom_qty),
            "reserved": formats.quantity_text(move.quantity),
            "unit": self._get_unit(move.product_uom, codes),
            "description": move.description_picking or None,
            "lots": self._get_lots(move) if move.product_id.tracking != "none" else [],
        }
