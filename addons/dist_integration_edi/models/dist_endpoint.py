from urllib.parse import urlsplit

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.dist_integration_base.lib.transport import split_url
from odoo.addons.dist_integration_base.lib.transports import base
from odoo.addons.dist_integration_base.lib.transports.files import check_template
from odoo.addons.dist_integration_base.models.dist_endpoint_transport import TEMPLATE_NAMES

from ..transports.as2 import As2Settings
from ..transports.mail import MailSettings, check_address

DOCUMENT_NAMES = {**TEMPLATE_NAMES, "control": "x"}


class DistEndpoint(models.Model):
    _inherit = "dist.endpoint"

    content = fields.Selection(selection_add=[("edi", "EDI interchange")], ondelete={"edi": "set default"})
    transport = fields.Selection(
        selection_add=[("as2", "AS2"), ("mail", "Mail")], ondelete={"as2": "cascade", "mail": "cascade"}
    )
    as2_partner_id = fields.Many2one(
        "dist.as2.partner",
        string="AS2 partner",
        check_company=True,
        domain="[('system_id', '=', system_id)]",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="Names, certificates, protection and receipts.",
    )

    mail_server_id = fields.Many2one(
        "ir.mail_server",
        string="Mail server",
        ondelete="restrict",
        groups="base.group_system",
        # whoever may not read it copies the rest
        copy=False,
        help="Empty: the one that Odoo chooses.",
    )
    mail_from = fields.Char(string="Sender", help="Empty: the mail address of the company.", tracking=True)
    mail_subject = fields.Char(
        string="Subject", default="{type} {key}", help="May hold what the file name may hold."
    )

    @api.model
    def _get_address_checks(self):
        return {**super()._get_address_checks(), "as2": split_url, "mail": check_address}

    @api.constrains("transport", "purpose", "mail_from", "mail_subject", "file_name")
    def _check_mail(self):
        for endpoint in self.filtered(lambda endpoint: endpoint.transport == "mail"):
            if endpoint.purpose != "send":
                raise ValidationError(_("Mails are fetched by Odoo itself: make an EDI mailbox."))
            if endpoint.mail_from:
                endpoint._check_with(check_address, endpoint.mail_from)
            endpoint._check_with(check_template, endpoint.file_name or "")
            for template in (endpoint.file_name, endpoint.mail_subject):
                endpoint._check_with(lambda text: base.fill(text, DOCUMENT_NAMES), template or "")

    @api.constrains("transport", "purpose", "as2_partner_id", "file_name")
    def _check_as2(self):
        for endpoint in self.filtered(lambda endpoint: endpoint.transport == "as2"):
            if endpoint.purpose != "send":
                raise ValidationError(_("Nothing is fetched by AS2: the partner calls our address."))
            if not endpoint.as2_partner_id:
                raise ValidationError(_("Choose the AS2 partner that %s sends to.", endpoint.display_name))
            endpoint._check_with(lambda text: base.fill(text, DOCUMENT_NAMES), endpoint.file_name or "")

    def _prepare_as2_settings(self):
        return As2Settings(
            http=self._prepare_http_settings(),
            file_name=self.file_name or "",
            **self.as2_partner_id._prepare_as2_settings(),
        )

    def _prepare_mail_settings(self):
        sender = self.mail_from or self.company_id.email
        if not sender:
            raise UserError(_("Endpoint %s has no sender, and its company no mail address.", self.name))
        host = urlsplit(self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")).hostname
        return MailSettings(
            registry=self.env.registry,
            server_id=self.mail_server_id.id,
            sender=sender,
            recipient=self.url,
            subject=self.mail_subject or "",
            file_name=self.file_name or "",
            host=host or "odoo",
        )
