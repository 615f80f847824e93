import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..lib import strict_json
from ..lib.errors import IntegrationError
from ..lib.masking import restore, to_readable
from ..models.dist_message import pretty


class DistMessageCorrect(models.TransientModel):
    """Correct the content of a message and submit it; the original stays as it was."""

    _name = "dist.message.correct"
    _description = "Correct and resubmit"
    _inherit = ["dist.wizard.mixin"]

    message_id = fields.Many2one("dist.message", required=True, readonly=True)
    error = fields.Char(related="message_id.error")
    may_reveal = fields.Boolean(related="message_id.may_reveal")
    problem = fields.Text(compute="_compute_problem", string="What is wrong")
    content = fields.Text(required=True)

    @api.depends("message_id")
    def _compute_problem(self):
        self._check_given()
        self.problem = False
        for wizard in self.filtered("message_id"):
            answer = json.loads(wizard.message_id.sudo().answer or "{}")
            errors = answer.get("errors") or answer.get("reasons") or []
            lines = [f"{item.get('pointer') or '/'}: {item.get('detail')}" for item in errors]
            wizard.problem = wizard.message_id._redact("\n".join(lines)) or wizard.error

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards.message_id._check_may_act()
        return wizards

    @api.model
    def _open(self, message):
        message._check_may_act()
        if message.state not in ("error", "dead"):
            raise UserError(_("Only a message that failed is corrected."))
        wizard = self.create({"message_id": message.id, "content": self._get_content(message)})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Correct and resubmit"),
        }

    @api.model
    def _get_content(self, message):
        """:return: text to correct; what the user may not read is masked, and put back when submitted"""
        text = message.sudo()._get_body_text()
        paths = message._get_masked_paths()
        try:
            return to_readable(text, paths)
        except ValueError as error:
            if paths and message.may_reveal:
                message._reveal(_("To correct it"))
            elif paths:
                raise UserError(
                    _(
                        "This is not JSON and may hold what is not for everybody: somebody who may see content "
                        "in clear has to correct it."
                    )
                ) from error
            return text  # as it came: the person makes it JSON

    def _get_document(self):
        """:return: what the person wrote, with the masked values put back
        :raises UserError: it is not JSON, or cannot be told where a masked value belongs
        """
        self.ensure_one()
        try:
            document = strict_json.loads(self.content.encode())
        except IntegrationError as error:
            raise UserError(_("This is not JSON: %s", error.detail)) from error
        paths = self.message_id._get_masked_paths()
        if not paths:
            return document
        try:
            return restore(
                document, strict_json.loads(self.message_id.sudo()._get_body_text().encode()), paths
            )
        except IntegrationError as error:
            raise UserError(error.detail) from error

    def action_reveal(self):
        """Show the whole content in clear, to be corrected; who looked is kept."""
        self.ensure_one()
        self.message_id._check_may_act()
        self.message_id._reveal(_("To correct it"))
        self.content = pretty(self.message_id.sudo()._get_body_text(), [])
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Correct and resubmit"),
        }

    def action_resubmit(self):
        """Submit the corrected content as a new message; back to the list when it got through."""
        self.ensure_one()
        self.message_id._check_may_act()
        self.message_id._check_content_kept()
        document = self._get_document()
        correction_id = self.message_id._resubmit(strict_json.dumps(document).decode())
        if self._is_through(correction_id):
            action = self.env["dist.endpoint"]._get_notification(_("Corrected and submitted."), "success")
            action["params"]["next"] = {"type": "ir.actions.act_window_close"}
            return action
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.message",
            "res_id": correction_id,
            "views": [(False, "form")],
            "name": _("Corrected message"),
        }

    @api.model
    def _is_through(self, message_id):
        """Whether the correction needs nobody any more; looked up beyond this transaction's snapshot."""
        message = self.env["dist.message"]
        state = message._in_own_transaction(lambda env: env["dist.message"].browse(message_id).state)
        return state in ("done", "pending")
