from odoo import fields, models


class DistMessageCancel(models.TransientModel):
    """Asks why messages are cancelled; the reason stays with them and with the name of the user."""

    _name = "dist.message.cancel"
    _description = "Cancel messages"
    _inherit = ["dist.wizard.mixin"]

    message_ids = fields.Many2many("dist.message", string="Messages")
    reason = fields.Char(required=True)

    def action_cancel_messages(self):
        self.ensure_one()
        told = self._get_chosen("message_ids").action_cancel(self.reason)
        closing = {"type": "ir.actions.act_window_close"}
        if told is True:
            return closing
        return {**told, "params": {**told["params"], "next": closing}}
