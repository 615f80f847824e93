from odoo import api, models


class DistRunMixin(models.AbstractModel):
    """Work whose job was lost is taken up again."""

    _inherit = "dist.run.mixin"

    def _get_identity_key(self):
        """:return: text by which the job of this work is known"""
        raise NotImplementedError

    @api.model
    def _resume_lost(self):
        """Enqueue what waits without a job: its worker was killed, or it was given up."""
        keys = {run._get_identity_key(): run for run in self.search([("state", "in", ("queued", "running"))])}
        self.env.cr.execute(
            "SELECT identity_key FROM queue_job WHERE identity_key = ANY(%s) "
            "AND state IN ('pending', 'enqueued', 'started', 'wait_dependencies')",
            (list(keys),),
        )
        for (key,) in self.env.cr.fetchall():
            del keys[key]
        for run in keys.values():
            run._enqueue()
