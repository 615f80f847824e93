from odoo import api, fields, models

from .dist_message_retention import check_days


class DistRetainedMixin(models.AbstractModel):
    """A policy that says how long the content of messages is kept (G6)."""

    _name = "dist.retained.mixin"
    _description = "Policy of retention"

    retention_days = fields.Integer(string="Keep content (days)")

    _sql_constraints = [
        (
            "retention_range",
            "CHECK(retention_days BETWEEN 0 AND 36500)",
            "Content is kept for 0 to 36500 days; 0 leaves it to the next policy.",
        ),
    ]

    @api.constrains("retention_days")
    def _check_retention_days(self):
        for record in self:
            check_days(record.retention_days)
