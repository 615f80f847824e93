from odoo import api, fields, models


class DistOwnershipDomain(models.Model):
    """A kind of data that has an owner, such as customers or prices."""

    _name = "dist.ownership.domain"
    _description = "Data domain"
    _inherit = ["dist.cached.mixin", "dist.guarded.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Short name, used in problems and answers: customer.")
    sequence = fields.Integer(default=10)
    group_ids = fields.One2many("dist.ownership.group", "domain_id", string="Field groups")
    group_names = fields.Char(compute="_compute_group_names", string="Groups")
    owner_names = fields.Char(compute="_compute_completeness", string="Owners")
    undecided_count = fields.Integer(
        compute="_compute_completeness",
        string="Without owner",
        help="Rows of the matrix, in the companies you look at, that nobody has given an owner.",
    )

    _sql_constraints = [("code_uniq", "unique(code)", "There is a data domain of this code already.")]

    @api.depends("group_ids.name")
    def _compute_group_names(self):
        for domain in self:
            domain.group_names = ", ".join(domain.group_ids.mapped("name"))

    @api.depends_context("allowed_company_ids")
    def _compute_completeness(self):
        rows = self.env["dist.ownership"].search(
            [("domain_id", "in", self.ids), ("company_id", "in", self.env.companies.ids)]
        )
        for domain in self:
            own = rows.filtered(lambda row, domain=domain: row.domain_id == domain)
            domain.undecided_count = len(own.filtered(lambda row: not row.is_decided))
            domain.owner_names = ", ".join(
                dict.fromkeys(name for row in own if (name := row._get_owner_name()))
            )

    @api.model_create_multi
    def create(self, vals_list):
        domains = super().create(vals_list)
        self.env["dist.ownership"]._ensure_rows()
        return domains

    def action_view_matrix(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_base.action_dist_ownership")
        return {**action, "domain": [("domain_id", "=", self.id)]}
