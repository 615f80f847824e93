from odoo import api, models

# systems that act for some customers only: they hear of their own documents, all others of all
CHANNEL_KINDS = ("shop", "portal", "marketplace")


class DistEvent(models.Model):
    _inherit = "dist.event"

    @api.model
    def _is_subscribed(self, flow_id, row):
        return super()._is_subscribed(flow_id, row) and self._may_hear(flow_id, row)

    @api.model
    def _may_hear(self, flow_id, row):
        """Whether the system of a flow may hear of a document."""
        settings = self.env["dist.flow"]._get_delivery_settings(flow_id)
        record = self.env[row["res_model"]].browse(row["res_id"])
        if settings["system_kind"] not in CHANNEL_KINDS or not hasattr(record, "_dist_get_channel"):
            return True
        return record._dist_get_channel().system_id.id == settings["system_id"]
