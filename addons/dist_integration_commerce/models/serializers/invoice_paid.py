from odoo import models


class InvoicePaidSerializer(models.AbstractModel):
    """Says the payment status at the end of the transaction, whichever way it changed."""

    _name = "dist.serializer.invoice.paid"
    _inherit = "dist.serializer.invoice"
    _description = "Payment status of an invoice changed: canonical message"
