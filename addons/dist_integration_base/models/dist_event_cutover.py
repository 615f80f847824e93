from odoo import api, models


class DistEvent(models.Model):
    """Outbound messages of flows that are not live yet."""

    _inherit = "dist.event"

    @api.model
    def _is_subscribed(self, flow_id, row):
        return self._is_handled_here(flow_id, row) and super()._is_subscribed(flow_id, row)

    @api.model
    def _is_handled_here(self, flow_id, row):
        """In coexistence each document leaves by one interface."""
        flows = self.env["dist.flow"]
        if flows._get_delivery_settings(flow_id)["stage"] != "coexist":
            return True
        flow = flows.sudo().browse(flow_id)
        if not flow._handles_key(row["business_key"]):
            return False
        return flow._handles_record(self.env[row["res_model"]].browse(row["res_id"]))

    @api.model
    def _prepare_message_row(self, flow_id, row):
        stage = self.env["dist.flow"]._get_delivery_settings(flow_id)["stage"]
        return {**super()._prepare_message_row(flow_id, row), "stage": stage, "done_at": None}

    @api.model
    def _prepare_routing(self, error, message):
        """In the shadow a message is built and kept, but does not leave."""
        routing = super()._prepare_routing(error, message)
        if error or message["stage"] != "shadow":
            return routing
        return {**routing, "state": "done", "done_at": message["create_date"]}
