from odoo import _, models
from odoo.exceptions import AccessDenied


class ResUsers(models.Model):
    _inherit = "res.users"

    def _is_dist_service(self):
        """Whether this account only lends its name to an API client."""
        self.ensure_one()
        return self.has_group("dist_integration_base.group_dist_service")

    def _check_credentials(self, *args, **kwargs):
        self._dist_refuse_service_login()
        return super()._check_credentials(*args, **kwargs)

    def _dist_refuse_service_login(self):
        if self.env.user._is_dist_service():
            raise AccessDenied(_("A service account cannot log in."))
