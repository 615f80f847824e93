from odoo import _, api, models


class DistAlertRule(models.Model):
    """What a shop waits for: the decision about its orders."""

    _inherit = "dist.alert.rule"

    @api.model
    def _get_figures(self):
        return {
            **super()._get_figures(),
            "order_held": (_("Order on hold"), _("hours"), False, ("company", "system")),
        }

    def _get_figure_order_held(self):
        """Hours since the oldest order came that is still on hold."""
        self.env["sale.order"].flush_model()
        self.env.cr.execute(
            """
            SELECT orders.company_id, channel.system_id, NULL AS flow_id,
                   extract(epoch FROM now() AT TIME ZONE 'UTC' - min(orders.create_date))::float / 3600 AS hours
            FROM sale_order orders JOIN dist_sales_channel channel ON channel.id = orders.dist_channel_id
            WHERE orders.dist_state = 'held' AND orders.state IN ('draft', 'sent')
              AND orders.company_id = ANY(%s)
            GROUP BY 1, 2
            """,
            (self._get_companies().ids,),
        )
        worst = {}
        for key, row in self._get_wanted(self.env.cr.dictfetchall()):
            worst[key] = max(worst.get(key, 0), row["hours"])
        return worst

    @api.model
    def _get_cause_action(self, alert):
        if alert.rule_id.figure != "order_held":
            return super()._get_cause_action(alert)
        domain = [
            ("company_id", "=", alert.company_id.id),
            ("dist_state", "=", "held"),
            ("state", "in", ("draft", "sent")),
        ]
        if alert.system_id:
            domain.append(("dist_channel_id.system_id", "=", alert.system_id.id))
        return {
            "type": "ir.actions.act_window",
            "name": alert.name,
            "res_model": "sale.order",
            "views": [(False, "tree"), (False, "form")],
            "domain": domain,
        }
