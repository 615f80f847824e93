import hashlib

from odoo import _, api, models
from odoo.osv import expression


class DistEdiMail(models.Model):
    """What came with a mail is a copy of what its messages brought, and goes with it when a person is erased (G6)."""

    _inherit = "dist.edi.mail"

    @api.model
    def _find_of_messages(self, messages):
        """:return: dist.edi.mail as superuser, those whose files became these messages"""
        # a message's key may have been erased, the hash of its file is kept
        domains = [
            [
                ("mailbox_id.client_id", "=", message.client_id.id),
                ("taken_keys", "like", message.request_hash[:32]),
            ]
            for message in messages.sudo()
            if message.client_id and message.request_hash
        ]
        mails = self.sudo()
        return mails.search(expression.OR(domains)) if domains else mails

    @api.model
    def _find_of_legal_hold(self):
        """:return: dist.edi.mail as superuser, those of mailboxes whose flow is on legal hold"""
        boxes = self.env["dist.edi.mailbox"].sudo().with_context(active_test=False).search([])
        held = boxes.filtered(lambda box: box._find_flow().legal_hold)
        return self.sudo().search([("mailbox_id", "in", held.ids)])

    def _find_files_of(self, message):
        """:return: ir.attachment as superuser, what came with these mails and became the message"""
        files = self.env["ir.attachment"].union(*(mail._find_files() for mail in self))
        return files.filtered(
            lambda file: hashlib.sha256(file.raw or b"").hexdigest() == message.request_hash
        )

    def _note_removed(self, file):
        self.ensure_one()
        self._message_log(
            body=_(
                "A file was removed: %(bytes)s bytes, SHA-1 %(sha1)s.",
                bytes=file.file_size,
                sha1=file.checksum,
            )
        )


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _get_kept(self, model_name, left):
        kept = super()._get_kept(model_name, left)
        if model_name != "dist.edi.mail":
            return kept
        mails = self.env["dist.edi.mail"]
        return kept.union(mails._find_of_messages(left).ids, mails._find_of_legal_hold().ids)

    @api.model
    def _erase_of_message(self, message, values, paths):
        mails = self.env["dist.edi.mail"]._find_of_messages(message)
        self._remove_files(mails._find_files_of(message.sudo()))
        return super()._erase_of_message(message, values, paths)

    @api.model
    def _remove_files(self, files):
        for file in files.filtered(lambda file: file.res_model == "dist.edi.mail"):
            self.env["dist.edi.mail"].sudo().browse(file.res_id)._note_removed(file)
        return super()._remove_files(files)
