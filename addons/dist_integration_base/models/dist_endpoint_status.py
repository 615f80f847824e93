import json
import time
from dataclasses import asdict
from datetime import datetime, timedelta, timezone

from odoo import fields, models

from ..lib.breaker import CLOSED, Breaker, BreakerPolicy
from ..lib.ratelimit import TokenBucket

SUCCESS_PRECISION = timedelta(seconds=60)


class DistEndpointStatus(models.Model):
    """What delivery learns about an endpoint.

    Apart from the endpoint itself, so that the workers that write it never collide with a person who edits
    the configuration. Written only inside `dist.message._in_serial_transaction`, one worker at a time.
    """

    _name = "dist.endpoint.status"
    _description = "Endpoint status"
    _log_access = False

    endpoint_id = fields.Many2one("dist.endpoint", required=True, ondelete="cascade", index=True)
    breaker_state = fields.Selection(
        [("closed", "Normal"), ("open", "Paused"), ("half_open", "Trying again")],
        required=True,
        default="closed",
    )
    breaker = fields.Char(help="State of the circuit breaker, as JSON.")
    failing_since = fields.Datetime()
    last_success_at = fields.Datetime()
    last_error = fields.Char()
    tokens = fields.Float(help="Level of the rate limiter's bucket, in messages.")
    tokens_at = fields.Float(help="When the level was noted, in Unix seconds.")

    last_poll_at = fields.Datetime()
    next_poll_at = fields.Datetime()
    taken_count = fields.Integer(help="Items fetched since the beginning, repeated ones included.")
    source_state = fields.Char(help="Place in a feed, as JSON. Written behind the messages before it.")

    _sql_constraints = [("endpoint_uniq", "unique(endpoint_id)", "An endpoint has one status.")]

    def _get_breaker(self):
        return Breaker(**json.loads(self.breaker)) if self.breaker else Breaker()

    def _get_health(self):
        """:return: key of ``health`` of an endpoint; a few failures do not pause it yet, and are not normal"""
        if self.breaker_state == "half_open":
            return "half_open"
        if self.breaker_state == "open":
            return "paused"
        return "failing" if self.failing_since else "normal"

    def _get_policy(self):
        endpoint = self.endpoint_id
        return BreakerPolicy(
            consecutive_failures=endpoint.breaker_threshold,
            failure_ratio=0,
            open_seconds=endpoint.breaker_pause,
            max_open_seconds=max(endpoint.breaker_pause, 900),
            probe_timeout_seconds=2 * endpoint.timeout,
        )

    def _set_breaker(self, breaker):
        self.write({"breaker": json.dumps(asdict(breaker)), "breaker_state": breaker.state})

    def _is_undisturbed(self):
        """True when messages may go without asking: the common case, for which nothing is written."""
        return self.breaker_state == CLOSED and not self.endpoint_id.rate_per_minute

    def _admit(self, wanted):
        """How many of the wanted messages may be sent now; counts them against the rate.

        :param wanted: number of messages
        :return: number, 1 for the probe of a paused endpoint, 0 while it has to wait
        """
        self.ensure_one()
        now = time.time()
        breaker = self._get_breaker()
        if not breaker.allows(now, self._get_policy()):
            return 0
        if breaker.state != CLOSED:
            self._set_breaker(breaker.on_probe(now))
            wanted = 1
        rate = self.endpoint_id.rate_per_minute
        if not rate:
            return wanted
        bucket = self._get_bucket()
        available = int(bucket.level_at(self._get_level(), self.tokens_at, now))
        wanted = min(wanted, available)
        if wanted:
            _allowed, level, _wait = bucket.take(wanted, self._get_level(), self.tokens_at, now)
            self.write({"tokens": level, "tokens_at": now})
        return wanted

    def _get_bucket(self):
        rate = self.endpoint_id.rate_per_minute
        # a second's worth may go at once: partners count by the minute or by the second
        return TokenBucket(max(1.0, rate / 60), rate / 60)

    def _get_level(self):
        return self.tokens if self.tokens_at else None

    def _get_paused_until(self):
        """:return: moment (UTC) before which nothing may be sent; False when there is none"""
        now = time.time()
        until = self._get_breaker().next_allowed(now, self._get_policy())
        if self.endpoint_id.rate_per_minute:
            level = self._get_bucket().level_at(self._get_level(), self.tokens_at, now)
            if level < 1:
                until = max(until, now + (1 - level) * 60 / self.endpoint_id.rate_per_minute)
        if until <= now:
            return False
        return datetime.fromtimestamp(until + 0.999, timezone.utc).replace(tzinfo=None, microsecond=0)

    def _learn(self, deliveries):
        """Take in the outcomes of calls.

        :param deliveries: list of Delivery, in the order they were made
        :return: False when the endpoint needs a pause
        """
        self.ensure_one()
        now, policy = time.time(), self._get_policy()
        breaker = self._get_breaker()
        values = {}
        for delivery in deliveries:
            if delivery.outcome in ("success", "rejected"):
                # a refusal is an answer: the endpoint is alive
                breaker = breaker.on_success(now, policy) if breaker != Breaker() else breaker
                values.update(self._prepare_alive())
            else:
                breaker = breaker.on_failure(now, policy)
                values["failing_since"] = (
                    values.get("failing_since", self.failing_since) or fields.Datetime.now()
                )
                values["last_error"] = delivery.detail[:200]
            if delivery.outcome == "throttled" and delivery.retry_after:
                breaker = breaker.forced_open(now, delivery.retry_after)
        if breaker != self._get_breaker():
            self._set_breaker(breaker)
        changed = {name: value for name, value in values.items() if self[name] != value}
        if changed:
            self.write(changed)
        return breaker.state == CLOSED

    def _prepare_alive(self):
        now = fields.Datetime.now()
        recent = self.last_success_at and now - self.last_success_at < SUCCESS_PRECISION
        return {"failing_since": False, "last_error": False, **({} if recent else {"last_success_at": now})}

    def _get_source_state(self):
        return json.loads(self.source_state) if self.source_state else {}

    def _note_batch(self, count, state):
        """A batch was stored: count it, and keep the place in the feed that comes behind it."""
        values = {"taken_count": self.taken_count + count}
        if state is not None:
            values["source_state"] = json.dumps(state)
        self.write(values)

    def _note_poll(self, error):
        """A poll ended.

        :param error: why it failed, None when it did not
        """
        now = fields.Datetime.now()
        values = self._prepare_alive()
        if error:
            values = {"last_error": error[:200], "failing_since": self.failing_since or now}
        next_poll_at = now + timedelta(seconds=self.endpoint_id.poll_seconds)
        self.write({**values, "last_poll_at": now, "next_poll_at": next_poll_at})

    def _reset(self):
        self.write(
            {
                "breaker": False,
                "breaker_state": CLOSED,
                "failing_since": False,
                "last_error": False,
                "next_poll_at": False,
            }
        )
