from odoo import fields, models


class DistApiScope(models.Model):
    _name = "dist.api.scope"
    _description = "API scope"
    _inherit = ["dist.guarded.mixin"]
    _order = "code"
    _rec_names_search = ["name", "code"]

    code = fields.Char(required=True, help="domain:action, such as orders:submit.")
    name = fields.Char(required=True, translate=True)

    _sql_constraints = [("code_uniq", "unique(code)", "This scope exists already.")]
