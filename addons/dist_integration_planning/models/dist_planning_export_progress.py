from odoo import api, fields, models


class DistPlanningExportProgress(models.Model):
    """How far an export is. A row of its own: the export itself is written once, at its end, with its files."""

    _name = "dist.planning.export.progress"
    _description = "Progress of a planning export"
    _log_access = False

    export_id = fields.Many2one("dist.planning.export", required=True, readonly=True, ondelete="cascade")
    stage = fields.Char(readonly=True)
    percent = fields.Float(readonly=True)

    _sql_constraints = [("export_uniq", "unique(export_id)", "An export has one progress.")]

    @api.model
    def _note(self, export_id, stage, percent):
        """Tell how far an export is, in a transaction of its own."""

        def note(env):
            env.cr.execute(
                """
                INSERT INTO dist_planning_export_progress (export_id, stage, percent) VALUES (%s, %s, %s)
                ON CONFLICT (export_id) DO UPDATE SET stage = EXCLUDED.stage, percent = EXCLUDED.percent
                """,
                (export_id, stage, percent),
            )

        self.env["dist.message"]._in_own_transaction(note)
