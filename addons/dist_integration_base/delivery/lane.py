"""Delivering what waits on one lane of an endpoint.

The job's own transaction is never used for what is learned on the way: each batch is read from a fresh
snapshot and each outcome is committed through a cursor of its own, so that a worker that is killed repeats
at most the calls whose outcome it had not recorded yet - under the same `webhook-id`.
"""

import logging
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from odoo import SUPERUSER_ID, _, api, fields
from odoo.exceptions import UserError

from ..lib.backoff import RetrySchedule
from ..lib.errors import ConfigurationError, IntegrationError
from ..lib.transports import Outgoing
from ..tools import get_exact_now

_logger = logging.getLogger(__name__)

BATCH = 200
RECORD_AFTER = 50
RECORD_SECONDS = 0.5
RUN_SECONDS = 20
# how long a lane whose endpoint is configured wrongly is left alone
UNUSABLE_PAUSE = timedelta(minutes=5)
# how long a lane leaves what the endpoint's rate allows to a more urgent one before it looks again
GIVE_WAY_PAUSE = timedelta(seconds=5)
MORE_URGENT = {"critical": (), "normal": ("critical",), "bulk": ("critical", "normal")}


@dataclass
class Delivery:
    """One message to send, or as far as it has got."""

    message_id: int
    uuid: str
    ordering_key: str
    attempt: int
    outgoing: Outgoing
    retry_schedule: str
    outcome: str = ""
    status: int = 0
    code: str = ""
    detail: str = ""
    excerpt: str = ""
    retry_after: float | None = None
    receipt: bytes = b""
    started_at: object = None
    duration_ms: int = 0
    state: str = ""
    next_attempt_at: object = None
    # the test event of a person who watches: it ends with its outcome, whatever that is
    is_single: bool = False


class LaneDrain:
    """Sends the waiting messages of one lane, in order per record.

    :param registry: registry of the database
    :param endpoint_id: id of dist.endpoint
    :param criticality: critical, normal or bulk
    :param lane: number of the lane
    """

    def __init__(self, registry, endpoint_id, criticality, lane):
        self._registry = registry
        self._endpoint_id = endpoint_id
        self._criticality = criticality
        self._lane = lane
        self._unusable = False
        self._gave_way = False

    @contextmanager
    def _transaction(self):
        with self._registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    @contextmanager
    def locked(self):
        """Hold the lane while draining it; yields False when another worker holds it."""
        with self._registry.cursor() as cr:
            yield self.take(cr)

    def take(self, cr):
        """:return: True when no other worker drains the lane, nor can until the transaction of this cursor ends"""
        key = f"dist.lane/{self._endpoint_id}/{self._criticality}/{self._lane}"
        cr.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
        return cr.fetchone()[0]

    def run(self, seconds=RUN_SECONDS):
        """Deliver until nothing is due, the endpoint asks for a pause, or the time is over.

        :param seconds: how long to go on
        :return: moment (datetime, UTC) of the next run, None when nothing waits
        """
        deadline = time.monotonic() + seconds
        session = None
        try:
            while time.monotonic() < deadline:
                settings, deliveries = self._next_batch()
                if not deliveries:
                    return self._get_next_moment()
                if session and session.settings != settings:
                    # changed by a person, or a secret was rotated
                    session.close()
                    session = None
                session = session or settings.open()
                if not self._deliver(session, deliveries, deadline):
                    return self._get_next_moment()
        finally:
            if session:
                session.close()
        return fields.Datetime.now()

    def run_one(self, message_id):
        """Deliver one message now, whatever waits before it (the test event). There is no second attempt.

        :return: outcome, as in dist.message.attempt
        """
        with self._transaction() as env:
            delivery = self._prepare(env["dist.message"].browse(message_id))
            delivery.is_single, delivery.started_at = True, get_exact_now()
            try:
                settings = env["dist.endpoint"].browse(self._endpoint_id)._get_transport_settings()
                with settings.open() as session:
                    self._send(session, delivery)
            except (UserError, IntegrationError) as error:
                delivery.outcome, delivery.code = "retryable", getattr(error, "code", "configuration")
                delivery.detail = str(error.args[0])
        self._record([delivery])
        return delivery.outcome

    # reading

    def _next_batch(self):
        """:return: (settings, deliveries); no deliveries when nothing is due or nothing may be sent now"""
        with self._transaction() as env:
            endpoint = env["dist.endpoint"].browse(self._endpoint_id).exists()
            if not endpoint or endpoint._get_blocked_reason():
                return None, []
            ids = self._get_due(env)
            allowed = self._admit(env, endpoint, len(ids)) if ids else 0
            if not allowed:
                return None, []
            messages = env["dist.message"].browse(ids[:allowed])
            try:
                settings = endpoint._get_transport_settings()
                # nothing is connected yet; this tells whether the driver is there
                settings.open().close()
            except (UserError, ConfigurationError) as error:
                self._report_unusable(env, str(error.args[0]))
                return None, []
            return settings, self._prepare_all(messages)

    def _report_unusable(self, env, reason):
        """Tell the owner that the endpoint cannot be used as it is configured; the messages wait."""

        def report(own):
            endpoint = own["dist.endpoint"].browse(self._endpoint_id)
            endpoint.status_ids.write({"last_error": reason[:200]})
            endpoint._notify_owner(_("Endpoint cannot be used: %s", endpoint.name), reason)

        self._unusable = True
        env["dist.message"]._in_serial_transaction(self._status_key, report)

    def _prepare_all(self, messages):
        """What can be sent of these messages. One whose body cannot be made is put aside for a person, and those
        behind it of the same record stay.
        """
        deliveries, held_back = [], set()
        for message in messages:
            if message.ordering_key in held_back:
                continue
            try:
                deliveries.append(self._prepare(message))
            except Exception as error:  # pylint: disable=broad-except
                if not isinstance(error, IntegrationError):
                    _logger.exception("The body of message %s cannot be made", message.uuid)
                held_back.add(message.ordering_key)
                message._record_failure(message.id, error)
        return deliveries

    def _admit(self, env, endpoint, wanted):
        """How many messages may be sent now: all, unless the endpoint is paused or has a rate."""
        if endpoint.status_ids._is_undisturbed():
            return wanted
        if endpoint.rate_per_minute and self._is_urgent_work_due(env):
            self._gave_way = True
            return 0
        return env["dist.message"]._in_serial_transaction(
            self._status_key, lambda own: own["dist.endpoint"].browse(endpoint.id).status_ids._admit(wanted)
        )

    def _is_urgent_work_due(self, env):
        """Whether something more urgent is due at the endpoint: what its rate allows belongs to that."""
        env.cr.execute(
            """
            SELECT 1 FROM dist_message
            WHERE endpoint_id = %s AND criticality = ANY(%s) AND direction = 'out'
              AND state IN ('pending', 'retry') AND next_attempt_at <= %s
            LIMIT 1
            """,
            (self._endpoint_id, list(MORE_URGENT[self._criticality]), fields.Datetime.now()),
        )
        return bool(env.cr.fetchone())

    @property
    def _status_key(self):
        return f"dist.endpoint.status/{self._endpoint_id}"

    def _get_due(self, env):
        """Ids of what may be sent now, oldest first; what waits behind an earlier message of the same record to
        the same endpoint, whatever its type, stays: nobody hears of a cancellation before the order.
        """
        env.cr.execute(
            """
            SELECT id FROM dist_message message
            WHERE endpoint_id = %(endpoint)s AND criticality = %(criticality)s AND lane = %(lane)s
              AND direction = 'out' AND state IN ('pending', 'retry') AND next_attempt_at <= %(now)s
              AND NOT EXISTS (
                SELECT 1 FROM dist_message earlier
                WHERE earlier.ordering_key = message.ordering_key AND earlier.id < message.id
                  AND earlier.direction = 'out' AND earlier.state IN ('pending', 'retry')
                  -- a flow that moved to another endpoint leaves messages behind that go first
                  AND (earlier.endpoint_id = message.endpoint_id OR earlier.flow_id = message.flow_id)
                  -- one that is due on this lane is part of this batch or an earlier one; on another lane, where
                  -- it is for its criticality or since the number of lanes was changed, it goes first
                  AND (earlier.next_attempt_at > %(now)s OR earlier.endpoint_id <> message.endpoint_id
                    OR earlier.criticality <> message.criticality OR earlier.lane <> message.lane))
            ORDER BY id LIMIT %(limit)s
            """,
            {
                "endpoint": self._endpoint_id,
                "criticality": self._criticality,
                "lane": self._lane,
                "now": fields.Datetime.now(),
                "limit": BATCH,
            },
        )
        return [row[0] for row in env.cr.fetchall()]

    def _prepare(self, message):
        return Delivery(
            message_id=message.id,
            uuid=message.uuid,
            ordering_key=message.ordering_key,
            attempt=message.attempt_count + 1,
            outgoing=message._get_outgoing(),
            retry_schedule=message.flow_id._get_retry_schedule() or message.endpoint_id.retry_schedule,
        )

    def _get_next_moment(self):
        with self._transaction() as env:
            endpoint = env["dist.endpoint"].browse(self._endpoint_id).exists()
            if not endpoint or endpoint._get_blocked_reason():
                return None
            paused_until = endpoint.status_ids._get_paused_until()
            earliest = fields.Datetime.now() if self._get_due(env) else self._get_earliest(env)
        if not earliest:
            return None
        if self._unusable:
            earliest = max(earliest, fields.Datetime.now() + UNUSABLE_PAUSE)
        if self._gave_way:
            earliest = max(earliest, fields.Datetime.now() + GIVE_WAY_PAUSE)
        return max(filter(None, (earliest, paused_until)))

    def _get_earliest(self, env):
        """Next moment at which something becomes due. What is due but held back moves when such a one does."""
        env.cr.execute(
            """
            SELECT min(next_attempt_at) FROM dist_message
            WHERE endpoint_id = %s AND criticality = %s AND lane = %s AND direction = 'out'
              AND state IN ('pending', 'retry') AND next_attempt_at > %s
            """,
            (self._endpoint_id, self._criticality, self._lane, fields.Datetime.now()),
        )
        return env.cr.fetchone()[0]

    # sending

    def _deliver(self, session, deliveries, deadline):
        """Send a batch. After a failure, the later messages of the same record stay where they are.

        :return: False when the endpoint needs a pause
        """
        finished, held_back = [], set()
        recorded_at = time.monotonic()
        try:
            for delivery in deliveries:
                if delivery.ordering_key in held_back:
                    continue
                self._send(session, delivery)
                finished.append(delivery)
                if delivery.outcome in ("retryable", "throttled", "gone"):
                    held_back.add(delivery.ordering_key)
                    if not self._record_and_clear(finished):
                        return False
                elif len(finished) >= RECORD_AFTER or time.monotonic() - recorded_at > RECORD_SECONDS:
                    self._record_and_clear(finished)
                    recorded_at = time.monotonic()
                if time.monotonic() > deadline:
                    break
        finally:
            going_on = self._record_and_clear(finished)
        return going_on

    def _record_and_clear(self, finished):
        going_on = self._record(finished) if finished else True
        finished.clear()
        return going_on

    def _send(self, session, delivery):
        """Send one message and note the outcome on the delivery."""
        delivery.started_at = get_exact_now()
        started = time.monotonic()
        result = session.send(delivery.outgoing)
        delivery.outcome, delivery.status = result.outcome, result.status
        # what a partner answers may hold what PostgreSQL stores in no text
        delivery.code, delivery.detail, delivery.excerpt = (
            text.replace("\x00", "") if text else "" for text in (result.code, result.detail, result.excerpt)
        )
        delivery.retry_after, delivery.receipt = result.retry_after, result.receipt
        delivery.duration_ms = int((time.monotonic() - started) * 1000)

    # recording

    def _record(self, deliveries):
        """Commit outcomes.

        :return: False when the endpoint needs a pause
        """

        def work(env):
            for delivery in deliveries:
                self._set_next(delivery)
            env["dist.message"]._write_deliveries(deliveries)
            self._wake_other_lanes(env, deliveries)
            endpoint = env["dist.endpoint"].browse(self._endpoint_id)
            return endpoint._learn(deliveries)

        with self._transaction() as env:
            return env["dist.message"]._in_serial_transaction(self._status_key, work)

    def _wake_other_lanes(self, env, deliveries):
        """What waits behind these messages on a lane of another criticality moves when they have gone."""
        settled = [delivery.ordering_key for delivery in deliveries if delivery.state in ("done", "dead")]
        env.cr.execute(
            """
            SELECT DISTINCT endpoint_id, criticality, lane FROM dist_message
            WHERE ordering_key = ANY(%s) AND direction = 'out' AND state IN ('pending', 'retry')
              AND lane IS NOT NULL AND (endpoint_id, criticality, lane) IS DISTINCT FROM (%s, %s, %s)
            """,
            (settled, self._endpoint_id, self._criticality, self._lane),
        )
        env["dist.message"]._wake_lanes(env.cr.dictfetchall())

    def _set_next(self, delivery):
        """State and moment of the next attempt that follow from the outcome."""
        now = fields.Datetime.now()
        delivery.next_attempt_at = now
        if delivery.outcome == "success":
            delivery.state = "done"
        elif delivery.is_single:
            delivery.state = "cancelled"
        elif delivery.outcome == "gone":
            # the endpoint is disabled; the message is kept for the day it is enabled again
            delivery.state = "pending"
        elif delivery.outcome == "rejected":
            delivery.state = "dead"
        else:
            delay = RetrySchedule.parse(delivery.retry_schedule).delay(
                delivery.attempt, random.random, retry_after=delivery.retry_after
            )
            delivery.state = "dead" if delay is None else "retry"
            delivery.next_attempt_at = now + timedelta(seconds=delay or 0)
