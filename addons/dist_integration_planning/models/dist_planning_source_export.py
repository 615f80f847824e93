import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .file_plan import FilePlan, PlannedColumn, render

CONTENTS = [("jsonl", "JSON lines"), ("csv", "CSV")]


class DistPlanningSource(models.Model):
    """What a planning source is told: which files, how they are written, how often."""

    _inherit = "dist.planning.source"

    mapping_id = fields.Many2one(
        "dist.planning.mapping",
        string="Files",
        domain="[('company_id', 'in', (False, company_id))]",
        ondelete="restrict",
        help="How the platform calls files, columns and values. Empty: as we do.",
    )
    export_content = fields.Selection(
        CONTENTS,
        string="Format of files",
        required=True,
        default="jsonl",
        help="Of files that no mapping describes.",
    )
    export_packed = fields.Boolean(string="Pack files (gzip)", default=True)
    export_schedule = fields.Selection(
        [("none", "By hand or on request"), ("delta", "Changes every day"), ("full", "Everything every day")],
        string="Export",
        required=True,
        default="none",
    )
    export_keep_days = fields.Integer(
        string="Keep files (days)", default=30, help="The list of an export's files is kept beyond that."
    )
    export_ids = fields.One2many("dist.planning.export", "source_id", string="Exports")
    export_count = fields.Integer(compute="_compute_export_count")

    _sql_constraints = [
        ("keep_positive", "CHECK(export_keep_days > 0)", "Files are kept for at least one day."),
    ]

    def _compute_export_count(self):
        groups = self.env["dist.planning.export"]._read_group(
            [("source_id", "in", self.ids)], ["source_id"], ["__count"]
        )
        counts = dict(groups)
        for source in self:
            source.export_count = counts.get(source, 0)

    def action_export_full(self):
        """Tell the platform everything."""
        return self._export("full")

    def action_export_delta(self):
        """Tell the platform what changed since the last export."""
        return self._export("delta")

    def _export(self, kind):
        self.ensure_one()
        self.check_access_rights("write")
        self.check_access_rule("write")
        return self.sudo()._request_export(kind)._dist_open()

    def _request_export(self, kind):
        """:return: dist.planning.export that waits for its job; the one that waits already where there is one
        :raises UserError: the source plans here
        """
        self.ensure_one()
        if self.kind != "external":
            raise UserError(_("%s plans here: nothing is exported for it.", self.name))
        if self.mapping_id and not self.mapping_id.takes_changes:
            kind = "full"
        waiting = self.export_ids.filtered(lambda export: export.state == "queued" and export.kind == kind)
        if waiting:
            return waiting[:1]
        export = self.env["dist.planning.export"].create({"source_id": self.id, "kind": kind})
        export._enqueue()
        return export

    # how files are written

    def _get_file_plans(self, export):
        """:return: list of FilePlan of an export's files"""
        self.ensure_one()
        if self.mapping_id:
            files = self.mapping_id.file_ids.filtered(lambda file: file.direction == "out")
            return [file._get_plan(export) for file in files]
        return [self._get_own_plan(export, code) for code in self._get_dataset_codes()]

    @api.model
    def _get_dataset_codes(self):
        prefix = "dist.planning.dataset."
        return sorted(name.removeprefix(prefix) for name in self.env if name.startswith(prefix))

    def _get_own_plan(self, export, code):
        """:return: FilePlan of a dataset in our own words"""
        columns = self.env[f"dist.planning.dataset.{code}"]._get_export_columns()
        content, packed = self.export_content, self.export_packed
        ending = f"{content}.gz" if packed else content
        prefix = re.sub(r"[^A-Za-z0-9]+", "-", self.code).strip("-")
        return FilePlan(
            name=f"{prefix}-{export.name}-{code}.{ending}",
            dataset=code,
            columns=[PlannedColumn(column.name, render(column, content)) for column in columns],
            condition=SQL("TRUE"),
            content=content,
            packed=packed,
        )

    def action_view_exports(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_planning.dist_planning_export_action"
        )
        return {**action, "domain": [("source_id", "=", self.id)], "context": {}}

    @api.model
    def _cron_export(self):
        """Export for all sources that are told of every day."""
        for source in self.search([("kind", "=", "external"), ("export_schedule", "!=", "none")]):
            source._request_export(source.export_schedule)
