from odoo import models


class InvoicePostedSerializer(models.AbstractModel):
    _name = "dist.serializer.invoice.posted"
    _inherit = "dist.serializer.invoice"
    _description = "Invoice posted: canonical message"

    def _get_payload(self, record):
        return self.env["dist.invoice.view"]._get_view(record)
