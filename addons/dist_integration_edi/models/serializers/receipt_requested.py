from odoo import models

from odoo.addons.dist_integration_wms.lib import formats
from odoo.addons.dist_integration_wms.models.stock_picking import RELEASED


class ReceiptRequestedSerializer(models.AbstractModel):
    """A warehouse that was asked to receive goods is asked again when the supplier says what it has shipped of them."""

    _inherit = "dist.serializer.receipt.requested"

    def _is_relevant(self, record):
        return record.dist_release_state in RELEASED

    def _get_payload(self, record):
        announced = [
            self._get_announced(record, shipment) for shipment in record.dist_announced_ids.sorted("id")
        ]
        payload = super()._get_payload(record)
        return {**payload, "announced": announced} if announced else payload

    def _get_announced(self, picking, shipment):
        """:return: dict of what a supplier has shipped of a receipt"""
        return {
            "shipment": shipment.external_id,
            "shipped_at": formats.moment_text(shipment.shipped_at),
            "expected_at": formats.moment_text(shipment.expected_at),
            "carrier": shipment.carrier or None,
            "tracking": shipment.tracking or None,
            "lines": [
                self._get_announced_line(move, line)
                for move in self._get_moves(picking)
                for line in shipment.line_ids
                if move.purchase_line_id and line.order_line_id == move.purchase_line_id
            ],
        }

    def _get_announced_line(self, move, line):
        quantity = line.uom_id._compute_quantity(line.quantity, move.product_uom, round=False)
        return {
            "line": move._dist_get_line_ref(),
            "quantity": formats.quantity_text(quantity),
            "lot": line.lot_name or None,
            "expiry": line.expiry.isoformat() if line.expiry else None,
            "sscc": line.sscc or None,
            "package": line.package or None,
            "within": line.outer_package or None,
        }
