from odoo import fields, models


class DistEndpoint(models.Model):
    _inherit = "dist.endpoint"

    content = fields.Selection(selection_add=[("edi", "EDI interchange")], ondelete={"edi": "set default"})
