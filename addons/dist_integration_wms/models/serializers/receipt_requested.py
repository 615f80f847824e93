from odoo import models
from odoo.tools import html2plaintext

from ...lib import formats


class ReceiptRequestedSerializer(models.AbstractModel):
    _name = "dist.serializer.receipt.requested"
    _inherit = "dist.serializer.warehouse"
    _description = "Receipt requested: canonical message"

    def _get_kind(self):
        return "receipt"

    def _is_relevant(self, record):
        return record.dist_release_state == "requested"

    def _get_payload(self, record):
        codes = self._get_codes(record)
        return {
            **self._get_head(record, codes),
            "backorder_of": record.backorder_id.name or None,
            "expected_date": formats.moment_text(record.scheduled_date),
            "supplier": self._get_party(record.partner_id),
            "note": html2plaintext(record.note) if record.note else None,
            "lines": [self._get_line(move, codes) for move in self._get_moves(record)],
        }

    def _get_line(self, move, codes):
        """:return: dict of what is still to come of a line; what was confirmed before is not in its quantity"""
        product = move.product_id
        return {
            "line": move._dist_get_line_ref(),
            "item": self._get_item(product, codes),
            "quantity": formats.quantity_text(move.product_uom_qty),
            "unit": self._get_unit(move.product_uom, codes),
            "description": move.description_picking or None,
            "tracking": product.tracking,
            "expiry_required": product.tracking != "none" and product.use_expiration_date,
        }
