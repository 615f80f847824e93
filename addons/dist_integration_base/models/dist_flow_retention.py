from odoo import fields, models


class DistFlow(models.Model):
    _inherit = "dist.flow"

    retention_days = fields.Integer(
        string="Keep content (days)",
        help="After that only size and SHA-256 are kept. 0: as the message type says.",
    )
    legal_hold = fields.Boolean(help="Nothing of this flow is purged or erased while this is set.")

    _sql_constraints = [
        ("retention_positive", "CHECK(retention_days >= 0)", "Days of retention cannot be negative.")
    ]
