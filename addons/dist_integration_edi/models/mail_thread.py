from odoo import models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _message_parse_extract_payload(self, message, message_dict, save_original=False):
        _keep_bytes(message)
        return super()._message_parse_extract_payload(message, message_dict, save_original=save_original)


def _keep_bytes(message):
    """Have attachments read as bytes that are texts only by their name: read as texts they would not be what came.

    :param message: email.message.EmailMessage, is changed
    """
    for part in message.walk():
        if (
            part.get_content_maintype() == "text"
            and (part.get_filename() or part.is_attachment())
            and not _is_text(part)
        ):
            part.set_type("application/octet-stream")


def _is_text(part):
    """Whether an attachment is the same after it was read by the charset that it names, US-ASCII if none (RFC 2046)."""
    raw, charset = part.get_payload(decode=True), part.get_content_charset("ascii")
    try:
        return raw.decode(charset).encode(charset) == raw
    except (LookupError, ValueError):
        return False
