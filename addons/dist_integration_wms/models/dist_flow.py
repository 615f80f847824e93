from odoo import api, models


class DistFlow(models.Model):
    _inherit = "dist.flow"

    @api.model
    def _dist_has_subscription(self, code, company, system):
        """:return: True when messages of a type reach a system"""
        return any(
            self._get_delivery_settings(flow_id)["system_id"] == system.id
            for flow_id in self._get_subscriptions(code, company.id)
        )
