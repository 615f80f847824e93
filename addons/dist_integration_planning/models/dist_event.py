from odoo import api, models

FEEDBACK = ("dist.planning.export", "dist.planning.export.file", "dist.planning.proposal")


class DistEvent(models.Model):
    _inherit = "dist.event"

    @api.model
    def _is_subscribed(self, flow_id, row):
        return self._dist_is_planner(flow_id, row) and super()._is_subscribed(flow_id, row)

    @api.model
    def _dist_is_planner(self, flow_id, row):
        """A planning platform hears of its own exports and proposals alone; of those of the built-in one, all do."""
        if row["res_model"] not in FEEDBACK:
            return True
        record = self.env[row["res_model"]].browse(row["res_id"])
        system = record.source_id.system_id
        settings = self.env["dist.flow"]._get_delivery_settings(flow_id)
        return not system or settings["system_id"] == system.id
