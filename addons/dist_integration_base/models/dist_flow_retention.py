from odoo import fields, models


class DistFlow(models.Model):
    _name = "dist.flow"
    _inherit = ["dist.flow", "dist.retained.mixin"]

    retention_days = fields.Integer(
        help="After that only size and SHA-256 are kept. 0: as the message type says."
    )
    legal_hold = fields.Boolean(help="Nothing of this flow is purged or erased while this is set.")
