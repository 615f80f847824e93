from collections import Counter, defaultdict
from datetime import timedelta

import pytz

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..lib import histogram
from .dist_backlog import FAILED, WAITING
from .dist_exception import CATEGORIES, UNSOLVED

# name of a period: (how long, seconds of a column of the charts)
PERIODS = {
    "hour": (timedelta(hours=1), 300),
    "day": (timedelta(days=1), 3600),
    "week": (timedelta(days=7), 6 * 3600),
    "month": (timedelta(days=30), 86400),
}
GROUPS = ("dist_integration_base.group_dist_operator", "dist_integration_base.group_dist_auditor")
AGES = (("day", 24), ("week", 168))
HEALTHY_SHARE = 0.95
LATE_MINUTES = 15


class DistDashboard(models.AbstractModel):
    """The figures of the operations dashboard, of the companies that are switched on (X4)."""

    _name = "dist.dashboard"
    _description = "Integration dashboard"

    @api.model
    def get_figures(self, period="day"):
        """Everything the dashboard shows.

        :param period: key of `PERIODS`
        :return: dict, ready to draw: texts in the user's language, moments as UTC text, durations in seconds
        :raises AccessError: the user is neither operator nor auditor
        """
        self._check_access()
        start, seconds = self._get_start(period)
        traffic = self._read_traffic(start, seconds)
        backlog = self.env["dist.backlog"]._get_rows(self.env.companies.ids)
        refused = self.env["dist.backlog"]._get_refused(self.env.companies.ids, start)
        exceptions = self._get_exceptions()
        return {
            "period": period,
            "start": fields.Datetime.to_string(start),
            "now": fields.Datetime.to_string(fields.Datetime.now()),
            "empty": not self._is_used(),
            "summary": {
                **self._get_summary(traffic, backlog, exceptions),
                "refused": sum(row["number"] for row in refused),
            },
            "deferred": self._get_deferred(backlog),
            "exceptions": exceptions,
            "flows": self._get_flows(traffic, backlog),
            "charts": self._get_charts(traffic, start, seconds),
            "accuracy": self._get_accuracy(start),
        }

    @api.model
    def _check_access(self):
        if not any(self.env.user.has_group(group) for group in GROUPS):
            raise AccessError(_("The dashboard is for operators and auditors."))

    @api.model
    def _get_start(self, period):
        """:return: (start of the period at a full column of the charts, seconds of a column)"""
        if period not in PERIODS:
            raise UserError(_("There is no period %s.", period))
        length, seconds = PERIODS[period]
        return self._get_column(fields.Datetime.now() - length, seconds), seconds

    @api.model
    def _get_column(self, moment, seconds):
        """:return: start of the column of a moment; columns begin with the user's day"""
        offset = self._get_offset()
        since = int((moment - fields.Datetime.from_string("1970-01-01 00:00:00")).total_seconds()) + offset
        return moment.replace(microsecond=0) - timedelta(seconds=since % seconds)

    @api.model
    def _get_offset(self):
        zone = pytz.timezone(self.env.user.tz or "UTC")
        return int(pytz.utc.localize(fields.Datetime.now()).astimezone(zone).utcoffset().total_seconds())

    @api.model
    def _is_used(self):
        return bool(self.env["dist.flow"].sudo().search_count(self._get_company_domain(), limit=1))

    @api.model
    def _get_company_domain(self):
        return [("company_id", "in", self.env.companies.ids)]

    @api.model
    def _read_traffic(self, start, seconds):
        """:return: list of dicts of what moved since the start, by column of the charts"""
        query, params = self.env["dist.traffic"]._get_source(start)
        self.env.cr.execute(
            f"""
            SELECT flow_id, direction, measure, outcome, bucket,
                   floor((extract(epoch FROM slot) + %(offset)s) / %(seconds)s)::integer AS position,
                   sum(number)::integer AS number
            FROM ({query}) AS traffic
            WHERE company_id = ANY(%(companies)s) AND measure IN ('message', 'attempt', 'latency')
            GROUP BY 1, 2, 3, 4, 5, 6
            """,
            {
                **params,
                "offset": self._get_offset(),
                "seconds": seconds,
                "companies": self.env.companies.ids,
            },
        )
        return self.env.cr.dictfetchall()

    # the cards

    @api.model
    def _get_summary(self, traffic, backlog, exceptions):
        waiting = [row for row in backlog if row["state"] in WAITING]
        latency = _sum_buckets(
            row for row in traffic if row["measure"] == "latency" and row["direction"] == "out"
        )
        return {
            "messages": sum(row["number"] for row in traffic if row["measure"] == "message"),
            **_get_share(traffic),
            "latency_p50": histogram.quantile(0.5, latency),
            "latency_p95": histogram.quantile(0.95, latency),
            "waiting": sum(row["number"] for row in waiting),
            "oldest_seconds": self._get_age(min((row["since"] for row in waiting), default=None)),
            "dead": sum(row["number"] for row in backlog if row["state"] == "dead"),
            "held": sum(row["number"] for row in backlog if row["state"] == "error"),
            "exceptions": sum(row["number"] for row in exceptions),
            "overdue": sum(row["overdue"] for row in exceptions),
        }

    @api.model
    def _get_age(self, since):
        return since and max(0, (fields.Datetime.now() - since).total_seconds())

    @api.model
    def _get_deferred(self, backlog):
        """:return: dict with the endpoints that hold messages back, and the value behind all of them"""
        held = self.env["dist.backlog"]._get_deferred(backlog)
        behind = self.env["dist.backlog"]._get_value_behind([item["endpoint"].id for item in held])
        return {
            "endpoints": [
                {
                    "id": item["endpoint"].id,
                    "name": item["endpoint"].display_name,
                    "reason": item["reason"],
                    "number": item["number"],
                    "seconds": self._get_age(item["since"]),
                }
                for item in sorted(held, key=lambda item: -item["number"])
            ],
            "number": sum(item["number"] for item in held),
            "orders": behind["orders"],
            "value": behind["value"] and behind["currency"].format(behind["value"]),
            "at_least": behind["at_least"],
        }

    @api.model
    def _get_exceptions(self):
        """:return: list of dicts, one a category with unsolved exceptions, the fullest first"""
        self.env["dist.exception"].flush_model()
        labels = self._get_labels()
        ages = ", ".join(
            f"count(*) FILTER (WHERE create_date < %(now)s - interval '{hours} hours')::integer AS over_{name}"
            for name, hours in AGES
        )
        self.env.cr.execute(
            f"""
            SELECT category, count(*)::integer AS number,
                   count(*) FILTER (WHERE due_at < %(now)s)::integer AS overdue, {ages},
                   min(due_at) FILTER (WHERE due_at >= %(now)s) AS next_due
            FROM dist_exception
            WHERE state IN %(unsolved)s AND company_id = ANY(%(companies)s)
            GROUP BY category ORDER BY 2 DESC
            """,
            {"now": fields.Datetime.now(), "unsolved": UNSOLVED, "companies": self.env.companies.ids},
        )
        return [
            {
                **row,
                "label": labels[row["category"]],
                "next_due": row["next_due"] and fields.Datetime.to_string(row["next_due"]),
            }
            for row in self.env.cr.dictfetchall()
        ]

    @api.model
    def _get_labels(self):
        return dict(self.env["dist.exception"]._fields["category"]._description_selection(self.env))

    @api.model
    def _get_accuracy(self, start):
        """How well records agree with those of partners. Addons that reconcile answer.

        :param start: datetime (UTC)
        :return: dict with ``share`` (0 to 1), ``records`` and ``variances`` (numbers), ``action`` (an action); None
            when nothing was reconciled
        """
        return None

    # the table

    @api.model
    def _get_flows(self, traffic, backlog):
        """:return: list of dicts, one a flow that is in use or has something unfinished, trouble first"""
        by_flow, open_by_flow = defaultdict(list), defaultdict(list)
        for row in traffic:
            by_flow[row["flow_id"]].append(row)
        for row in backlog:
            open_by_flow[row["flow_id"]].append(row)
        domain = ["|", ("id", "in", list(filter(None, {*by_flow, *open_by_flow}))), ("state", "=", "active")]
        flows = self.env["dist.flow"].search(self._get_company_domain() + domain)
        exceptions = self._count_exceptions(flows)
        rows = [
            self._prepare_flow(flow, by_flow[flow.id], open_by_flow[flow.id], exceptions.get(flow, 0))
            for flow in flows
        ]
        return sorted(rows, key=lambda row: (row["rank"], -row["messages"], row["name"]))

    @api.model
    def _count_exceptions(self, flows):
        return dict(
            self.env["dist.exception"]._read_group(
                [("flow_id", "in", flows.ids), ("state", "in", UNSOLVED)], ["flow_id"], ["__count"]
            )
        )

    @api.model
    def _prepare_flow(self, flow, traffic, backlog, exceptions):
        latency = _sum_buckets(row for row in traffic if row["measure"] == "latency")
        waiting = [row for row in backlog if row["state"] in WAITING]
        row = {
            "id": flow.id,
            "name": flow.name,
            "direction": flow.direction,
            "messages": sum(row["number"] for row in traffic if row["measure"] == "message"),
            **_get_share(traffic),
            "latency_p50": histogram.quantile(0.5, latency),
            "latency_p95": histogram.quantile(0.95, latency),
            "waiting": sum(row["number"] for row in waiting),
            "oldest_seconds": self._get_age(min((row["since"] for row in waiting), default=None)),
            "failed": sum(row["number"] for row in backlog if row["state"] in FAILED),
            "exceptions": exceptions,
            "reason": flow._get_hold_reason(),
            "shadow": flow.stage == "shadow",
        }
        return {**row, **self._get_health(row)}

    @api.model
    def _get_health(self, row):
        """:return: dict with ``health`` (for the colour), its ``health_label`` and ``rank`` (trouble first)"""
        late = (row["oldest_seconds"] or 0) > LATE_MINUTES * 60
        # what failed and is settled since needs nobody any more
        unsettled = row["failed"] or row["exceptions"] or row["waiting"]
        states = (
            ("danger", _("Held back"), bool(row["reason"])),
            ("danger", _("Failing"), unsettled and row["share"] is not None and row["share"] < HEALTHY_SHARE),
            ("warning", _("Late"), late),
            ("warning", _("Needs a person"), row["failed"] or row["exceptions"]),
            ("muted", _("In the shadow"), row["shadow"]),
            ("success", _("Healthy"), row["messages"] or row["attempts"]),
            ("muted", _("Quiet"), True),
        )
        rank, (health, label, _applies) = next(item for item in enumerate(states) if item[1][2])
        return {"health": health, "health_label": label, "rank": rank}

    # the charts

    @api.model
    def _get_charts(self, traffic, start, seconds):
        """:return: dict with ``labels`` (moments, UTC text) and the lists of values beside them"""
        offset = self._get_offset()
        first, last = (
            int((moment - fields.Datetime.from_string("1970-01-01 00:00:00")).total_seconds() + offset)
            // seconds
            for moment in (start, fields.Datetime.now())
        )
        positions = range(first, last + 1)
        success, failure, latency = Counter(), Counter(), defaultdict(list)
        for row in traffic:
            if row["measure"] == "attempt":
                (success if row["outcome"] == "success" else failure)[row["position"]] += row["number"]
            elif row["measure"] == "latency" and row["direction"] == "out":
                latency[row["position"]].append(row)
        buckets = [_sum_buckets(latency[position]) for position in positions]
        return {
            "labels": [
                fields.Datetime.to_string(start + timedelta(seconds=seconds * index))
                for index in range(len(positions))
            ],
            "seconds": seconds,
            "success": [success[position] for position in positions],
            "failure": [failure[position] for position in positions],
            "p50": [histogram.quantile(0.5, counts) for counts in buckets],
            "p95": [histogram.quantile(0.95, counts) for counts in buckets],
            "exceptions": self._get_exception_trend(start, seconds, positions),
        }

    @api.model
    def _get_exception_trend(self, start, seconds, positions):
        """:return: list of dicts: category, label and the numbers opened in each column"""
        self.env.cr.execute(
            """
            SELECT category, floor((extract(epoch FROM create_date) + %s) / %s)::integer, count(*)::integer
            FROM dist_exception WHERE create_date >= %s AND company_id = ANY(%s)
            GROUP BY 1, 2
            """,
            (self._get_offset(), seconds, start, self.env.companies.ids),
        )
        numbers = defaultdict(dict)
        for category, position, number in self.env.cr.fetchall():
            numbers[category][position] = number
        labels = self._get_labels()
        return [
            {
                "category": category,
                "label": labels[category],
                "numbers": [numbers[category].get(position, 0) for position in positions],
            }
            for category, _label in CATEGORIES
            if category in numbers
        ]


def _sum_buckets(rows):
    counts = Counter()
    for row in rows:
        counts[row["bucket"]] += row["number"]
    return counts


def _get_share(traffic):
    """:return: dict with ``attempts``, ``failures`` and ``share`` (of the attempts that succeeded; None without any)"""
    outcomes = Counter()
    for row in traffic:
        if row["measure"] == "attempt":
            outcomes[row["outcome"]] += row["number"]
    attempts, success = sum(outcomes.values()), outcomes["success"]
    return {
        "attempts": attempts,
        "failures": attempts - success,
        "share": success / attempts if attempts else None,
    }
