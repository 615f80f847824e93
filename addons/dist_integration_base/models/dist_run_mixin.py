from contextlib import contextmanager

from odoo import api, fields, models

from odoo.addons.queue_job.exception import RetryableJobError

BUSY_SECONDS = 5


class DistRunMixin(models.AbstractModel):
    """Long work of a job, one at a time of those that share a lock; who was killed starts again.

    A run has ``state`` (``queued`` and ``running`` among others), ``started_at`` and ``error``; its work is `_run`.
    """

    _name = "dist.run.mixin"
    _description = "Work of a job, one at a time"

    def _job_run(self):
        """Job: work, unless another run holds the lock."""
        self.ensure_one()
        with self._locked() as mine:
            if not mine:
                raise RetryableJobError("Another run is under way", seconds=BUSY_SECONDS, ignore_retry=True)
            if self._set_running():
                self._run()
        self.invalidate_recordset()

    @contextmanager
    def _locked(self):
        """Hold the lock; yields False when another run does."""
        with self.env.registry.cursor() as cr:
            cr.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (self._get_run_lock(),))
            yield cr.fetchone()[0]

    def _get_run_lock(self):
        """:return: text, the same for runs that may not be under way together"""
        return f"{self._name}/{self.id}"

    def _set_running(self):
        """:return: False when there is nothing to do: it is done or cancelled"""
        run_id = self.id

        def start(env):
            run = env[self._name].browse(run_id).exists()
            if run.state not in ("queued", "running"):
                return False
            run.write({"state": "running", "started_at": fields.Datetime.now(), "error": False})
            return True

        return self.env["dist.message"]._in_own_transaction(start)

    def _run(self):
        """Do the work in a transaction of its own, and record how it failed."""
        raise NotImplementedError

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
