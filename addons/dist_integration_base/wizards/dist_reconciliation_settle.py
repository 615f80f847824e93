from odoo import _, api, fields, models
from odoo.exceptions import UserError


class DistReconciliationSettle(models.TransientModel):
    """Asks why both sides differ, or why a variance is not taken over."""

    _name = "dist.reconciliation.settle"
    _description = "Settle variances"
    _inherit = ["dist.wizard.mixin"]

    line_ids = fields.Many2many("dist.reconciliation.line", string="Variances")
    kind = fields.Selection([("explain", "Explain"), ("reject", "Reject")], required=True, default="explain")
    reason_id = fields.Many2one("dist.reconciliation.reason", required=True)
    explanation = fields.Char()
    line_count = fields.Integer(compute="_compute_totals", string="Number of variances")
    value = fields.Monetary(compute="_compute_totals", string="Value at risk")
    currency_id = fields.Many2one("res.currency", compute="_compute_totals")

    @api.depends("line_ids")
    def _compute_totals(self):
        for wizard in self:
            wizard.line_count = len(wizard.line_ids)
            wizard.value = sum(wizard.line_ids.mapped("value_at_risk"))
            wizard.currency_id = wizard.line_ids[:1].currency_id

    def action_settle(self):
        self.ensure_one()
        lines = self._get_chosen("line_ids")
        settle = lines._reject if self.kind == "reject" else lines._explain
        settle(self.reason_id, self.explanation)
        return {"type": "ir.actions.act_window_close"}

    def action_explain_and_approve(self):
        """Explain, and approve what needs no second person."""
        self.ensure_one()
        lines = self._get_chosen("line_ids")
        lines._explain(self.reason_id, self.explanation)
        allowed = lines.filtered("can_approve")
        if not allowed:
            raise UserError(_("All of them are to be approved by somebody else: use Explain."))
        allowed.action_approve()
        return {"type": "ir.actions.act_window_close"}
