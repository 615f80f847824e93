from odoo import models

from ...lib import formats


class WarehouseCompletedSerializer(models.AbstractModel):
    _name = "dist.serializer.warehouse.completed"
    _inherit = "dist.serializer.warehouse"
    _description = "Canonical message: transfer completed"

    def _is_relevant(self, record):
        return record.state == "done"

    def _get_verb(self):
        """:return: what happened to the goods, as lines name it"""
        raise NotImplementedError

    def _get_completed(self, picking, codes):
        rest = picking.backorder_ids.filtered(lambda backorder: backorder.state != "cancel")[:1]
        return {
            "completed_at": formats.moment_text(picking.date_done),
            "lines": [self._get_line(move, codes) for move in self._get_moves(picking)],
            "backorder": rest.name or None,
        }

    def _get_line(self, move, codes):
        return {
            "line": move._dist_get_line_ref(),
            "item": self._get_item(move.product_id, codes),
            "asked": formats.quantity_text(move.product_uom_qty),
            self._get_verb(): formats.quantity_text(move.quantity),
            "unit": self._get_unit(move.product_uom, codes),
            "lots": self._get_lots(move),
        }
