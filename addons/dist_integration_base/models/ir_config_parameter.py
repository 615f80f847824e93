from odoo import models


class IrConfigParameter(models.Model):
    _name = "ir.config_parameter"
    _inherit = ["ir.config_parameter", "dist.audited.mixin"]

    def _get_audited_records(self):
        # parameters of others may be secrets
        return self.filtered(lambda parameter: parameter.key.startswith("dist_integration."))
