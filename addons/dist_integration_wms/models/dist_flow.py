from odoo import api, models

from .stock_picking import REQUESTED


class DistFlow(models.Model):
    _inherit = "dist.flow"

    @api.model
    def _dist_has_subscription(self, code, company, system):
        """:return: True when messages of a type reach a system"""
        return any(
            self._get_delivery_settings(flow_id)["system_id"] == system.id
            for flow_id in self._get_subscriptions(code, company.id)
        )

    def _finish_transition(self, before):
        result = super()._finish_transition(before)
        self._dist_release_waiting()
        return result

    def _dist_release_waiting(self):
        """Have handed over what was ready before these flows told warehouses of it."""
        telling = self.filtered(
            lambda flow: flow.state in ("active", "deprecated") and flow.message_type_id.code in REQUESTED
        )
        types = self.env["stock.picking.type"].sudo()
        types.search([("dist_system_id", "in", telling.system_id.ids)]).warehouse_id._dist_release_waiting()
