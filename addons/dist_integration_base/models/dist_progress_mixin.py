from odoo import fields, models
from odoo.tools import SQL


class DistProgressMixin(models.AbstractModel):
    """How far a run is. A row of its own, `run_id`: the run itself is written once, at its end."""

    _name = "dist.progress.mixin"
    _description = "Progress of a run"
    _log_access = False

    stage = fields.Char(readonly=True)
    percent = fields.Float(readonly=True)

    def _note(self, run_id, stage, percent):
        """Tell how far a run is, in a transaction of its own."""
        statement = SQL(
            """
            INSERT INTO %(table)s (run_id, stage, percent) VALUES (%(run_id)s, %(stage)s, %(percent)s)
            ON CONFLICT (run_id) DO UPDATE SET stage = EXCLUDED.stage, percent = EXCLUDED.percent
            """,
            table=SQL.identifier(self._table),
            run_id=run_id,
            stage=stage,
            percent=percent,
        )
        self.env["dist.message"]._in_own_transaction(lambda env: env.cr.execute(statement))
