from odoo import models

from ...lib import formats


class ReturnCompletedSerializer(models.AbstractModel):
    _name = "dist.serializer.return.completed"
    _inherit = "dist.serializer.warehouse.completed"
    _description = "Return completed: canonical message"

    def _get_kind(self):
        return "return"

    def _get_verb(self):
        return "returned"

    def _get_payload(self, record):
        codes = self._get_codes(record)
        return {
            **self._get_head(record, codes),
            "customer": self._get_party(record.partner_id),
            **self._get_completed(record, codes),
        }

    def _get_line(self, move, codes):
        return {**super()._get_line(move, codes), "dispositions": self._get_dispositions(move)}

    def _get_dispositions(self, move):
        """:return: list of what was done with the goods, told by where they went, in the move's unit"""
        places = {
            location: disposition
            for disposition, location in move.picking_type_id.warehouse_id._dist_get_return_places().items()
        }
        quantities = {}
        for line in move.move_line_ids:
            disposition = places.get(line.location_dest_id, "restock")
            amount = line.product_uom_id._compute_quantity(line.quantity, move.product_uom, round=False)
            quantities[disposition] = quantities.get(disposition, 0.0) + amount
        return [
            {"disposition": disposition, "quantity": formats.quantity_text(quantity)}
            for disposition, quantity in quantities.items()
        ]
