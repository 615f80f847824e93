import binascii

from cryptography.hazmat.primitives import hashes

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.dist_integration_base.lib.tls import split_pair

from ..lib.as2 import cms

WARN_DAYS = 14


class DistAs2Certificate(models.Model):
    """A certificate of ours or of a partner, with the time it is valid and the moment from which it is used.

    While certificates change there are two: what is signed by or encrypted for either is taken; which one signs and
    encrypts what we send is said by the moment. The private key of ours is kept by a credential, encrypted.
    """

    _name = "dist.as2.certificate"
    _description = "AS2 certificate"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "as2_partner_id, owner, use_from desc, id desc"
    _rec_name = "subject"

    as2_partner_id = fields.Many2one(
        "dist.as2.partner", string="AS2 partner", required=True, ondelete="cascade", index=True
    )
    system_id = fields.Many2one(related="as2_partner_id.system_id")
    company_id = fields.Many2one(related="as2_partner_id.company_id", store=True, index=True)
    owner = fields.Selection(
        [("partner", "The partner"), ("own", "Us")], string="Whose", required=True, default="partner"
    )
    credential_id = fields.Many2one(
        "dist.credential",
        string="Private key",
        ondelete="restrict",
        domain="[('system_id', '=', system_id), ('kind', '=', 'certificate')]",
        help="Credential that holds our certificate and its private key.",
    )
    pem = fields.Text(string="Certificate", help="PEM. Ours is read from the credential.")
    use_from = fields.Datetime(
        string="Used from",
        required=True,
        default=fields.Datetime.now,
        help="From this moment on it signs or encrypts what we send. What comes in is taken with it at once.",
    )
    subject = fields.Char(compute="_compute_content", store=True)
    issuer = fields.Char(compute="_compute_content", store=True)
    serial = fields.Char(string="Serial number", compute="_compute_content", store=True)
    fingerprint = fields.Char(string="SHA-256", compute="_compute_content", store=True)
    valid_from = fields.Datetime(compute="_compute_content", store=True)
    valid_to = fields.Datetime(compute="_compute_content", store=True, index=True)
    state = fields.Selection(
        [
            ("used", "In use"),
            ("next", "Next"),
            ("former", "Former"),
            ("early", "Not valid yet"),
            ("expired", "Expired"),
        ],
        compute="_compute_state",
    )
    expires_soon = fields.Boolean(compute="_compute_state")

    @api.model_create_multi
    def create(self, vals_list):
        certificates = super().create(vals_list)
        certificates._follow_credentials()
        return certificates

    def write(self, vals):
        result = super().write(vals)
        if "credential_id" in vals:
            self._follow_credentials()
        return result

    @api.constrains("owner", "credential_id", "pem", "as2_partner_id")
    def _check_content(self):
        for certificate in self:
            credential = certificate.credential_id.sudo()
            if (certificate.owner == "own") != bool(credential):
                raise ValidationError(
                    _(
                        "A certificate of ours has a credential with its private key, one of the partner has none."
                    )
                )
            if credential and credential.system_id != certificate.as2_partner_id.system_id:
                raise ValidationError(_("%s is of another system.", credential.display_name))
            if credential and credential.kind != "certificate":
                raise ValidationError(_("%s is no certificate with a private key.", credential.display_name))
            if credential and not credential._get_valid_versions():
                raise ValidationError(_("%s holds no valid certificate yet.", credential.display_name))
            if not credential:
                certificate._load_pem(certificate.pem)

    @api.model
    def _load_pem(self, pem):
        """:return: lib.as2.cms.Certificate
        :raises ValidationError: the text is none
        """
        certificate = cms.Certificate((pem or "").strip() + "\n")
        try:
            certificate.asn1.issuer.native  # noqa: B018
        except (ValueError, TypeError, binascii.Error) as error:
            raise ValidationError(
                _(
                    "Give a certificate of an RSA key in PEM: -----BEGIN CERTIFICATE-----, its lines, and its end."
                )
            ) from error
        return certificate

    def _follow_credentials(self):
        """Show what the credentials hold."""
        for certificate in self.sudo().filtered(lambda one: one.owner == "own" and one.credential_id):
            pem = split_pair(certificate.credential_id._get_secret())[0]
            if certificate.pem != pem:
                certificate.pem = pem

    @api.depends("pem")
    def _compute_content(self):
        for certificate in self:
            certificate.update(certificate._prepare_content())

    def _prepare_content(self):
        names = ("subject", "issuer", "serial", "fingerprint", "valid_from", "valid_to")
        if not self.pem:
            return dict.fromkeys(names, False)
        read = self._load_pem(self.pem)
        validity = read.asn1["tbs_certificate"]["validity"]
        return {
            "subject": read.asn1.subject.human_friendly,
            "issuer": read.asn1.issuer.human_friendly,
            "serial": f"{read.asn1.serial_number:X}",
            "fingerprint": read.x509.fingerprint(hashes.SHA256()).hex(":").upper(),
            "valid_from": validity["not_before"].native.replace(tzinfo=None, microsecond=0),
            "valid_to": validity["not_after"].native.replace(tzinfo=None, microsecond=0),
        }

    @api.depends("valid_from", "valid_to", "use_from", "as2_partner_id.certificate_ids.use_from")
    def _compute_state(self):
        now = fields.Datetime.now()
        for certificate in self:
            certificate.state = certificate._get_state(now)
            certificate.expires_soon = bool(
                certificate.valid_to and 0 <= (certificate.valid_to - now).days < WARN_DAYS
            )

    def _get_state(self, now):
        if not self.valid_to or self.valid_to <= now:
            return "expired"
        if self.valid_from > now:
            return "early"
        if self.use_from > now:
            return "next"
        used = self.as2_partner_id._get_certificates(self.owner)[:1]
        return "used" if used == self._origin else "former"

    def _get_audited_parent(self):
        return self.as2_partner_id

    # expiry

    @api.model
    def _warn_expiry(self, days):
        """Tell the owner of each connection whose certificate in use expires within the days, unless the next one is
        here. Ours are told of with their credentials.
        """
        now = fields.Datetime.now()
        for partner in self.env["dist.as2.partner"].sudo().search([]):
            certificates = partner._get_certificates("partner")
            ends = certificates and max(certificates.mapped("valid_to"))
            if ends and (ends - now).days < days:
                certificates[:1]._notify_owner(ends)

    def _notify_owner(self, ends):
        partner = self.as2_partner_id
        summary = _("AS2 certificate expires: %s", partner.name)
        if not partner.system_id.activity_ids.filtered(lambda activity: activity.summary == summary):
            partner.system_id.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=ends.date(),
                summary=summary,
                note=_("Ask the partner for the next certificate and add it: both work beside each other."),
                user_id=partner.system_id._get_contact(partner.create_uid).id,
            )
