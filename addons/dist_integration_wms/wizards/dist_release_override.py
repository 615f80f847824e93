from odoo import fields, models


class DistReleaseOverride(models.TransientModel):
    """Acts against what was agreed with a warehouse; the reason goes to the audit trail."""

    _name = "dist.release.override"
    _description = "Override what was agreed with a warehouse"
    _inherit = ["dist.wizard.mixin"]

    picking_ids = fields.Many2many("stock.picking", string="Transfers", required=True)
    action = fields.Selection(
        [
            ("unlock", "Unlock, to change it by hand"),
            ("cancel", "Cancel at once; the warehouse is told, not asked"),
            ("release", "Hand over although it is held back"),
        ],
        string="What to do",
        required=True,
        default="unlock",
    )
    reason = fields.Char(required=True)

    def action_override(self):
        self.ensure_one()
        pickings = self._get_chosen("picking_ids")
        if self.action == "unlock":
            pickings._dist_unlock(self.reason)
        elif self.action == "cancel":
            pickings._dist_override_cancel(self.reason)
        else:
            pickings._dist_override_release(self.reason)
        return {"type": "ir.actions.act_window_close"}
