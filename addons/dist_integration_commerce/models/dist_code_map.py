from odoo import api, models

CODED_MODELS = [
    "uom.uom",
    "delivery.carrier",
    "account.payment.term",
    "account.fiscal.position",
    "product.pricelist",
    "res.lang",
    "res.partner.category",
    "res.users",
]


class DistCodeMap(models.Model):
    _inherit = "dist.code.map"

    @api.model
    def _get_record_models(self):
        models_ = super()._get_record_models()
        known = {name for name, _label in models_}
        return models_ + [
            (name, self.env["ir.model"]._get(name).name) for name in CODED_MODELS if name not in known
        ]

    @api.model
    def _get_records(self, system, domain, model_name):
        """:return: records of a model that codes of a system lead to"""
        rows = self.sudo().search(
            [("system_id", "=", system.id), ("domain", "=", domain), ("res_model", "=", model_name)]
        )
        records = self.env[model_name].browse(rows.mapped("res_id")).exists()
        return records._dist_filter_of(system.company_id)
