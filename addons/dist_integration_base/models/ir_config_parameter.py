from odoo import SUPERUSER_ID, _, api, models
from odoo.exceptions import ValidationError

from .dist_message_retention import SETTING, check_days


class IrConfigParameter(models.Model):
    _name = "ir.config_parameter"
    _inherit = ["ir.config_parameter", "dist.cached.mixin", "dist.guarded.mixin"]

    @api.constrains("key", "value")
    def _check_dist_retention(self):
        for parameter in self.filtered(lambda parameter: parameter.key == SETTING):
            try:
                check_days(int(parameter.value))
            except ValueError as error:
                raise ValidationError(_("%s is no number of days.", parameter.value)) from error

    def _get_audited_records(self):
        # parameters of others may be secrets
        return self.filtered(lambda parameter: parameter.key.startswith("dist_integration."))

    @api.model
    def _get_change_rules(self):
        # the page of settings writes as superuser what the person who saves it has chosen
        by_person = self.env.uid != SUPERUSER_ID
        return super(IrConfigParameter, self.with_context(dist_by_person=by_person))._get_change_rules()
