from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.dist_integration_base.lib.transport import split_url

from ..transports.as2 import As2Settings


class DistEndpoint(models.Model):
    _inherit = "dist.endpoint"

    content = fields.Selection(selection_add=[("edi", "EDI interchange")], ondelete={"edi": "set default"})
    transport = fields.Selection(selection_add=[("as2", "AS2")], ondelete={"as2": "cascade"})
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

    @api.model
    def _get_address_checks(self):
        return {**super()._get_address_checks(), "as2": split_url}

    @api.constrains("transport", "purpose", "as2_partner_id")
    def _check_as2(self):
        for endpoint in self.filtered(lambda endpoint: endpoint.transport == "as2"):
            if endpoint.purpose != "send":
                raise ValidationError(_("Nothing is fetched by AS2: the partner calls our address."))
            if not endpoint.as2_partner_id:
                raise ValidationError(_("Choose the AS2 partner that %s sends to.", endpoint.display_name))

    def _prepare_as2_settings(self):
        return As2Settings(
            http=self._prepare_http_settings(),
            file_name=self.file_name or "",
            **self.as2_partner_id._prepare_as2_settings(),
        )
