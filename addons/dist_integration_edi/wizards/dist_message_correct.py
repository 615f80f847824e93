from odoo import models


class DistMessageCorrect(models.TransientModel):
    _inherit = "dist.message.correct"

    def _get_document(self):
        """:return: text of the interchanges, where the message is a file of them"""
        self.ensure_one()
        message = self.message_id
        return (
            self.content if message._is_edi_file() and message.direction == "in" else super()._get_document()
        )
