from odoo import api, fields, models


class DistQuantityRule(models.Model):
    """Least quantity and lot size in which a channel sells a product."""

    _name = "dist.quantity.rule"
    _description = "Quantity rule of a sales channel"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "channel_id, product_id, categ_id, id"
    _check_company_auto = True

    channel_id = fields.Many2one("dist.sales.channel", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, precompute=True)
    product_id = fields.Many2one("product.product", check_company=True, ondelete="cascade")
    categ_id = fields.Many2one("product.category", string="Product Category", ondelete="cascade")
    minimum = fields.Float(
        digits="Product Unit of Measure", help="In the unit of the product. 0: no minimum."
    )
    multiple = fields.Float(
        digits="Product Unit of Measure",
        help="In the unit of the product: 12 sells 12, 24, 36. 0: any quantity.",
    )

    _sql_constraints = [
        (
            "product_uniq",
            "unique(channel_id, product_id)",
            "This channel already has a rule for this product.",
        ),
        ("categ_uniq", "unique(channel_id, categ_id)", "This channel already has a rule for this category."),
        (
            "one_target",
            "CHECK((product_id IS NULL) <> (categ_id IS NULL))",
            "A quantity rule is for a product or for a category.",
        ),
        ("quantities_positive", "CHECK(minimum >= 0 AND multiple >= 0)", "Quantities cannot be negative."),
    ]

    @api.depends("product_id", "categ_id")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = (rule.product_id or rule.categ_id).display_name

    def _get_for(self, product):
        """The rule that governs a product: its own, else that of the nearest category.

        :param product: product.product
        :return: dist.quantity.rule, empty when none applies
        """
        own = self.filtered(lambda rule: rule.product_id == product)
        if own:
            return own[:1]
        path = [int(part) for part in (product.categ_id.parent_path or "").split("/") if part]
        for category_id in reversed(path):
            nearest = self.filtered(lambda rule, wanted=category_id: rule.categ_id.id == wanted)
            if nearest:
                return nearest[:1]
        return self.browse()
