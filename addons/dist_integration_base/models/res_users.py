from odoo import _, api, models
from odoo.exceptions import AccessDenied

from ..compat import get_group_users
from .dist_exception import UNSOLVED
from .res_groups import audited_membership


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model_create_multi
    def create(self, vals_list):
        with audited_membership(self.env):
            return super().create(vals_list)

    def write(self, vals):
        with audited_membership(self.env, any("group" in name for name in vals)):
            return super().write(vals)

    @api.constrains("company_id", "company_ids")
    def _check_dist_client_company(self):
        clients = self.env["dist.api.client"].sudo().with_context(active_test=False)
        clients.search([("user_id", "in", self.ids)])._check_user_company()

    def _is_dist_service(self):
        """Whether this account only lends its name to an API client."""
        self.ensure_one()
        return self.has_group("dist_integration_base.group_dist_service")

    def _dist_get_reachable(self, company):
        """:return: those of these people who can look after what happens in a company: they can log in and see it"""
        return self.sudo().filtered(
            lambda user: (
                user.active and not user.share and company in user.company_ids and not user._is_dist_service()
            )
        )

    @api.model
    def _dist_get_managers(self, company):
        """:return: res.users that are told of what nobody else can be told of"""
        group = self.env.ref("dist_integration_base.group_dist_manager").sudo()
        return get_group_users(group)._dist_get_reachable(company).sorted("id")

    def _dist_get_least_busy(self):
        """:return: who of these people has the fewest unsolved exceptions; empty when there is nobody"""
        loads = dict(
            self.env["dist.exception"]
            .sudo()
            ._read_group(
                [("assignee_id", "in", self.ids), ("state", "in", UNSOLVED)], ["assignee_id"], ["__count"]
            )
        )
        return self.sorted(lambda user: (loads.get(user, 0), user.id))[:1]

    def _check_credentials(self, *args, **kwargs):
        self._dist_refuse_service_login()
        return super()._check_credentials(*args, **kwargs)

    def _dist_refuse_service_login(self):
        if self.env.user._is_dist_service():
            raise AccessDenied(_("A service account cannot log in."))
