import json

from odoo import fields, models


class DistAvailabilityItem(models.Model):
    """What a channel was last told of a product."""

    _name = "dist.availability.item"
    _description = "Published availability"
    _order = "channel_id, product_id"
    _rec_name = "product_id"

    channel_id = fields.Many2one(
        "dist.sales.channel", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="channel_id.company_id", store=True, precompute=True)
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    quantity = fields.Float(string="Available", digits=(16, 6), readonly=True)
    detail = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    published_at = fields.Datetime(readonly=True)

    _sql_constraints = [
        ("product_uniq", "unique(channel_id, product_id)", "A channel is told one figure of a product."),
    ]

    def _dist_get_channel(self):
        """:return: the channel that hears of this figure"""
        return self.channel_id

    def _get_warehouses(self):
        """:return: list of dicts, what was told of each warehouse"""
        return json.loads(self.sudo().detail or "[]")
