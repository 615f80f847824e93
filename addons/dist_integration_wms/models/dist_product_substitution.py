from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class DistProductSubstitution(models.Model):
    """An item that a warehouse may ship instead of another one."""

    _name = "dist.product.substitution"
    _description = "Approved substitution"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "product_id, sequence, id"

    product_id = fields.Many2one(
        "product.product", string="Instead of", required=True, ondelete="cascade", index=True
    )
    substitute_id = fields.Many2one(
        "product.product", string="May be shipped", required=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="To",
        ondelete="cascade",
        domain="[('parent_id', '=', False)]",
        help="The customer who takes it. Empty: every customer.",
    )
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company, index=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_product_substitution_uniq ON dist_product_substitution "
            "(product_id, substitute_id, COALESCE(partner_id, 0), COALESCE(company_id, 0)) WHERE active"
        )

    @api.depends("product_id", "substitute_id")
    def _compute_display_name(self):
        for substitution in self:
            substitution.display_name = _(
                "%(substitute)s for %(product)s",
                substitute=substitution.substitute_id.display_name,
                product=substitution.product_id.display_name,
            )

    @api.constrains("product_id", "substitute_id")
    def _check_products(self):
        for substitution in self:
            product, substitute = substitution.product_id, substitution.substitute_id
            if product == substitute:
                raise ValidationError(_("%s cannot stand for itself.", product.display_name))
            if product.uom_id != substitute.uom_id:
                raise ValidationError(
                    _(
                        "%(product)s and %(substitute)s are counted in different units.",
                        product=product.display_name,
                        substitute=substitute.display_name,
                    )
                )

    @api.model
    def _get_domain(self, company, partner):
        return [
            ("company_id", "in", (False, company.id)),
            ("partner_id", "in", (False, partner.commercial_partner_id.id)),
        ]

    @api.model
    def _find_substituted(self, products, substitute, company, partner):
        """:return: those of these products that an item may be shipped for"""
        return self.search(
            [
                ("product_id", "in", products.ids),
                ("substitute_id", "=", substitute.id),
                *self._get_domain(company, partner),
            ]
        ).product_id
