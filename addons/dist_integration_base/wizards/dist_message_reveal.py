from odoo import api, fields, models

from ..models.dist_message import pretty


class DistMessageReveal(models.TransientModel):
    """The content of one message in clear. Making it is looking at it, and is audited; it stays with its message."""

    _name = "dist.message.reveal"
    _description = "Content in clear"
    _inherit = ["dist.wizard.mixin"]

    message_id = fields.Many2one("dist.message", required=True, readonly=True)
    content = fields.Text(compute="_compute_content")
    answer = fields.Text(compute="_compute_content")
    responses = fields.Text(compute="_compute_content", string="Answers of the partner")

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards.message_id._reveal()
        return wizards

    @api.depends("message_id")
    def _compute_content(self):
        self._check_given()
        for wizard in self:
            # a form that is not saved shows nothing: only what was audited is seen
            message = wizard.message_id.sudo() if wizard.ids else wizard.message_id.browse()
            wizard.content = pretty(message._get_body_text(), []) if message else False
            wizard.answer = pretty(message.answer, []) if message else False
            excerpts = message.attempt_ids.mapped("response_excerpt")
            wizard.responses = "\n\n".join(excerpt for excerpt in excerpts if excerpt)
