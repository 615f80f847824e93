from odoo import _, fields, models
from odoo.exceptions import UserError


class DistPlanningExportFile(models.Model):
    """A file of an export."""

    _name = "dist.planning.export.file"
    _description = "File of a planning export"
    _inherit = ["dist.company.mixin", "dist.kept.mixin"]
    _order = "export_id desc, id"

    export_id = fields.Many2one(
        "dist.planning.export", required=True, readonly=True, ondelete="cascade", index=True
    )
    source_id = fields.Many2one(related="export_id.source_id")
    company_id = fields.Many2one(related="export_id.company_id", store=True)
    name = fields.Char(required=True, readonly=True)
    dataset = fields.Char(required=True, readonly=True)
    row_count = fields.Integer(string="Rows", readonly=True)
    removed_count = fields.Integer(
        string="Of them gone", readonly=True, help="Rows that only tell of what is no more."
    )
    size = fields.Float(string="Bytes", digits=(16, 0), readonly=True)
    checksum = fields.Char(string="SHA-256", readonly=True)
    media_type = fields.Char(readonly=True)
    is_packed = fields.Boolean(string="Packed (gzip)", readonly=True)
    content = fields.Binary(attachment=True, readonly=True)

    _sql_constraints = [("name_uniq", "unique(export_id, name)", "An export has one file of a name.")]

    def _find_attachments(self):
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [("res_model", "=", self._name), ("res_field", "=", "content"), ("res_id", "in", self.ids)]
            )
        )

    def _get_attachment(self):
        """:return: ir.attachment of this file
        :raises UserError: it is not kept any more
        """
        self.ensure_one()
        found = self._find_attachments()
        if not found:
            raise UserError(_("The file %s is not kept any more: have everything exported again.", self.name))
        return found[:1]

    def _get_entry(self):
        """:return: dict of what the manifest says of this file"""
        self.ensure_one()
        return {
            "name": self.name,
            "dataset": self.dataset,
            "rows": self.row_count,
            "removed": self.removed_count,
            "bytes": int(self.size),
            "sha256": self.checksum,
            "type": self.media_type,
            "packed": self.is_packed,
        }

    def action_open_file(self):
        """Hand out the file as it is."""
        self.ensure_one()
        self._get_attachment()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/content?download=true&filename={self.name}",
            "target": "self",
        }
