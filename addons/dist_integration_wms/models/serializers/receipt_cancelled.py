from odoo import models


class ReceiptCancelledSerializer(models.AbstractModel):
    _name = "dist.serializer.receipt.cancelled"
    _inherit = "dist.serializer.warehouse.cancelled"
    _description = "Receipt cancelled: canonical message"

    def _get_kind(self):
        return "receipt"
