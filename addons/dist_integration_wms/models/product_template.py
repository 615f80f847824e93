from odoo import fields, models


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "dist.owned.mixin"]

    dist_count_class = fields.Selection(
        [("A", "A"), ("B", "B"), ("C", "C")],
        string="Count class",
        help="How exactly stock of this product is reconciled: each class has its own tolerance. Customary are 1 % "
        "for A, 3 % for B, 5 % for C.",
    )
