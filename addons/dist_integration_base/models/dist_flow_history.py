from odoo import api, fields, models


class DistFlowHistory(models.Model):
    """What became of a flow, when, by whom and why. Written by the flow alone, changed by nobody."""

    _name = "dist.flow.history"
    _description = "History of a flow"
    _order = "id desc"

    flow_id = fields.Many2one("dist.flow", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="flow_id.company_id", store=True)
    kind = fields.Selection([("state", "Lifecycle"), ("stage", "Cut-over")], required=True, readonly=True)
    from_value = fields.Char(readonly=True)
    to_value = fields.Char(readonly=True, required=True)
    from_label = fields.Char(compute="_compute_labels", string="From")
    to_label = fields.Char(compute="_compute_labels", string="To")
    user_id = fields.Many2one("res.users", required=True, readonly=True, string="By")
    changed_at = fields.Datetime(required=True, readonly=True, string="When")
    reason = fields.Char(readonly=True)

    @api.depends("kind", "from_value", "to_value")
    @api.depends_context("lang")
    def _compute_labels(self):
        labels = {
            kind: dict(self.env["dist.flow"]._fields[kind]._description_selection(self.env))
            for kind in ("state", "stage")
        }
        for entry in self:
            known = labels.get(entry.kind, {})
            entry.from_label = known.get(entry.from_value, entry.from_value)
            entry.to_label = known.get(entry.to_value, entry.to_value)

    @api.model
    def _add(self, flow, kind, before, after, reason=None):
        return self.sudo().create(
            {
                "flow_id": flow.id,
                "kind": kind,
                "from_value": before,
                "to_value": after,
                "user_id": self.env.uid,
                "changed_at": fields.Datetime.now(),
                "reason": reason,
            }
        )
