from odoo import api, models


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model
    def _dist_get_hidden_models(self):
        return [*super()._dist_get_hidden_models(), "dist.edi.mail"]
