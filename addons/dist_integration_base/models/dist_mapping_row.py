from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..lib.mapping import MappingRow


class DistMappingRow(models.Model):
    """One value of the target: where it comes from and how it is converted."""

    _name = "dist.mapping.row"
    _description = "Mapping row"
    _inherit = ["dist.company.mixin", "dist.audited.mixin"]
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

    @api.constrains("mapping_id", "target", "source", "converter", "code_map", "default_value", "required")
    def _check_draft(self):
        for row in self:
            if row.mapping_id.state != "draft":
                raise ValidationError(
                    _("Mapping %s is approved. Make a new version to change it.", row.mapping_id.name)
                )
        self.mapping_id._check_rows()

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
