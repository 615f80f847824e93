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
        known = self._find_line_numbers(document, canonical["shipment"])
        return {**canonical, "lines": [self._get_line(line, known) for line in canonical.get("lines", [])]}

    def _find_line_numbers(self, document, shipment):
        """:return: set of our numbers of the lines of a shipment"""
        named = [("name", "=", shipment), ("company_id", "=", document.company_id.id)]
        moves = self.env["stock.picking"].sudo().search(named).move_ids
        return {move._dist_get_line_ref() for move in moves}

    def _get_line(self, line, known):
        """LX01 is our number of the line, or a running one of the 3PL: then the item says which line is meant."""
        is_named = line.get("sku") or line.get("gtin")
        is_running = is_named and line.get("line") not in known
        return {name: value for name, value in line.items() if name != "line" or not is_running}
