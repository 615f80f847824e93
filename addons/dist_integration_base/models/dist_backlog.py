from collections import defaultdict

from odoo import api, fields, models

WAITING = ("pending", "retry")
FAILED = ("error", "dead")
# an inbound message that was refused and whose sender was told: nobody here has to act
REFUSED = [("state", "=", "dead"), ("direction", "=", "in"), ("exception_id", "=", False)]
NOT_REFUSED = ["|", "|", ("state", "!=", "dead"), ("direction", "!=", "in"), ("exception_id", "!=", False)]
IS_REFUSED = "state = 'dead' AND direction = 'in' AND exception_id IS NULL"
# documents of waiting messages whose value is added up; beyond it the sum is a lower bound
VALUED = 5000


class DistBacklog(models.AbstractModel):
    """What is not finished: read from an index that only holds that, however much is stored beside it."""

    _name = "dist.backlog"
    _description = "Unfinished messages"

    @api.model
    def _get_rows(self, company_ids):
        """Unfinished messages of companies, grouped; without those that were refused and whose sender was told.

        :return: list of dicts with ``company_id``, ``direction``, ``state``, ``system_id``, ``flow_id``,
            ``endpoint_id``, ``message_type_id``, ``number`` and ``since`` (datetime of the oldest one; of what is
            replayed, when that began)
        """
        self.env.cr.execute(
            f"""
            WITH backlog AS (
                SELECT company_id, direction, state, system_id, flow_id, endpoint_id, message_type_id, replay_id,
                       count(*) AS number, min(id) AS oldest_id
                FROM dist_message
                WHERE state IN ('pending', 'retry', 'error', 'dead') AND NOT ({IS_REFUSED})
                  AND company_id = ANY(%s)
                GROUP BY company_id, direction, state, system_id, flow_id, endpoint_id, message_type_id, replay_id)
            SELECT backlog.company_id, backlog.direction, backlog.state, backlog.system_id, backlog.flow_id,
                   backlog.endpoint_id, backlog.message_type_id, sum(backlog.number)::integer AS number,
                   min(COALESCE(replay.started_at, oldest.received_at)) AS since
            FROM backlog JOIN dist_message oldest ON oldest.id = backlog.oldest_id
            LEFT JOIN dist_replay replay ON replay.id = backlog.replay_id
            GROUP BY 1, 2, 3, 4, 5, 6, 7
            """,
            (list(company_ids),),
        )
        return self.env.cr.dictfetchall()

    @api.model
    def _get_refused(self, company_ids, since=None):
        """Inbound messages of companies that were refused and whose sender was told, grouped.

        :param since: datetime (UTC) from which they were received; None for all
        :return: list of dicts with ``system_id`` and ``number``
        """
        self.env.cr.execute(
            f"""
            SELECT system_id, count(*)::integer AS number FROM dist_message
            WHERE {IS_REFUSED} AND company_id = ANY(%s) AND received_at >= COALESCE(%s, '-infinity'::timestamp)
            GROUP BY system_id
            """,
            (list(company_ids), since),
        )
        return self.env.cr.dictfetchall()

    @api.model
    def _get_deferred(self, rows):
        """Endpoints on which messages wait although they are due: paused, disabled, or of a suspended system.

        :param rows: as of `_get_rows`
        :return: list of dicts with ``endpoint`` (dist.endpoint), ``reason``, ``number``, ``since``
        """
        waiting = {}
        for row in rows:
            if row["direction"] == "out" and row["state"] in WAITING and row["endpoint_id"]:
                known = waiting.setdefault(row["endpoint_id"], {"number": 0, "since": row["since"]})
                known["number"] += row["number"]
                known["since"] = min(known["since"], row["since"])
        endpoints = self.env["dist.endpoint"].sudo().browse(waiting)
        return [
            {"endpoint": endpoint, "reason": reason, **waiting[endpoint.id]}
            for endpoint in endpoints
            if (reason := endpoint._get_hold_reason())
        ]

    @api.model
    def _get_value_behind(self, endpoint_ids):
        """What is behind the messages that wait on endpoints.

        :return: dict with ``orders``, ``value`` (float, at the rates of today), ``at_least`` (True when not all of it
            was added up) and ``currency`` (res.currency, the one of the user's company)
        """
        company, today = self.env.company, fields.Date.context_today(self)
        self.env.cr.execute(
            """
            SELECT res_model, array_agg(res_id) FROM (
                SELECT DISTINCT res_model, res_id FROM dist_message
                WHERE endpoint_id = ANY(%s) AND direction = 'out' AND state IN ('pending', 'retry')
                  AND res_id IS NOT NULL
                LIMIT %s) AS documents
            GROUP BY res_model
            """,
            (list(endpoint_ids), VALUED + 1),
        )
        found = self.env.cr.fetchall()
        result = {
            "orders": 0,
            "value": 0.0,
            "currency": company.currency_id,
            "at_least": sum(len(ids) for _model, ids in found) > VALUED,
        }
        for documents in self._get_orders_behind(dict(found)):
            for currency, own in documents._dist_split_by_currency().items():
                orders, value, complete = own._dist_get_value_at_risk()
                result["orders"] += orders
                result["value"] += currency._convert(value, company.currency_id, company, today)
                result["at_least"] |= not complete
        return result

    @api.model
    def _get_orders_behind(self, documents):
        """The orders behind documents, each once; a document without an order stands for itself.

        :param documents: dict, model name to ids
        :return: list of recordsets, one a model
        """
        orders = defaultdict(set)
        for model_name, ids in documents.items():
            if model_name in self.env:
                known = self.env[model_name].sudo().browse(ids)._dist_get_orders()
                for document_id in ids:
                    for order_model, order_id in known.get(document_id) or {(model_name, document_id)}:
                        orders[order_model].add(order_id)
        return [self.env[model_name].sudo().browse(sorted(ids)) for model_name, ids in orders.items()]
