from odoo import _, api, fields, models
from odoo.exceptions import UserError


class DistEdiCorrect(models.TransientModel):
    """Correct the text of a refused document and take it again; the original stays as it was."""

    _name = "dist.edi.correct"
    _description = "Correct and resubmit a document"
    _inherit = ["dist.wizard.mixin"]

    document_id = fields.Many2one("dist.edi.document", required=True, readonly=True)
    problem = fields.Text(compute="_compute_problem", string="What is wrong")
    content = fields.Text(required=True)

    @api.depends("document_id")
    def _compute_problem(self):
        self._check_given()
        for wizard in self:
            issues = wizard.document_id._get_issues()
            lines = [issue["detail"] for issue in issues if issue.get("severity", "error") == "error"]
            wizard.problem = wizard.document_id._redact("\n".join(lines)) or wizard.document_id.problem

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards.document_id.interchange_id.message_id._check_may_act()
        return wizards

    @api.model
    def _open(self, document):
        document.interchange_id.message_id._check_may_act()
        if document.direction != "in" or document.state != "refused":
            raise UserError(_("Only a document that was refused is corrected."))
        self._check_clear(document)
        wizard = self.create({"document_id": document.id, "content": document.sudo()._get_raw_text()})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Correct and resubmit"),
        }

    @api.model
    def _check_clear(self, document):
        """The text is not masked: who corrects it has to be allowed to see it, and that they did is kept.

        :raises UserError: the user may not see content in clear
        """
        message = document.interchange_id.message_id
        if not document.sudo()._is_hidden():
            return
        if not message.may_reveal:
            raise UserError(
                _(
                    "This document holds what is not for everybody: who may see content in clear has to correct it."
                )
            )
        message._reveal(_("To correct it"))

    def action_resubmit(self):
        """Take the corrected text; shows what became of it."""
        self.ensure_one()
        self._check_given()
        correction = self.document_id._resubmit(self.content)
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.edi.document",
            "res_id": correction.id,
            "views": [(False, "form")],
            "name": _("Corrected document"),
        }
