from odoo import models

# codes of calls by HTTP that failed before anything was sent
NOT_SENT = ("connect", "dns")


class DistMessageAttempt(models.Model):
    _inherit = "dist.message.attempt"

    def _dist_may_have_arrived(self):
        """:return: True when the partner may have taken what was sent, whatever it answered"""
        self.ensure_one()
        if self.outcome not in ("retryable", "throttled"):
            return self.outcome == "success"
        if self.status_code:
            return not 400 <= self.status_code < 500
        # other transports use these codes for a connection that was cut later as well
        return self.error_code not in NOT_SENT or self.message_id.endpoint_id.transport != "http"
