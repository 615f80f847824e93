from odoo import fields, models


class DistAvailabilityTouch(models.Model):
    """A note that the stock of a product has changed. Rows are only added and taken: writers never wait."""

    _name = "dist.availability.touch"
    _description = "Product whose stock has changed"
    _log_access = False

    product_id = fields.Integer(required=True, index=True)
    noted_at = fields.Datetime(required=True)
