from odoo import models

# words of the document to reasons of the warehouse messages, where they differ
REASONS = {"cycle_count": "count"}


class InventoryAdjustmentTranslator(models.AbstractModel):
    """An inventory adjustment of a 3PL: 947 says what a stock adjustment says."""

    _name = "dist.edi.translator.inventory.adjustment"
    _inherit = "dist.edi.translator"
    _description = "EDI inventory adjustment to stock adjustment"

    def _to_message(self, document, canonical):
        return self._strip(
            {
                "adjustment": canonical["number"],
                "warehouse": self._get_warehouse(document.system_id, canonical),
                "adjusted_at": canonical["adjusted_at"],
                "lines": [self._get_line(line) for line in canonical["lines"]],
            }
        )

    def _get_warehouse(self, system, canonical):
        """:return: what the 3PL calls its warehouse; None where it runs one only, whose number nobody needs to know"""
        code = canonical.get("parties", {}).get("warehouse", {}).get("id")
        warehouses = self.env["stock.warehouse"]
        is_needed = len(warehouses._dist_find_by_code(system)) > 1
        return code if is_needed or warehouses._dist_find_by_code(system, code) else None

    def _get_line(self, line):
        reason = line["reason"]
        return self._strip(
            {
                "sku": line.get("sku"),
                "gtin": line.get("gtin"),
                "unit": line.get("unit"),
                "lot": line.get("lot"),
                "reason": REASONS.get(reason, reason),
                "change": line["quantity"],
            }
        )
