from odoo import models


class ReceivingAdviceTranslator(models.AbstractModel):
    """What a customer has received: RECADV."""

    _name = "dist.edi.translator.receiving.advice"
    _inherit = "dist.edi.translator"
    _description = "EDI receiving advice to received sale"

    def _to_message(self, document, canonical):
        lines = canonical.get("lines", [])
        explained = self._get_explained(document.system_id, lines)
        return self._strip(
            {
                "number": canonical["number"],
                "delivery": canonical.get("ship_notice"),
                "order": canonical.get("order"),
                "received_at": canonical.get("received_at"),
                "lines": [self._get_line(line, explained) for line in lines],
            }
        )

    def _get_line(self, line, explained):
        return self._strip(
            {
                "line": line.get("order_line"),
                "item": self._get_item(line.get("item", {}), explained),
                "quantity": line["quantity"],
                "damaged_quantity": line.get("damaged"),
                "unit": line.get("unit"),
            }
        )
