from odoo import models

from ...lib import formats


class TransportRequestedSerializer(models.AbstractModel):
    _name = "dist.serializer.transport.requested"
    _inherit = "dist.serializer.transport"
    _description = "Transport requested: canonical message"

    def _is_relevant(self, record):
        return record.dist_transport_state == "requested"

    def _get_payload(self, record):
        codes, warehouse = self._get_codes(record), record.picking_type_id.warehouse_id
        currency = record.company_id.currency_id
        return {
            **self._get_head(record, codes),
            "priority": "urgent" if record.priority == "1" else "normal",
            "ready_at": formats.moment_text(record.scheduled_date or None),
            "deliver_by": formats.moment_text(record._dist_get_deadline()),
            "ship_from": self._get_party(warehouse.partner_id),
            "ship_to": self._get_party(record.partner_id),
            "carrier": self._get_carrier(record, codes),
            "weight": formats.quantity_text(record.shipping_weight or record.weight or 0.0),
            "weight_unit": record.weight_uom_name,
            "value": formats.quantity_text(currency.round(record._dist_get_shipment_impact()["value"])),
            "currency": currency.name,
            "lines": [
                {
                    "line": move._dist_get_line_ref(),
                    "item": self._get_item(move.product_id, codes),
                    "quantity": formats.quantity_text(move.product_uom_qty),
                    "unit": self._get_unit(move.product_uom, codes),
                }
                for move in self._get_moves(record)
            ],
        }
