from odoo import api, fields, models

from ..models.dist_edi_document import _decode


class DistEdiMailReveal(models.TransientModel):
    """What is attached to a mail in clear."""

    _name = "dist.edi.mail.reveal"
    _description = "Attached files in clear"
    _inherit = ["dist.reveal.mixin"]
    _revealed = "mail_id"

    mail_id = fields.Many2one("dist.edi.mail", required=True, readonly=True)
    content = fields.Text(compute="_compute_content")

    @api.depends("mail_id")
    @api.depends_context("uid")
    def _compute_content(self):
        self._check_given()
        for wizard in self:
            mail = wizard._get_revealed()
            files = mail._find_files() if mail else []
            wizard.content = "\n\n".join(f"{one.name}\n{_decode(one.raw or b'')[0]}" for one in files)
