from odoo import models

from odoo.addons.dist_integration_base.lib.handling import MissingMapping


class DistHandler(models.AbstractModel):
    _inherit = "dist.handler"

    def _find_products(self, message, items):
        texts = [item.get("sku") or item.get("gtin") for item, _pointer in items]
        known = self.env["dist.availability.query"]._read_known_products(message.system_id, texts)
        products = self.env["product.product"].search(
            [
                "|",
                ("default_code", "in", texts),
                ("barcode", "in", texts),
                ("company_id", "in", (False, self.env.company.id)),
            ]
        )
        by_text = {}
        for product in products:
            by_text.setdefault(product.barcode, product)
        for product in products:
            by_text[product.default_code] = product
        by_text.update({text: products.browse(pid) for text, pid in known.items()})
        for (_item, pointer), text in zip(items, texts):
            if text not in by_text:
                raise MissingMapping("product", text, pointer, model="product.product")
        return [by_text[text] for text in texts]
