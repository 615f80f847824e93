from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _dist_is_stocked(self):
        """:return: True when quantities of this product are kept in stock"""
        self.ensure_one()
        if "is_storable" in self._fields:
            return self.is_storable
        return self.type == "product"
