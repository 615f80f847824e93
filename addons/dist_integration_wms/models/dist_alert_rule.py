from odoo import _, api, models


class DistAlertRule(models.Model):
    """What a warehouse owes: an answer, and the goods."""

    _inherit = "dist.alert.rule"

    @api.model
    def _get_figures(self):
        return {
            **super()._get_figures(),
            "unacknowledged": (
                _("Transfer that the warehouse does not answer"),
                _("hours"),
                False,
                ("company", "system"),
            ),
            "unanswered": (
                _("Request that the warehouse does not answer"),
                _("hours"),
                False,
                ("company", "system"),
            ),
            "receipt_late": (_("Receipt that is overdue"), _("hours"), False, ("company", "system")),
        }

    def _get_figure_unacknowledged(self):
        """Hours since the oldest transfer was asked for that the warehouse neither accepted nor refused."""
        return self._get_worst(
            """
            SELECT picking.company_id, picking.dist_system_id AS system_id, NULL AS flow_id,
                   extract(epoch FROM now() AT TIME ZONE 'UTC' - max(event.occurred_at))::float / 3600 AS hours
            FROM stock_picking picking
            JOIN dist_event event ON event.res_model = 'stock.picking' AND event.res_id = picking.id
            JOIN dist_message_type type ON type.id = event.message_type_id AND type.code LIKE '%%.requested'
            WHERE picking.dist_release_state = 'requested' AND picking.company_id = ANY(%(companies)s)
              AND picking.state NOT IN ('done', 'cancel')
            GROUP BY picking.id
            """
        )

    def _get_figure_unanswered(self):
        """Hours since the oldest hold, change or cancellation was asked for that the warehouse did not answer."""
        return self._get_worst(
            """
            SELECT company_id, system_id, NULL AS flow_id,
                   extract(epoch FROM now() AT TIME ZONE 'UTC' - asked_at)::float / 3600 AS hours
            FROM dist_release_request WHERE state = 'waiting' AND company_id = ANY(%(companies)s)
            """
        )

    def _get_figure_receipt_late(self):
        """Hours since the goods of the most overdue receipt were expected."""
        return self._get_worst(
            """
            SELECT picking.company_id, picking.dist_system_id AS system_id, NULL AS flow_id,
                   extract(epoch FROM now() AT TIME ZONE 'UTC' - picking.scheduled_date)::float / 3600 AS hours
            FROM stock_picking picking
            JOIN stock_picking_type type ON type.id = picking.picking_type_id AND type.code = 'incoming'
            WHERE picking.dist_release_state IN ('requested', 'acknowledged')
              AND picking.company_id = ANY(%(companies)s) AND picking.state NOT IN ('done', 'cancel')
              AND picking.scheduled_date < now() AT TIME ZONE 'UTC'
            """
        )

    def _get_worst(self, query):
        """:return: dict, key of the scope to the highest number of hours"""
        self.env["stock.picking"].flush_model()
        self.env["dist.release.request"].flush_model()
        self.env.cr.execute(query, {"companies": self._get_companies().ids})
        worst = {}
        for key, row in self._get_wanted(self.env.cr.dictfetchall()):
            worst[key] = max(worst.get(key, 0), row["hours"])
        return worst

    @api.model
    def _get_cause_action(self, alert):
        domains = {
            "unacknowledged": [("dist_release_state", "=", "requested")],
            "unanswered": [("dist_open_request", "!=", False)],
            "receipt_late": [
                ("dist_release_state", "in", ("requested", "acknowledged")),
                ("picking_type_code", "=", "incoming"),
            ],
        }
        if alert.rule_id.figure not in domains:
            return super()._get_cause_action(alert)
        domain = [("company_id", "=", alert.company_id.id), ("state", "not in", ("done", "cancel"))]
        if alert.system_id:
            domain.append(("dist_system_id", "=", alert.system_id.id))
        return {
            "type": "ir.actions.act_window",
            "name": alert.name,
            "res_model": "stock.picking",
            "views": [(False, "tree"), (False, "form")],
            "domain": domain + domains[alert.rule_id.figure],
        }
