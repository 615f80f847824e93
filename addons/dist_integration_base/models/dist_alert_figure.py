from collections import Counter, defaultdict
from datetime import timedelta

from odoo import api, fields, models

from ..lib import histogram
from .dist_backlog import FAILED, NOT_REFUSED, WAITING
from .dist_exception import UNSOLVED

# below this number of tries a rate says nothing
MEANINGFUL = 20
# the usual number of messages is that of the same time in these weeks
USUAL_WEEKS = 4


class DistAlertRule(models.Model):
    """The figures. Each method reads its figure of every scope at once.

    It returns a dict, (company id, id of the company, system or flow) to value in the unit of the figure.
    """

    _inherit = "dist.alert.rule"

    def _get_record_id(self, row):
        return row["company_id"] if self.scope == "company" else row[f"{self.scope}_id"]

    def _get_wanted(self, rows):
        """:return: generator of (key, row) of the rows this rule watches"""
        for row in rows:
            unwanted = (self.system_id and row["system_id"] != self.system_id.id) or (
                self.flow_id and row["flow_id"] != self.flow_id.id
            )
            record_id = self._get_record_id(row)
            if record_id and not unwanted:
                yield (row["company_id"], record_id), row

    # what is unfinished

    def _get_backlog(self, states):
        rows = self.env["dist.backlog"]._get_rows(self._get_companies().ids)
        return self._get_wanted(row for row in rows if row["state"] in states)

    def _sum_backlog(self, states):
        counts = Counter()
        for key, row in self._get_backlog(states):
            counts[key] += row["number"]
        return counts

    def _get_figure_queue_age(self):
        now, ages = fields.Datetime.now(), {}
        for key, row in self._get_backlog(WAITING):
            ages[key] = max(ages.get(key, 0), (now - row["since"]).total_seconds() / 60)
        return ages

    def _get_figure_queue_depth(self):
        return self._sum_backlog(WAITING)

    def _get_figure_failed(self):
        return self._sum_backlog(("dead",))

    def _get_figure_held(self):
        return self._sum_backlog(("error",))

    def _get_figure_endpoint_held(self):
        backlog = self.env["dist.backlog"]
        rows = backlog._get_rows(self._get_companies().ids)
        held = [
            {
                "company_id": item["endpoint"].company_id.id,
                "system_id": item["endpoint"].system_id.id,
                "flow_id": None,
                "number": item["number"],
            }
            for item in backlog._get_deferred(rows)
        ]
        counts = Counter()
        for key, row in self._get_wanted(held):
            counts[key] += row["number"]
        return counts

    # what moved

    def _read_traffic(self, measure, since, until=None):
        query, params = self.env["dist.traffic"]._get_source(since)
        self.env.cr.execute(
            f"""
            SELECT company_id, system_id, flow_id, outcome, bucket, sum(number)::integer AS number
            FROM ({query}) AS traffic
            WHERE measure = %(measure)s AND company_id = ANY(%(companies)s) AND slot < %(until)s
              AND (measure <> 'latency' OR direction = 'out')
            GROUP BY 1, 2, 3, 4, 5
            """,
            {
                **params,
                "measure": measure,
                "companies": self._get_companies().ids,
                "until": until or fields.Datetime.now() + timedelta(minutes=1),
            },
        )
        return self._get_wanted(self.env.cr.dictfetchall())

    def _get_figure_success_rate(self):
        attempts, success = Counter(), Counter()
        for key, row in self._read_traffic("attempt", self._get_since()):
            attempts[key] += row["number"]
            success[key] += row["number"] if row["outcome"] == "success" else 0
        return {
            key: 100.0 * success[key] / number for key, number in attempts.items() if number >= MEANINGFUL
        }

    def _get_figure_latency(self):
        buckets = defaultdict(Counter)
        for key, row in self._read_traffic("latency", self._get_since()):
            buckets[key][row["bucket"]] += row["number"]
        return {key: histogram.quantile(0.95, counts) for key, counts in buckets.items()}

    def _get_figure_volume(self):
        """The number of messages against that of the same time of the last weeks, where there usually are some."""
        since, now = self._get_since(), fields.Datetime.now()
        usual, actual = Counter(), Counter()
        for weeks in range(1, USUAL_WEEKS + 1):
            before = timedelta(weeks=weeks)
            for key, row in self._read_traffic("message", since - before, now - before):
                usual[key] += row["number"] / USUAL_WEEKS
        for key, row in self._read_traffic("message", since):
            actual[key] += row["number"]
        return {key: 100.0 * actual[key] / number for key, number in usual.items() if number >= MEANINGFUL}

    # what people have to do

    def _count_exceptions(self, domain):
        wanted = [("company_id", "in", self._get_companies().ids), ("state", "in", UNSOLVED), *domain]
        if self.category:
            wanted.append(("category", "=", self.category))
        groups = self.env["dist.exception"]._read_group(
            wanted, ["company_id", "system_id", "flow_id"], ["__count"]
        )
        rows = [
            {"company_id": company.id, "system_id": system.id, "flow_id": flow.id, "number": number}
            for company, system, flow, number in groups
        ]
        counts = Counter()
        for key, row in self._get_wanted(rows):
            counts[key] += row["number"]
        return counts

    def _get_figure_exceptions(self):
        return self._count_exceptions([])

    def _get_figure_overdue(self):
        return self._count_exceptions([("due_at", "<", fields.Datetime.now())])

    def _get_figure_milestones(self):
        """Steps that documents have not reached in time; of no system counted for the company only."""
        groups = self.env["dist.milestone"]._read_group(
            [("company_id", "in", self._get_companies().ids), ("state", "=", "overdue")],
            ["company_id", "system_id"],
            ["__count"],
        )
        rows = [
            {"company_id": company.id, "system_id": system.id, "flow_id": None, "number": number}
            for company, system, number in groups
        ]
        counts = Counter()
        for key, row in self._get_wanted(rows):
            counts[key] += row["number"]
        return counts

    def _get_figure_credential(self):
        """Days until the newest secret, or the last valid key of an API client, expires."""
        self.env["dist.credential.version"].flush_model()
        self.env["dist.api.key"].flush_model()
        self.env.cr.execute(
            """
            SELECT company_id, system_id, NULL AS flow_id,
                   extract(epoch FROM min(expires_at) - now() AT TIME ZONE 'UTC')::float / 86400 AS days
            FROM (
                (SELECT DISTINCT ON (credential.id) credential.company_id, credential.system_id, version.expires_at
                 FROM dist_credential_version version
                 JOIN dist_credential credential ON credential.id = version.credential_id
                 ORDER BY credential.id, version.valid_from DESC, version.id DESC)
                UNION ALL
                (SELECT client.company_id, client.system_id, max(COALESCE(key.expires_at, 'infinity'))
                 FROM dist_api_key key JOIN dist_api_client client ON client.id = key.client_id
                 WHERE client.active AND NOT COALESCE(key.revoked, FALSE)
                 GROUP BY client.id)) AS ends
            WHERE expires_at < 'infinity' AND company_id = ANY(%s)
            GROUP BY company_id, system_id
            """,
            (self._get_companies().ids,),
        )
        days = {}
        for key, row in self._get_wanted(self.env.cr.dictfetchall()):
            days[key] = min(days.get(key, row["days"]), row["days"])
        return days

    @api.model
    def _get_cause_action(self, alert):
        """:return: action that shows where the figure of an alert comes from"""
        place = [("company_id", "=", alert.company_id.id)]
        if alert.system_id:
            place.append(("system_id", "=", alert.system_id.id))
        if alert.flow_id:
            place.append(("flow_id", "=", alert.flow_id.id))
        figure = alert.rule_id.figure
        if figure in ("exceptions", "overdue"):
            states = [("state", "in", UNSOLVED)]
            return self.env["dist.exception"]._get_list_action(place + states)
        if figure == "milestones":
            action = self.env["ir.actions.act_window"]._for_xml_id(
                "dist_integration_base.action_dist_milestone"
            )
            return {**action, "domain": [*place, ("state", "=", "overdue")], "context": {}}
        if figure == "credential":
            action = self.env["ir.actions.act_window"]._for_xml_id(
                "dist_integration_base.action_dist_credential"
            )
            return {**action, "domain": place}
        states = {"failed": FAILED, "held": FAILED}.get(figure, WAITING)
        if figure in ("success_rate", "latency", "volume"):
            return self.env["dist.message"]._get_list_action(place)
        return self.env["dist.message"]._get_list_action([*place, ("state", "in", states), *NOT_REFUSED])
