from decimal import Decimal

from odoo import api, fields, models

from ..lib.promise import PromiseTerms


class DistAvailabilityRule(models.Model):
    """How much of a warehouse's stock a channel may promise: of a product, of a category, or of everything."""

    _name = "dist.availability.rule"
    _description = "Availability rule of a sales channel"
    _inherit = ["dist.company.mixin", "dist.cached.mixin", "dist.guarded.mixin"]
    _order = "channel_id, product_id, categ_id, warehouse_id, id"
    _check_company_auto = True

    channel_id = fields.Many2one("dist.sales.channel", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, precompute=True)
    warehouse_id = fields.Many2one(
        "stock.warehouse", check_company=True, ondelete="cascade", help="Empty: each published warehouse."
    )
    product_id = fields.Many2one("product.product", check_company=True, ondelete="cascade")
    categ_id = fields.Many2one("product.category", string="Product Category", ondelete="cascade")
    buffer = fields.Float(
        digits="Product Unit of Measure",
        help="Kept back in each warehouse, in the unit of the product; takes the place of the channel's safety buffer.",
    )
    share = fields.Float(
        string="Share (%)", default=100.0, help="Part of the stock that is for this channel."
    )
    is_capped = fields.Boolean(string="Capped", help="Never promise more than the cap.")
    cap = fields.Float(digits="Product Unit of Measure", help="Most that is shown of a product, in its unit.")
    horizon_days = fields.Integer(
        string="Incoming within (days)",
        help="Goods on their way in count as available when they are expected within so many days. 0: never.",
    )

    _sql_constraints = [
        (
            "at_most_one_target",
            "CHECK(product_id IS NULL OR categ_id IS NULL)",
            "An availability rule is for a product, for a category, or for everything.",
        ),
        (
            "values_in_range",
            "CHECK(buffer >= 0 AND cap >= 0 AND share >= 0 AND share <= 100 "
            "AND horizon_days >= 0 AND horizon_days <= 366)",
            "Buffer and cap cannot be negative, a share is between 0 and 100 %, a horizon up to 366 days.",
        ),
    ]

    def init(self):
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS dist_availability_rule_target_uniq ON dist_availability_rule
            (channel_id, COALESCE(warehouse_id, 0), COALESCE(product_id, 0), COALESCE(categ_id, 0))
            """
        )

    @api.depends("product_id", "categ_id", "warehouse_id")
    def _compute_display_name(self):
        for rule in self:
            names = ((rule.product_id or rule.categ_id).display_name, rule.warehouse_id.display_name)
            rule.display_name = ", ".join(filter(None, names)) or rule.channel_id.display_name

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._mark_feed_stale()
        return rules

    def write(self, vals):
        self._mark_feed_stale()
        result = super().write(vals)
        self._mark_feed_stale()
        return result

    def unlink(self):
        self._mark_feed_stale()
        return super().unlink()

    def _mark_feed_stale(self):
        """What was told to the channels of these rules is to be compared again."""
        self.sudo().channel_id.filtered(lambda channel: not channel.feed_is_stale).feed_is_stale = True

    def _get_terms(self):
        """:return: PromiseTerms"""
        return PromiseTerms(
            Decimal(repr(self.buffer)),
            Decimal(repr(self.share)),
            Decimal(repr(self.cap)) if self.is_capped else None,
            self.horizon_days,
        )
