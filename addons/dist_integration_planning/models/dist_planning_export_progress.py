from odoo import fields, models


class DistPlanningExportProgress(models.Model):
    """How far an export is."""

    _name = "dist.planning.export.progress"
    _description = "Progress of a planning export"
    _inherit = ["dist.progress.mixin"]
    _log_access = False

    run_id = fields.Many2one("dist.planning.export", required=True, readonly=True, ondelete="cascade")

    _sql_constraints = [("run_uniq", "unique(run_id)", "An export has one progress.")]
