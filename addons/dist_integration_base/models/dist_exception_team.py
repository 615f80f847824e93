from odoo import api, fields, models

from .dist_exception import UNSOLVED


class DistExceptionTeam(models.Model):
    """People who solve exceptions together, and which ones come to them by themselves."""

    _name = "dist.exception.team"
    _description = "Exception team"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "sequence, name, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    member_ids = fields.Many2many(
        "res.users",
        string="Members",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    takes = fields.Selection(
        [
            ("flows", "Those of flows that name it"),
            ("business", "Business: codes, matches, ownership, rules"),
            ("technical", "Technical: content, delivery, errors"),
            ("all", "All that no other team takes"),
        ],
        required=True,
        default="flows",
        help="Which exceptions come to the team by themselves. The team that a flow names goes first.",
    )
    open_exception_count = fields.Integer(compute="_compute_open_exception_count", string="Unsolved")

    def _compute_open_exception_count(self):
        counts = dict(
            self.env["dist.exception"]._read_group(
                [("team_id", "in", self.ids), ("state", "in", UNSOLVED)], ["team_id"], ["__count"]
            )
        )
        for team in self:
            team.open_exception_count = counts.get(team, 0)

    @api.model
    def _find_for(self, company, kind):
        """:param kind: ``business`` or ``technical``
        :return: team that such exceptions of a company come to; empty when there is none
        """
        domain = [("company_id", "=", company.id)]
        return self.search([*domain, ("takes", "=", kind)], limit=1) or self.search(
            [*domain, ("takes", "=", "all")], limit=1
        )

    def _choose_member(self, owner):
        """Who of the team gets the next exception.

        :param owner: res.users, the owner of the flow; may be empty
        :return: the owner when a member or when there is no member, else the member with the fewest unsolved ones
        """
        self.ensure_one()
        members = self.member_ids._dist_get_reachable(self.company_id)
        return owner if not members or owner in members else members._dist_get_least_busy()

    def action_view_exceptions(self):
        return self.env["dist.exception"]._get_list_action([("team_id", "in", self.ids)])
