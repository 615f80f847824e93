from odoo import _, api, fields, models
from odoo.exceptions import UserError


class DistPlanningMapping(models.Model):
    """How a planning platform calls files, columns and values, for what it is told and what it tells: rows, no code."""

    _name = "dist.planning.mapping"
    _description = "Files of a planning platform"
    _inherit = ["dist.company.mixin", "mail.thread", "dist.guarded.mixin"]
    _order = "name"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Empty: for the sources of all companies; such files are changed in a copy.",
    )
    takes_changes = fields.Boolean(
        string="Takes changes alone",
        help="Otherwise each export tells everything: the platform takes a file for all there is.",
    )
    note = fields.Text(help="What the platform has to be told or set to.")
    file_ids = fields.One2many("dist.planning.mapping.file", "mapping_id", string="Files", copy=True)
    out_file_ids = fields.One2many(
        "dist.planning.mapping.file",
        "mapping_id",
        string="Files it is told by",
        domain=[("direction", "=", "out")],
    )
    in_file_ids = fields.One2many(
        "dist.planning.mapping.file",
        "mapping_id",
        string="Files it tells by",
        domain=[("direction", "=", "in")],
    )
    source_ids = fields.One2many("dist.planning.source", "mapping_id", string="Used by")

    _sql_constraints = [("name_uniq", "unique(name, company_id)", "There are files of this name already.")]

    def copy(self, default=None):
        """A copy is the start of a platform of one's own."""
        copies = self.browse()
        for mapping in self:
            own = {"name": _("%s (copy)", mapping.name), "company_id": self.env.company.id}
            values = {**own, **(default or {})}
            copies |= super(DistPlanningMapping, mapping).copy(values)
        return copies

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.sudo().source_ids
        if used:
            raise UserError(_("%s are told by these files.", ", ".join(used.mapped("name"))))

    def _find_in_file(self, name, kind=None):
        """:param name: of a file that came
        :param kind: of its rows, where that is known
        :return: dist.planning.mapping.file that says how it is read; empty when none does
        """
        files = self.file_ids.filtered(lambda file: file.direction == "in" and file._is_named(name))
        return (files.filtered(lambda file: file.dataset == kind) if kind else files)[:1]
