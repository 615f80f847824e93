from odoo import models

from odoo.addons.dist_integration_base.lib import gs1


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "dist.owned.mixin"]

    def _dist_get_gtin(self):
        """:return: barcode when it is a GTIN; None otherwise"""
        self.ensure_one()
        barcode = self.barcode or ""
        return barcode if len(barcode) in gs1.GTIN_LENGTHS and gs1.is_valid(barcode) else None
