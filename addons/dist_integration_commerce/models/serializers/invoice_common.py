from odoo import models


class InvoiceSerializer(models.AbstractModel):
    """What the events of an invoice have in common."""

    _name = "dist.serializer.invoice"
    _inherit = "dist.serializer"
    _description = "Canonical message of an invoice"

    def _is_relevant(self, record):
        return record.state == "posted"

    def _get_payload(self, record):
        return self.env["dist.invoice.view"]._get_summary(record)

    def _get_business_key(self, record):
        return record.name
