from odoo import models


class InvoiceCancelledSerializer(models.AbstractModel):
    _name = "dist.serializer.invoice.cancelled"
    _inherit = "dist.serializer.invoice"
    _description = "Invoice cancelled: canonical message"

    def _is_relevant(self, record):
        return record.state == "cancel"
