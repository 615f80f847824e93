from odoo import api, models

# messages that exist for trading partners alone
EDI_TYPES = (
    "edi.acknowledgement",
    "inventory.report",
    "invoice.document",
    "purchase.acknowledgement",
    "purchase.change",
    "purchase.order",
    "receiving.advice",
    "ship.notice",
)


class DistEvent(models.Model):
    _inherit = "dist.event"

    @api.model
    def _is_subscribed(self, flow_id, row):
        return super()._is_subscribed(flow_id, row) and self._is_for_trading_partner(flow_id, row)

    @api.model
    def _is_for_trading_partner(self, flow_id, row):
        """Whether a document of EDI is for a trading partner of the flow's system; others are not asked."""
        code = self.env["dist.message.type"]._get_code_cached(row["message_type_id"])
        if code not in EDI_TYPES:
            return True
        settings = self.env["dist.flow"]._get_delivery_settings(flow_id)
        record = self.env[row["res_model"]].browse(row["res_id"])
        receiver = record._dist_get_edi_receiver(code)
        return receiver.system_id.id == settings["system_id"]
