from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _dist_get_purchase_unit(self):
        """:return: uom.uom in which suppliers' prices are kept; from 18.1 on the unit of the product itself"""
        self.ensure_one()
        return self["uom_po_id"] if "uom_po_id" in self._fields else self.uom_id
