import psycopg2

from odoo import SUPERUSER_ID, models

from odoo.addons.dist_integration_base.models.dist_message_inbound import CONFLICTS, work_and_commit
from odoo.addons.queue_job.exception import RetryableJobError

BUSY_SECONDS = 10


class DistPlanningSource(models.Model):
    """Long work that puts a version in force, beside people who decide about what the source proposed before."""

    _inherit = "dist.planning.source"

    def _do_beside_decisions(self, work):
        """Do work in a transaction of its own. Where a decision comes between it is done anew, and decisions wait for
        it: so it comes to an end.

        :param work: function of an environment
        :raises RetryableJobError: another transaction came between all the same
        """
        try:
            self._do_at_once(work)
        except psycopg2.Error as error:
            if error.pgcode not in CONFLICTS:
                raise
            self._do_before_decisions(work)

    def _do_before_decisions(self, work):
        source_id = self.id

        def hold_and_work(env):
            env["dist.planning.source"].browse(source_id)._hold_decisions()
            work(env)

        try:
            self._do_at_once(hold_and_work)
        except psycopg2.Error as error:
            if error.pgcode not in CONFLICTS:
                raise
            raise RetryableJobError(
                "Somebody decided meanwhile", seconds=BUSY_SECONDS, ignore_retry=True
            ) from error

    def _do_at_once(self, work):
        with self.env.registry.cursor() as cr:
            work_and_commit(cr, SUPERUSER_ID, work)

    def _hold_decisions(self):
        """Have whoever decides about what is open wait until the end of the transaction, of which this comes first."""
        self.env.cr.execute(
            "SELECT FROM dist_planning_proposal WHERE source_id = %s AND state = 'proposed' ORDER BY id FOR UPDATE",
            (self.id,),
        )
