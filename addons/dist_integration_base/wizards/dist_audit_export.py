import base64
import csv
import io
import json

from odoo import _, fields, models

COLUMNS = (
    "number", "previous_hash", "hash", "happened_at", "login", "action", "model", "record", "changes",
    "content", "texts",
)  # fmt: skip
# with what a spreadsheet takes a text for a formula (OWASP, CSV injection)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class DistAuditExport(models.TransientModel):
    """Sealed entries as a file that somebody outside can verify."""

    _name = "dist.audit.export"
    _description = "Export of the audit trail"
    _inherit = ["dist.wizard.mixin"]

    date_from = fields.Date(string="From")
    date_to = fields.Date(string="To")
    user_id = fields.Many2one("res.users", string="Who")
    file_type = fields.Selection(
        [("jsonl", "JSON lines"), ("csv", "CSV")], string="Format", required=True, default="jsonl"
    )
    entry_ids = fields.Many2many("dist.audit.entry", string="Selected entries")
    file = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)

    def _get_domain(self):
        domain = []
        if self.entry_ids:
            domain.append(("id", "in", self.entry_ids.ids))
        if self.date_from:
            domain.append(("happened_at", ">=", fields.Datetime.to_datetime(self.date_from)))
        if self.date_to:
            domain.append(("happened_at", "<", fields.Date.add(self.date_to, days=1)))
        if self.user_id:
            domain.append(("user_id", "=", self.user_id.id))
        return domain

    def action_export(self):
        """Make the file; that it was made is an entry of its own."""
        self.ensure_one()
        entries = self.env["dist.audit.entry"]
        entries.check_access_rights("read")
        rows = list(self.env["dist.audit.seal"]._get_export_rows(self._get_domain()))
        content = _to_csv(rows) if self.file_type == "csv" else _to_lines(rows)
        self.write({"file": base64.b64encode(content.encode()), "file_name": f"audit.{self.file_type}"})
        entries._add(
            "exported", record_name=_("%s entries of the audit trail", len(rows)), res_model=entries._name
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Export the audit trail"),
        }


def _to_lines(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _to_csv(rows):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return stream.getvalue()


def _plain(value):
    """A text that a spreadsheet would take for a formula gets an apostrophe in front, as in Odoo's own CSV files."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
