from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

TECHNICAL = ("delivery", "technical", "decode", "validation")


class DistException(models.Model):
    """Who is to solve an exception: a team, and one person of it."""

    _inherit = "dist.exception"

    team_id = fields.Many2one("dist.exception.team", tracking=True, index=True, ondelete="set null")
    is_my_team = fields.Boolean(
        compute="_compute_is_my_team", search="_search_is_my_team", string="Of my teams"
    )

    @api.model
    def _get_writable_fields(self):
        return super()._get_writable_fields() | {"team_id"}

    def _get_audited_fields(self):
        return [*super()._get_audited_fields(), "team_id"]

    @api.depends("team_id.member_ids")
    @api.depends_context("uid")
    def _compute_is_my_team(self):
        for exception in self:
            exception.is_my_team = self.env.user in exception.sudo().team_id.member_ids

    @api.model
    def _search_is_my_team(self, operator, value):
        wanted = bool(value) if operator in ("=", "!=") else True in value
        if operator in ("!=", "not in"):
            wanted = not wanted
        teams = self.env["dist.exception.team"].with_context(active_test=False)
        teams = teams.search([("member_ids", "in", self.env.uid)])
        return [("team_id", "in" if wanted else "not in", teams.ids)]

    @api.constrains("team_id", "company_id")
    def _check_team(self):
        for exception in self:
            if exception.team_id and exception.team_id.company_id != exception.company_id:
                raise ValidationError(
                    _("Team %s belongs to another company than the exception.", exception.team_id.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        exceptions = super().create(vals_list)
        for exception in exceptions.filtered(lambda exception: not exception.team_id):
            exception.team_id = exception._get_team()
        return exceptions

    def _get_team(self):
        """:return: dist.exception.team: that of the flow, else the one that takes such exceptions; may be empty"""
        self.ensure_one()
        kind = "technical" if self.category in TECHNICAL else "business"
        teams = self.env["dist.exception.team"].sudo()
        return self.flow_id.sudo().team_id or teams._find_for(self.company_id, kind)

    def _get_assignee(self):
        """:return: user; the owner of the flow, unless a team has it that the owner does not belong to; a manager where
        none of them can be reached
        """
        owner = super()._get_assignee()
        team = self.sudo().team_id
        chosen = team._choose_member(owner) if team else owner
        return chosen or self.env["res.users"]._dist_get_managers(self.company_id)._dist_get_least_busy()
