from odoo import api, fields, models


class DistPlanningRunProgress(models.Model):
    """How far a run is. A row of its own: the run itself is written once, at its end."""

    _name = "dist.planning.run.progress"
    _description = "Progress of a planning run"
    _log_access = False

    run_id = fields.Many2one("dist.planning.run", required=True, ondelete="cascade")
    stage = fields.Char()
    percent = fields.Float()

    _sql_constraints = [("run_uniq", "unique(run_id)", "A run has one progress.")]

    @api.model
    def _note(self, run_id, stage, percent):
        """Tell how far a run is, in a transaction of its own."""

        def note(env):
            env.cr.execute(
                """
                INSERT INTO dist_planning_run_progress (run_id, stage, percent) VALUES (%s, %s, %s)
                ON CONFLICT (run_id) DO UPDATE SET stage = EXCLUDED.stage, percent = EXCLUDED.percent
                """,
                (run_id, stage, percent),
            )

        self.env["dist.message"]._in_own_transaction(note)
