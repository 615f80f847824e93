import time
import uuid
from datetime import timedelta
from functools import lru_cache

from odoo import _, api, fields, models, tools
from odoo.exceptions import UserError

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import Job

from ..compat import to_insert_column
from ..delivery import LaneDrain
from ..lib.errors import IntegrationError
from .dist_message import CHANNELS

SWEEP_AFTER = timedelta(seconds=5)
ABANDONED_AFTER = timedelta(minutes=2)
SWEEP_SECONDS = 20
# what no time cures: somebody has to put it right
NEEDS_PERSON = {
    "authentication",
    "host_key",
    "unroutable",
    "amqp_403",
    "amqp_404",
    "configuration",
    "no_folder_base",
}


ENQUEUE = """
    INSERT INTO queue_job ({columns}) SELECT {values}
    WHERE NOT EXISTS (SELECT 1 FROM queue_job WHERE identity_key = %s AND state IN ('pending', 'enqueued'))
"""


class DistEndpoint(models.Model):
    """Outbound: lanes of messages, drained by jobs."""

    _inherit = "dist.endpoint"

    @api.model
    def _get_drain_key(self, endpoint_id, criticality, lane, stamp="now"):
        """:return: identity key of the job that drains a lane"""
        return f"dist-drain:{endpoint_id}:{criticality}:{lane}:{stamp}"

    def _schedule_drain(self, criticality, lane, moment=None):
        """Enqueue the job that drains a lane, unless one waits already.

        :param moment: datetime (UTC) when it is to run; None for now
        """
        self.ensure_one()
        when = moment and moment > fields.Datetime.now() and moment
        stamp = when.isoformat() if when else "now"
        options = self._prepare_drain_job(criticality, lane, stamp)
        self.with_delay(eta=when or None, **options)._job_drain(criticality, lane)

    def _prepare_drain_job(self, criticality, lane, stamp="now"):
        return {
            "channel": CHANNELS[criticality],
            "identity_key": self._get_drain_key(self.id, criticality, lane, stamp),
            "description": _("Deliver to %(endpoint)s, lane %(lane)s", endpoint=self.name, lane=lane),
        }

    @api.model
    @tools.ormcache("endpoint_id", "criticality", "lane")
    def _get_drain_row(self, endpoint_id, criticality, lane):
        """The row with which queue_job stores the job that drains a lane, but for its id and its time.

        :return: dict, column to value
        """
        endpoint = self.sudo().browse(endpoint_id)
        options = endpoint._prepare_drain_job(criticality, lane)
        job = Job(endpoint._job_drain, args=(criticality, lane), **options)
        jobs = self.env["queue.job"]
        values = {name: (jobs._fields[name], value) for name, value in job._store_values(create=True).items()}
        columns = {
            name: to_insert_column(field, value, jobs)
            for name, (field, value) in values.items()
            if field.store and field.column_type
        }
        return {name: value for name, value in columns.items() if value is not None}

    @api.model
    def _enqueue_drains(self, lanes):
        """Enqueue the drains of lanes, but for those that have one waiting.

        :param lanes: set of (endpoint id, criticality, lane)
        :return: set of the lanes that had one waiting
        """
        waiting = set()
        for lane, row in self._prepare_drains(lanes).items():
            self.env.cr.execute(get_enqueue_text(tuple(row)), [*row.values(), row["identity_key"]])
            if not self.env.cr.rowcount:
                waiting.add(lane)
        return waiting

    @api.model
    def _prepare_drains(self, lanes):
        """The jobs that drain lanes, as queue_job's own rows: every transaction that makes a message pays for them, and
        their way into the table is shorter than ``with_delay``.

        :param lanes: set of (endpoint id, criticality, lane)
        :return: dict, lane to row, for `get_enqueue_text`
        """
        return {
            lane: {
                **self._get_drain_row(*lane),
                "uuid": str(uuid.uuid4()),
                "date_created": fields.Datetime.now(),
            }
            for lane in sorted(lanes)
        }

    def _job_drain(self, criticality, lane):
        """Job: deliver what waits on a lane, then enqueue the next run."""
        self.ensure_one()
        drain = LaneDrain(self.env.registry, self.id, criticality, lane)
        with drain.locked() as mine:
            if not mine:
                # the worker that drains it may have looked before the newest message was committed
                raise RetryableJobError("The lane is being drained", seconds=1, ignore_retry=True)
            moment = drain.run()
        if moment:
            self._schedule_drain(criticality, lane, moment)

    def _learn(self, deliveries):
        """Take in the outcomes of calls: breaker, disabling, notices.

        :return: False when the endpoint needs a pause
        """
        self.ensure_one()
        going_on = self.status_ids._learn(deliveries)
        if any(delivery.outcome == "gone" for delivery in deliveries):
            self._disable_with_notice(_("The partner answered 410: this address is gone."))
            return False
        waiting = [delivery for delivery in deliveries if delivery.code in NEEDS_PERSON]
        if waiting:
            self._notify_owner(_("Endpoint needs a person: %s", self.name), waiting[0].detail)
        since = self.status_ids.failing_since
        if self.auto_disable_hours and since:
            if fields.Datetime.now() - since > timedelta(hours=self.auto_disable_hours):
                self._disable_with_notice(_("Failing since %s.", since))
                return False
        return going_on

    def _disable_with_notice(self, reason):
        self._disable(reason)
        self._notify_owner(_("Endpoint disabled: %s", self.name), reason)

    def _probe(self):
        """Reach the endpoint without sending or fetching anything.

        :return: what it answered, for the administrator
        :raises UserError: why it cannot be reached
        """
        try:
            settings = self._get_transport_settings()
            opened = settings.open() if self.purpose == "send" else settings.open_source({})
            with opened:
                return opened.check()
        except IntegrationError as error:
            raise UserError(error.detail) from error

    @api.model
    def _cron_sweep(self):
        """Take care of what waits although no job does: lanes and messages whose worker was killed.

        Jobs are enqueued for what is a little late. What is late by minutes is done here: after a restart of
        PostgreSQL the workers that would run the jobs first have to find out that their connections are gone.
        """
        self.env["dist.message"]._settle_abandoned_tests(fields.Datetime.now() - ABANDONED_AFTER)
        self._sweep_lanes()
        self._sweep_inbox()
        self.env["dist.event"]._open_missing_exceptions()
        self.env["dist.exception"]._update_stale_impacts()
        self.env["dist.replay"]._resume_abandoned()

    @api.model
    def _sweep_lanes(self):
        now = fields.Datetime.now()
        self.env.cr.execute(
            """
            SELECT endpoint_id, criticality, lane, min(next_attempt_at) FROM dist_message
            WHERE direction = 'out' AND state IN ('pending', 'retry') AND next_attempt_at < %s
              AND endpoint_id IS NOT NULL AND lane IS NOT NULL
            GROUP BY endpoint_id, criticality, lane
            ORDER BY criticality <> 'critical', criticality = 'bulk'
            """,
            (now - SWEEP_AFTER,),
        )
        deadline = time.monotonic() + SWEEP_SECONDS
        for endpoint_id, criticality, lane, oldest in self.env.cr.fetchall():
            endpoint = self.browse(endpoint_id)
            if endpoint._get_blocked_reason():
                continue
            paused_until = endpoint.status_ids._get_paused_until()
            if paused_until or oldest > now - ABANDONED_AFTER or time.monotonic() > deadline:
                endpoint._schedule_drain(criticality, lane, paused_until or None)
            else:
                endpoint._drain_abandoned(criticality, lane)

    def _drain_abandoned(self, criticality, lane):
        drain = LaneDrain(self.env.registry, self.id, criticality, lane)
        with drain.locked() as mine:
            moment = drain.run(SWEEP_SECONDS) if mine else None
        if moment:
            self._schedule_drain(criticality, lane, moment)

    @api.model
    def _sweep_inbox(self):
        now = fields.Datetime.now()
        self.env.cr.execute(
            """
            SELECT criticality, min(next_attempt_at) FROM dist_message
            WHERE direction = 'in' AND state IN ('pending', 'retry') AND next_attempt_at <= %s
            GROUP BY criticality
            ORDER BY criticality <> 'critical', criticality = 'bulk'
            """,
            (now,),
        )
        for criticality, oldest in self.env.cr.fetchall():
            if oldest > now - ABANDONED_AFTER:
                self.env["dist.message"]._schedule_inbox(criticality)
            else:
                self.env["dist.message"]._job_process_inbox(criticality)


@lru_cache(maxsize=64)
def get_enqueue_text(columns):
    """:return: SQL text that enqueues a job, unless one waits with the identity key that is the last parameter"""
    return ENQUEUE.format(columns=", ".join(columns), values=", ".join(["%s"] * len(columns)))
