from odoo import models


class ReceivingAdviceTranslator(models.AbstractModel):
    """What a customer has received: RECADV."""

    _name = "dist.edi.translator.receiving.advice"
    _inherit = "dist.edi.translator"
    _description = "EDI receiving advice to received sale"

    def _to_message(self, document, canonical):
        return self._strip(
            {
                "number": canonical["number"],
                "delivery": canonical.get("ship_notice"),
                "order": canonical.get("order"),
                "received_at": canonical.get("received_at"),
                "lines": [self._get_line(document.system_id, line) for line in canonical.get("lines", [])],
            }
        )

    def _get_line(self, system, line):
        return self._strip(
            {
                "line": line.get("order_line"),
                "item": self._get_item(system, line.get("item", {})),
                "quantity": line["quantity"],
                "damaged_quantity": line.get("damaged"),
                "unit": line.get("unit"),
            }
        )
