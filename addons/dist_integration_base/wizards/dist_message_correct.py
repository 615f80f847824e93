import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..lib import strict_json
from ..lib.errors import IntegrationError


class DistMessageCorrect(models.TransientModel):
    """Correct the content of a message and submit it; the original stays as it was."""

    _name = "dist.message.correct"
    _description = "Correct and resubmit"

    message_id = fields.Many2one("dist.message", required=True, readonly=True)
    error = fields.Char(related="message_id.error")
    problem = fields.Text(compute="_compute_problem", string="What is wrong")
    content = fields.Text(required=True)

    @api.depends("message_id")
    def _compute_problem(self):
        for wizard in self:
            answer = json.loads(wizard.message_id.sudo().answer or "{}")
            errors = answer.get("errors") or answer.get("reasons") or []
            lines = [f"{item.get('pointer') or '/'}: {item.get('detail')}" for item in errors]
            wizard.problem = "\n".join(lines) or wizard.error

    @api.model
    def _open(self, message):
        message._check_may_act()
        if message.state not in ("error", "dead"):
            raise UserError(_("Only a message that failed is corrected."))
        text = message.sudo()._get_body_text()
        try:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            pass  # shown as it came: the person makes it JSON
        wizard = self.create({"message_id": message.id, "content": text})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Correct and resubmit"),
        }

    def action_resubmit(self):
        """Submit the corrected content as a new message.

        :raises UserError: it is not JSON
        """
        self.ensure_one()
        self.message_id._check_may_act()
        try:
            document = strict_json.loads(self.content.encode())
        except IntegrationError as error:
            raise UserError(_("This is not JSON: %s", error.detail)) from error
        correction_id = self.message_id._resubmit(strict_json.dumps(document).decode())
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.message",
            "res_id": correction_id,
            "views": [(False, "form")],
            "name": _("Corrected message"),
        }
