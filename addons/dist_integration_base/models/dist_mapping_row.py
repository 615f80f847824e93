from odoo import api, fields, models

from ..lib.mapping import MappingRow


class DistMappingRow(models.Model):
    """One value of the target: where it comes from and how it is converted."""

    _name = "dist.mapping.row"
    _description = "Mapping row"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "mapping_id, sequence, id"

    mapping_id = fields.Many2one("dist.mapping", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    parent_target = fields.Char(
        string="Inside list", help="Target path of the list this row belongs to, such as lines."
    )
    target = fields.Char(required=True, help="Path in the result, such as customer.external_id or lines.")
    source = fields.Char(
        help="JMESPath in the source. For a list: the elements; inside a list: from one element."
    )
    converter = fields.Char(
        help="text, upper, decimal, decimal_comma, date:%d.%m.%Y, integer, boolean, quantity..."
    )
    code_map = fields.Char(help="Kind of code, such as unit: the value is looked up in the code maps.")
    default_value = fields.Char()
    required = fields.Boolean()

    @api.constrains("parent_target", "target", "source", "converter", "code_map", "default_value", "required")
    def _check_rows(self):
        self.mapping_id._check_rows()

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        rows.mapping_id._check_draft()
        return rows

    def write(self, vals):
        self.mapping_id._check_draft()
        result = super().write(vals)
        self.mapping_id._check_draft()  # it may have moved
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        self.mapping_id._check_draft()

    @api.model
    def _get_company_parents(self):
        return ["mapping_id"]

    def _get_audited_parent(self):
        return self.mapping_id

    def _get_specifications(self):
        """:return: list of MappingRow, rows of lists inside theirs"""
        inner = self.filtered("parent_target")
        return [row._get_specification(inner) for row in self - inner]

    def _get_specification(self, inner):
        rows = inner.filtered(lambda row: row.parent_target == self.target)
        return MappingRow(
            target=self.target,
            source=self.source or "",
            converter=self.converter or "",
            code_map=self.code_map or "",
            default=self.default_value or None,
            required=self.required,
            rows=tuple(row._get_specification(inner - rows) for row in rows),
        )
