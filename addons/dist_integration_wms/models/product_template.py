from odoo import fields, models

from .product_product import ITEM_FIELDS


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "dist.owned.mixin", "dist.audited.extension.mixin"]

    dist_count_class = fields.Selection(
        [("A", "A"), ("B", "B"), ("C", "C")],
        string="Count class",
        help="How exactly stock of this product is reconciled: each class has its own tolerance. Customary are 1 % "
        "for A, 3 % for B, 5 % for C.",
    )

    def write(self, vals):
        result = super().write(vals)
        if ITEM_FIELDS & set(vals):
            self.with_context(active_test=False).product_variant_ids._dist_emit("item.changed")
        return result
