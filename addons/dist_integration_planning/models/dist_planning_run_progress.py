from odoo import fields, models


class DistPlanningRunProgress(models.Model):
    """How far a run of the planner is."""

    _name = "dist.planning.run.progress"
    _description = "Progress of a planning run"
    _inherit = ["dist.progress.mixin"]
    _log_access = False

    run_id = fields.Many2one("dist.planning.run", required=True, readonly=True, ondelete="cascade")

    _sql_constraints = [("run_uniq", "unique(run_id)", "A run has one progress.")]
