from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError


class DistOwnershipGroup(models.Model):
    """Fields that have one owner together, such as the addresses of a customer."""

    _name = "dist.ownership.group"
    _description = "Field group"
    _inherit = ["dist.cached.mixin", "dist.guarded.mixin"]
    _order = "domain_id, sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    full_code = fields.Char(compute="_compute_full_code", store=True)
    domain_id = fields.Many2one("dist.ownership.domain", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    model_names = fields.Char(
        string="Models", required=True, help="Comma-separated, such as product.template, product.product."
    )
    field_names = fields.Char(
        string="Fields", required=True, help="Comma-separated. A field that is not installed is passed over."
    )

    _sql_constraints = [
        ("code_uniq", "unique(domain_id, code)", "The domain has a field group of this code already."),
    ]

    @api.depends("code", "domain_id.code")
    def _compute_full_code(self):
        for group in self:
            group.full_code = f"{group.domain_id.code}.{group.code}"

    @api.constrains("model_names", "field_names")
    def _check_one_group(self):
        """A field has one owner, so it is in one group."""
        seen = {}
        for group in self.search([]):
            for key in group._get_keys():
                other = seen.setdefault(key, group)
                if other != group:
                    raise ValidationError(
                        _(
                            "Field %(field)s of %(model)s is in the groups %(one)s and %(other)s.",
                            field=key[1],
                            model=key[0],
                            one=other.full_code,
                            other=group.full_code,
                        )
                    )

    def _get_keys(self):
        """:return: list of (model name, field name)"""
        return [(model, name) for model in _split(self.model_names) for name in _split(self.field_names)]

    @api.model_create_multi
    def create(self, vals_list):
        groups = super().create(vals_list)
        self.env["dist.ownership"]._ensure_rows()
        return groups

    @api.model
    @tools.ormcache("model_name")
    def _get_field_groups(self, model_name):
        """:return: dict, field name to id of its group, of a model"""
        return {
            name: group.id
            for group in self.sudo().search([])
            for model, name in group._get_keys()
            if model == model_name
        }

    @api.model
    @tools.ormcache("full_code")
    def _get_id(self, full_code):
        """:return: id of the group of a code such as ``customer.addresses``; None when there is none"""
        return self.sudo().search([("full_code", "=", full_code)], limit=1).id or None


def _split(text):
    return [part.strip() for part in (text or "").split(",") if part.strip()]
