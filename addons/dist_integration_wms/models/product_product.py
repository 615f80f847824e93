from odoo import api, models

from odoo.addons.dist_integration_base.lib import gs1

# what a warehouse is told of an item
ITEM_FIELDS = {
    "active",
    "barcode",
    "categ_id",
    "default_code",
    "dist_count_class",
    "expiration_time",
    "name",
    "packaging_ids",
    "product_template_attribute_value_ids",
    "product_uom_ids",
    "tracking",
    "type",
    "uom_id",
    "uom_ids",
    "use_expiration_date",
    "volume",
    "weight",
}


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "dist.owned.mixin"]

    @api.model_create_multi
    def create(self, vals_list):
        products = super().create(vals_list)
        products._dist_emit("item.changed")
        return products

    def write(self, vals):
        result = super().write(vals)
        if ITEM_FIELDS & set(vals):
            self._dist_emit("item.changed")
        return result

    def _dist_is_storable(self):
        """:return: True when quantities of this product are kept in stock"""
        self.ensure_one()
        return self.is_storable if "is_storable" in self._fields else self.type == "product"

    def _dist_get_gtin(self):
        """:return: barcode when it is a GTIN; None otherwise"""
        self.ensure_one()
        barcode = self.barcode or ""
        return barcode if len(barcode) in gs1.GTIN_LENGTHS and gs1.is_valid(barcode) else None
