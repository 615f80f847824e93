import fnmatch

from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError


class DistEdiMailbox(models.Model):
    """An address to which a partner sends interchanges as attachments."""

    _name = "dist.edi.mailbox"
    _description = "EDI mailbox"
    _inherit = ["mail.alias.mixin", "dist.company.mixin", "dist.system.mixin", "dist.guarded.mixin"]
    _order = "name"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    system_id = fields.Many2one("dist.system", required=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    client_id = fields.Many2one(
        "dist.api.client",
        string="In the name of",
        check_company=True,
        required=True,
        domain="[('system_id', '=', system_id)]",
        help="What comes is handled with the service user and the limits of this API client.",
    )
    senders = fields.Text(
        required=True,
        help="Addresses that may send, one a line; @partner.example for all of a domain. The address of a sender is "
        "easily forged: have the mail server refuse mails that fail SPF, DKIM or DMARC.",
    )
    file_pattern = fields.Char(
        string="Files",
        required=True,
        default="*.edi, *.x12, *.edifact, *.txt, *.dat",
        help="Names of attachments that are taken; * stands for anything. Others, such as logos, are left.",
    )

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("dist.edi.mail")
        if self.id:
            values["alias_defaults"] = {"mailbox_id": self.id}
        return values

    @api.constrains("senders")
    def _check_senders(self):
        for mailbox in self:
            for entry in mailbox._get_senders():
                address = f"x{entry}" if entry.startswith("@") else entry
                if tools.email_normalize(address) != address:
                    raise ValidationError(
                        _("%s is neither an address nor a domain such as @partner.example.", entry)
                    )

    def _get_senders(self):
        return [line.strip().lower() for line in (self.senders or "").splitlines() if line.strip()]

    def _is_agreed(self, sender):
        """Whether an address may send."""
        sender = (sender or "").lower()
        return any(
            sender.endswith(one) if one.startswith("@") else sender == one for one in self._get_senders()
        )

    def _wants(self, name):
        """Whether an attachment of this name is taken."""
        patterns = [pattern.strip().lower() for pattern in self.file_pattern.split(",")]
        return any(fnmatch.fnmatchcase((name or "").lower(), pattern) for pattern in patterns)

    def _find_flow(self):
        message_type = self.env["dist.message.type"]._get_by_code("edi.interchange")
        return self.env["dist.flow"]._find_inbound(self.system_id, message_type)
