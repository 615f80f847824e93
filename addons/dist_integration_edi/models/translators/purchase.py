from odoo import models

from ...lib.separators import X12

NOTE = 2000


class PurchaseTranslator(models.AbstractModel):
    """What documents of suppliers have in common."""

    _name = "dist.edi.translator.purchase"
    _inherit = "dist.edi.translator"
    _description = "EDI document of a supplier"

    def _is_x12(self, document):
        return document.interchange_id.standard == X12

    def _get_note(self, canonical):
        return "\n".join(note["text"] for note in canonical.get("notes", []) if note.get("text"))[:NOTE]

    def _get_bought_item(self, item):
        """:return: dict of our number of an item, the supplier's and its GTIN, as far as they are told"""
        found = self._strip(
            {
                "sku": item.get("buyer_sku") or item.get("sku"),
                "supplier_sku": item.get("supplier_sku"),
                "gtin": item.get("gtin"),
            }
        )
        other = item.get("manufacturer_sku") or next(iter(item.get("codes", {}).values()), None)
        return found or self._strip({"supplier_sku": other})
