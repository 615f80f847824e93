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
        warehouse = move.picking_type_id.warehouse_id
        return {
            **super()._get_line(move, codes),
            "damaged": self._get_quantity_at(move, warehouse.dist_damaged_location_id),
            "on_hold": self._get_quantity_at(move, warehouse.dist_hold_location_id),
        }

    def _get_quantity_at(self, move, location):
        """:return: how much of a move went to a location, in the move's unit, as text"""
        return formats.quantity_text(
            sum(
                line.product_uom_id._compute_quantity(line.quantity, move.product_uom, round=False)
                for line in move.move_line_ids
                if location and line.location_dest_id == location
            )
        )
