from odoo import api, fields, models

from .dist_message_retention import check_days


class DistFlow(models.Model):
    _inherit = "dist.flow"

    retention_days = fields.Integer(
        string="Keep content (days)",
        help="After that only size and SHA-256 are kept. 0: as the message type says.",
    )
    legal_hold = fields.Boolean(help="Nothing of this flow is purged or erased while this is set.")

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
