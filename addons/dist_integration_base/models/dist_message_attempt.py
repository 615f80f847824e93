from odoo import fields, models


class DistMessageAttempt(models.Model):
    """One try to process or deliver a message."""

    _name = "dist.message.attempt"
    _description = "Attempt"
    _order = "id desc"
    _log_access = False

    message_id = fields.Many2one("dist.message", required=True, ondelete="cascade", index=True)
    number = fields.Integer(required=True)
    started_at = fields.Datetime(required=True)
    duration_ms = fields.Integer(string="Duration (ms)")
    outcome = fields.Selection(
        [
            ("success", "Success"),
            ("retryable", "Failed, retried"),
            ("throttled", "Asked to slow down"),
            ("rejected", "Refused"),
            ("gone", "Gone"),
            ("waiting", "Waits for a person"),
        ],
        required=True,
    )
    status_code = fields.Integer(string="Status")
    error_code = fields.Char()
    detail = fields.Char()
    response_excerpt = fields.Text(groups=fields.NO_ACCESS)
    response_view = fields.Text(
        compute="_compute_response_view",
        string="Answer",
        groups="dist_integration_base.group_dist_operator,dist_integration_base.group_dist_auditor",
    )

    def _compute_response_view(self):
        for attempt in self:
            attempt.response_view = attempt.message_id._redact(attempt.sudo().response_excerpt)

    def action_open_message(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.message",
            "res_id": self.message_id.id,
            "views": [(False, "form")],
        }
