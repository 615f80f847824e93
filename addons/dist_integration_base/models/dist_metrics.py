from collections import Counter, defaultdict

from odoo import api, fields, models

from ..lib.prometheus import Metric
from .dist_exception import CATEGORIES, UNSOLVED

# problems of a call whose content or form was wrong
VALIDATION_PROBLEMS = ("invalid_message", "unreadable_message", "invalid_bulk", "invalid_parameter")
ENDPOINT_STATES = ("active", "paused", "disabled", "blocked")
CHANNEL_PREFIX = "root.dist"


class DistMetrics(models.AbstractModel):
    """Figures for Prometheus: counters from the traffic, gauges from what is there at the scrape.

    A label names a system, a message type, an endpoint or a kind; never a record, so that the number of series
    does not grow with the business.
    """

    _name = "dist.metrics"
    _description = "Metrics"

    @api.model
    def _get_metrics(self, companies):
        """:param companies: res.company whose figures are shown
        :return: list of Metric
        """
        metrics = [
            *self._get_traffic_metrics(companies),
            *self._get_call_metrics(companies),
            *self._get_backlog_metrics(companies),
            self._get_endpoint_metric(companies),
            self._get_exception_metric(companies),
            self._get_job_metric(),
        ]
        return metrics

    # counters

    @api.model
    def _read_traffic(self, measures, companies):
        """:return: list of dicts: measure, system, type, direction, operation, outcome, bucket, number, seconds"""
        query, params = self.env["dist.traffic"]._get_source()
        self.env.cr.execute(
            f"""
            SELECT counted.*, system.code AS system, message_type.code AS type
            FROM (SELECT measure, system_id, message_type_id, direction, operation, outcome, bucket,
                         sum(number)::bigint AS number, sum(seconds)::float AS seconds
                  FROM ({query}) AS traffic
                  WHERE measure IN %(measures)s AND (company_id = ANY(%(companies)s) OR company_id IS NULL)
                  GROUP BY 1, 2, 3, 4, 5, 6, 7) AS counted
            LEFT JOIN dist_system system ON system.id = counted.system_id
            LEFT JOIN dist_message_type message_type ON message_type.id = counted.message_type_id
            ORDER BY system.code, message_type.code, direction, operation, outcome, bucket
            """,
            {**params, "measures": measures, "companies": companies.ids},
        )
        return self.env.cr.dictfetchall()

    @api.model
    def _get_traffic_metrics(self, companies):
        rows = self._read_traffic(("message", "attempt", "latency"), companies)
        labels = ("system", "type", "direction")
        return [
            _count(
                Metric(
                    "dist_messages_total",
                    "counter",
                    "Messages stored: received when inbound, published when outbound; not what is built in the shadow.",
                ),
                rows,
                "message",
                labels,
            ),
            _count(
                Metric(
                    "dist_attempts_total", "counter", "Tries to process or deliver a message, by outcome."
                ),
                rows,
                "attempt",
                (*labels, "outcome"),
            ),
            _measure(
                Metric("dist_attempt_duration_seconds", "histogram", "How long a try took."),
                rows,
                "attempt",
                ("system", "direction"),
            ),
            _measure(
                Metric(
                    "dist_delivery_latency_seconds",
                    "histogram",
                    "From the commit of a message to the answer that confirmed it (outbound), or its effect (inbound).",
                ),
                rows,
                "latency",
                ("system", "type", "direction"),
            ),
        ]

    @api.model
    def _get_call_metrics(self, companies):
        rows = self._read_traffic(("call", "problem", "replay"), companies)
        return [
            _count(
                Metric("dist_api_requests_total", "counter", "Answered API calls."),
                rows,
                "call",
                ("operation", "status"),
            ),
            _measure(
                Metric("dist_api_request_duration_seconds", "histogram", "How long an API call took."),
                rows,
                "call",
                ("operation",),
            ),
            _count(
                Metric(
                    "dist_api_idempotent_replays_total",
                    "counter",
                    "API calls answered from a message received before.",
                ),
                rows,
                "replay",
                ("operation",),
            ),
            _count(
                Metric(
                    "dist_api_problems_total", "counter", "API calls answered with a problem, by its code."
                ),
                rows,
                "problem",
                ("operation", "code"),
            ),
            _count(
                Metric(
                    "dist_api_validation_errors_total",
                    "counter",
                    "API calls whose content could not be read or did not fit its schema.",
                ),
                [row for row in rows if row["outcome"] in VALIDATION_PROBLEMS],
                "problem",
                ("operation",),
            ),
        ]

    # gauges

    @api.model
    def _get_backlog_metrics(self, companies):
        rows = self.env["dist.backlog"]._get_rows(companies.ids)
        systems = {system.id: system.code for system in self._find("dist.system", companies)}
        pending = Metric("dist_pending_messages", "gauge", "Messages that wait to be processed or delivered.")
        oldest = Metric("dist_oldest_pending_seconds", "gauge", "Age of the message that waits longest.")
        failed = Metric(
            "dist_dead_letters", "gauge", "Messages that failed for good and whose exception is not settled."
        )
        held = Metric("dist_held_messages", "gauge", "Messages that wait for a person.")
        refused = Metric(
            "dist_refused_messages", "gauge", "Inbound messages that were refused; their senders were told."
        )
        groups = defaultdict(list)
        for row in rows:
            groups[systems.get(row["system_id"], ""), row["direction"]].append(row)
        now = fields.Datetime.now()
        for (system, direction), found in sorted(groups.items()):
            labels = {"system": system, "direction": direction}
            numbers = Counter()
            for row in found:
                numbers[row["state"]] += row["number"]
            waiting = [row["since"] for row in found if row["state"] in ("pending", "retry")]
            pending.add(numbers["pending"] + numbers["retry"], **labels)
            oldest.add(max(0.0, (now - min(waiting)).total_seconds()) if waiting else 0.0, **labels)
            failed.add(numbers["dead"], **labels)
            held.add(numbers["error"], **labels)
        for row in self.env["dist.backlog"]._get_refused(companies.ids):
            refused.add(row["number"], system=systems.get(row["system_id"], ""))
        return [pending, oldest, failed, held, refused]

    @api.model
    def _find(self, model_name, companies):
        return self.env[model_name].sudo().search([("company_id", "in", companies.ids)])

    @api.model
    def _get_endpoint_metric(self, companies):
        metric = Metric(
            "dist_endpoints",
            "gauge",
            "Endpoints by state: active, paused by failures, disabled, or blocked otherwise.",
        )
        counts = Counter()
        for endpoint in self._find("dist.endpoint", companies):
            counts[endpoint.system_id.code, self._get_endpoint_state(endpoint)] += 1
        for system in sorted({system for system, _state in counts}):
            for state in ENDPOINT_STATES:
                metric.add(counts[system, state], system=system, state=state)
        return metric

    @api.model
    def _get_endpoint_state(self, endpoint):
        if endpoint.state == "disabled":
            return "disabled"
        if endpoint._get_blocked_reason():
            return "blocked"
        return "active" if endpoint.breaker_state == "closed" else "paused"

    @api.model
    def _get_exception_metric(self, companies):
        metric = Metric("dist_open_exceptions", "gauge", "Exceptions that are not settled, by category.")
        counts = dict(
            self.env["dist.exception"]
            .sudo()
            ._read_group(
                [("company_id", "in", companies.ids), ("state", "in", UNSOLVED)], ["category"], ["__count"]
            )
        )
        for category, _label in CATEGORIES:
            metric.add(counts.get(category, 0), category=category)
        return metric

    @api.model
    def _get_job_metric(self):
        metric = Metric("dist_jobs", "gauge", "Jobs of the suite that are not finished, by channel.")
        self.env.cr.execute(
            """
            SELECT channel, state, count(*) FROM queue_job
            WHERE state IN ('wait_dependencies', 'pending', 'enqueued', 'started') AND channel LIKE %s
            GROUP BY 1, 2 ORDER BY 1, 2
            """,
            (f"{CHANNEL_PREFIX}%",),
        )
        for channel, state, number in self.env.cr.fetchall():
            metric.add(number, channel=channel, state=state)
        return metric


def _count(metric, rows, measure, labels):
    """Fill a counter from the rows of a measure, summed by labels."""
    counts = Counter()
    for row in rows:
        if row["measure"] == measure:
            counts[_get_labels(row, labels)] += row["number"]
    for values, number in counts.items():
        metric.add(number, **dict(zip(labels, values, strict=True)))
    return metric


def _measure(metric, rows, measure, labels):
    """Fill a histogram from the rows of a measure, summed by labels."""
    counts, seconds = defaultdict(Counter), Counter()
    for row in rows:
        if row["measure"] == measure:
            key = _get_labels(row, labels)
            counts[key][row["bucket"]] += row["number"]
            seconds[key] += row["seconds"]
    for key, buckets in counts.items():
        metric.add_histogram(buckets, seconds[key], **dict(zip(labels, key, strict=True)))
    return metric


def _get_labels(row, names):
    # what the outcome of an API call is: its status, or the code of its problem
    return tuple(row["outcome" if name in ("status", "code") else name] for name in names)
