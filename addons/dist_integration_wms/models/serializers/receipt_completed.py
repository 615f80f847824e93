from odoo import models

from ...lib import formats


class ReceiptCompletedSerializer(models.AbstractModel):
    _name = "dist.serializer.receipt.completed"
    _inherit = "dist.serializer.warehouse.completed"
    _description = "Receipt completed: canonical message"

    def _get_kind(self):
        return "receipt"

    def _get_verb(self):
        return "received"

    def _get_payload(self, record):
        codes = self._get_codes(record)
        return {
            **self._get_head(record, codes),
            "supplier": self._get_party(record.partner_id),
            **self._get_completed(record, codes),
        }

    def _get_line(self, move, codes):
        damaged = move.picking_type_id.warehouse_id.dist_damaged_location_id
        quantity = sum(
            line.product_uom_id._compute_quantity(line.quantity, move.product_uom, round=False)
            for line in move.move_line_ids
            if damaged and line.location_dest_id == damaged
        )
        return {**super()._get_line(move, codes), "damaged": formats.quantity_text(quantity)}
