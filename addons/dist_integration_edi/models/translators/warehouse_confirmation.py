from odoo import models


class ReceiptConfirmedTranslator(models.AbstractModel):
    """A stock transfer receipt advice of a 3PL: 944 says what a confirmed receipt says."""

    _name = "dist.edi.translator.receipt.confirmed"
    _inherit = "dist.edi.translator"
    _description = "EDI receipt advice to receipt confirmation"

    def _to_message(self, document, canonical):
        return canonical


class ShipmentConfirmedTranslator(models.AbstractModel):
    """A shipping advice of a 3PL: 945 says what a confirmed shipment says."""

    _name = "dist.edi.translator.shipment.confirmed"
    _inherit = "dist.edi.translator"
    _description = "EDI shipping advice to shipment confirmation"

    def _to_message(self, document, canonical):
        return canonical
