from odoo import api, fields, models

from ..models.dist_message import pretty


class DistMessageReveal(models.TransientModel):
    """The content of one message in clear."""

    _name = "dist.message.reveal"
    _description = "Content in clear"
    _inherit = ["dist.reveal.mixin"]
    _revealed = "message_id"

    message_id = fields.Many2one("dist.message", required=True, readonly=True)
    content = fields.Text(compute="_compute_content")
    answer = fields.Text(compute="_compute_content")
    responses = fields.Text(compute="_compute_content", string="Answers of the partner")

    @api.depends("message_id")
    @api.depends_context("uid")
    def _compute_content(self):
        self._check_given()
        for wizard in self:
            message = wizard._get_revealed()
            wizard.content = pretty(message._get_body_text(), []) if message else False
            wizard.answer = pretty(message.answer, []) if message else False
            excerpts = message.attempt_ids.mapped("response_excerpt")
            wizard.responses = "\n\n".join(excerpt for excerpt in excerpts if excerpt)
