from odoo import api, models

CODED_MODELS = ["product.product", "res.partner", "stock.warehouse", "uom.uom"]


class DistCodeMap(models.Model):
    _inherit = "dist.code.map"

    @api.model
    def _get_record_models(self):
        known = super()._get_record_models()
        names = {name for name, _label in known}
        return known + [
            (name, self.env["ir.model"]._get(name).name) for name in CODED_MODELS if name not in names
        ]
