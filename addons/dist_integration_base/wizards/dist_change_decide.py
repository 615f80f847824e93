from odoo import _, api, fields, models


class DistChangeDecide(models.TransientModel):
    """Asks for the reason of a decision about a change request."""

    _name = "dist.change.decide"
    _description = "Decide about a change"
    _inherit = ["dist.wizard.mixin"]

    request_id = fields.Many2one("dist.change.request", required=True, readonly=True)
    decision = fields.Selection(
        [("reject", "Reject"), ("bypass", "Apply without approval")], required=True, readonly=True
    )
    note = fields.Char(string="Reason", required=True)

    @api.model
    def _open(self, request, decision):
        request.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Reject") if decision == "reject" else _("Apply without approval"),
            "context": {"default_request_id": request.id, "default_decision": decision},
        }

    def action_decide(self):
        self.ensure_one()
        if self.decision == "reject":
            self.request_id._reject(self.note)
        else:
            self.request_id._bypass(self.note)
        return {"type": "ir.actions.act_window_close"}
