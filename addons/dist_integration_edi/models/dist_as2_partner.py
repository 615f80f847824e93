from urllib.parse import urlsplit

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.lib.network import parse_networks
from odoo.addons.dist_integration_base.lib.tls import split_pair

from ..lib.as2 import cms
from ..lib.as2.message import Protection, is_name
from ..lib.as2.receiving import Terms

PATH = "/dist/as2"
DIGESTS = [("none", "Not signed"), ("sha1", "SHA-1"), ("sha256", "SHA-256"), ("sha512", "SHA-512")]
CIPHERS = [
    ("none", "Not encrypted"),
    ("3des", "3DES"),
    ("aes128", "AES-128"),
    ("aes192", "AES-192"),
    ("aes256", "AES-256"),
]


class DistAs2Partner(models.Model):
    """What was agreed with a partner on AS2: names, certificates, protection and receipts, both ways."""

    _name = "dist.as2.partner"
    _description = "AS2 partner"
    _inherit = ["dist.company.mixin", "dist.system.mixin", "mail.thread", "dist.guarded.mixin"]
    _order = "name"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    system_id = fields.Many2one("dist.system", required=True, ondelete="restrict", index=True, tracking=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    client_id = fields.Many2one(
        "dist.api.client",
        string="In the name of",
        check_company=True,
        required=True,
        domain="[('system_id', '=', system_id)]",
        help="What the partner sends is handled with the service user and the limits of this API client.",
    )
    own_name = fields.Char(string="Our AS2 name", required=True, tracking=True)
    partner_name = fields.Char(string="AS2 name", required=True, tracking=True, help="The partner's.")
    digest = fields.Selection(DIGESTS, string="Signature", required=True, default="sha256", tracking=True)
    cipher = fields.Selection(CIPHERS, string="Encryption", required=True, default="aes256", tracking=True)
    compressed = fields.Boolean(tracking=True)
    receipt = fields.Selection(
        [("none", "None"), ("sync", "In the answer"), ("async", "By a call of the partner")],
        required=True,
        default="sync",
        tracking=True,
    )
    receipt_signed = fields.Boolean(string="Signed receipts", default=True, tracking=True)
    receipt_hours = fields.Integer(
        string="Receipt within (hours)",
        default=4,
        help="Time in which a receipt comes that is not part of the answer.",
    )
    must_be_signed = fields.Boolean(
        string="Only signed messages",
        default=True,
        tracking=True,
        help="The signature says who sends. Without it, whoever knows the names may send.",
    )
    must_be_encrypted = fields.Boolean(string="Only encrypted messages", default=True, tracking=True)
    max_megabytes = fields.Integer(string="Largest size (MB)", required=True, default=10)
    allowed_networks = fields.Text(
        string="Networks for receipts",
        help="Private address ranges that receipts may be sent to, where the partner asks for that. Private, local and "
        "metadata addresses outside them are refused.",
        tracking=True,
    )
    certificate_ids = fields.One2many("dist.as2.certificate", "as2_partner_id", string="Certificates")
    endpoint_ids = fields.One2many("dist.endpoint", "as2_partner_id", string="Endpoints")
    exchange_count = fields.Integer(compute="_compute_exchange_count")
    address = fields.Char(
        compute="_compute_address", string="Our address", help="Where the partner sends to."
    )
    missing = fields.Char(compute="_compute_missing", string="Still missing")

    _sql_constraints = [
        ("hours_positive", "CHECK(receipt_hours > 0)", "A receipt has an hour at least."),
        (
            "max_megabytes_positive",
            "CHECK(max_megabytes BETWEEN 1 AND 50)",
            "The largest size is between 1 and 50 MB.",
        ),
    ]

    def init(self):
        # the names alone say whose a message is
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_as2_partner_names_uniq ON dist_as2_partner "
            "(own_name, partner_name) WHERE active"
        )

    @api.constrains("own_name", "partner_name")
    def _check_names(self):
        for partner in self:
            for name in (partner.own_name, partner.partner_name):
                if not is_name(name):
                    raise ValidationError(
                        _(
                            "An AS2 name has 1 to 128 printable characters of ASCII, none of them a blank at an end."
                        )
                    )

    @api.constrains("allowed_networks")
    def _check_allowed_networks(self):
        for partner in self:
            try:
                parse_networks(partner.allowed_networks or "")
            except IntegrationError as error:
                raise ValidationError(str(error)) from error

    def _compute_exchange_count(self):
        groups = self.env["dist.as2.exchange"]._read_group(
            [("as2_partner_id", "in", self.ids)], ["as2_partner_id"], ["__count"]
        )
        counts = {partner.id: count for partner, count in groups}
        for partner in self:
            partner.exchange_count = counts.get(partner.id, 0)

    def _compute_address(self):
        root = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "").rstrip("/")
        self.address = root + PATH

    @api.depends(
        "certificate_ids", "digest", "cipher", "must_be_signed", "must_be_encrypted", "receipt_signed"
    )
    def _compute_missing(self):
        for partner in self:
            partner.missing = ", ".join(partner._get_missing()) or False

    def _get_missing(self):
        """:return: list of what keeps messages from moving, in words"""
        self.ensure_one()
        missing = []
        ours = self.digest != "none" or self.must_be_encrypted
        theirs = (
            self.cipher != "none" or self.must_be_signed or (self.receipt != "none" and self.receipt_signed)
        )
        if ours and not self._get_certificates("own"):
            missing.append(_("a valid certificate of ours"))
        if theirs and not self._get_certificates("partner"):
            missing.append(_("a valid certificate of the partner"))
        if not self._find_flow():
            missing.append(_("an active flow for what comes in"))
        return missing

    def _find_flow(self):
        message_type = self.env["dist.message.type"]._get_by_code("edi.interchange")
        return self.env["dist.flow"]._find_inbound(self.system_id, message_type)

    # certificates

    def _get_certificates(self, owner):
        """:return: dist.as2.certificate that are valid now, the one in use first, then those kept for the change"""
        self.ensure_one()
        now = fields.Datetime.now()
        valid = self.sudo().certificate_ids.filtered(
            lambda one: one.owner == owner and one.valid_from and one.valid_from <= now < one.valid_to
        )
        return valid.sorted(lambda one: (one.use_from <= now, one.use_from, one.id), reverse=True)

    def _get_pairs(self):
        """:return: list of lib.as2.cms.KeyPair of ours, the one that signs first"""
        pairs = []
        for certificate in self._get_certificates("own"):
            for secret in certificate.credential_id._get_secrets():
                certificate_pem, key_pem = split_pair(secret)
                pairs.append(cms.KeyPair(cms.Certificate(certificate_pem), key_pem))
        return pairs

    def _get_partner_certificates(self):
        """:return: list of lib.as2.cms.Certificate of the partner, the one to encrypt for first"""
        return [cms.Certificate(one.pem) for one in self._get_certificates("partner")]

    # what was agreed

    def _get_protection(self):
        self.ensure_one()
        return Protection(
            digest="" if self.digest == "none" else self.digest,
            cipher="" if self.cipher == "none" else self.cipher,
            compressed=self.compressed,
        )

    def _get_terms(self):
        """:return: lib.as2.receiving.Terms of what comes from this partner"""
        self.ensure_one()
        return Terms(
            pairs=self._get_pairs(),
            certificates=self._get_partner_certificates(),
            must_be_signed=self.must_be_signed,
            must_be_encrypted=self.must_be_encrypted,
            limit=self._get_max_bytes(),
        )

    def _get_max_bytes(self):
        return self.max_megabytes * 1_000_000

    def _prepare_as2_settings(self):
        """:return: dict of what transports.as2.As2Settings holds of this partner
        :raises UserError: a certificate is missing
        """
        self.ensure_one()
        pairs, certificates = self._get_pairs(), self._get_partner_certificates()
        if self.digest != "none" and not pairs:
            raise UserError(
                _("AS2 partner %s: there is no valid certificate of ours to sign with.", self.name)
            )
        if self.cipher != "none" and not certificates:
            raise UserError(_("AS2 partner %s: there is no valid certificate to encrypt for.", self.name))
        return {
            "own_name": self.own_name,
            "partner_name": self.partner_name,
            "protection": self._get_protection(),
            "pair": pairs[0] if self.digest != "none" else None,
            "certificates": tuple(certificates),
            "receipt": self.receipt,
            "receipt_signed": self.receipt_signed,
            "receipt_url": self.address,
        }

    def _get_hosts(self):
        """:return: set of the hosts of the partner's own addresses"""
        return {urlsplit(url).hostname for url in self.sudo().endpoint_ids.mapped("url") if url}

    @api.model
    def _find(self, sender, receiver):
        """:return: dist.as2.partner of the two names of a message"""
        return self.sudo().search([("partner_name", "=", sender), ("own_name", "=", receiver)], limit=1)

    # what cannot be taken

    def _open_exception(self, code, summary, detail, suggestion, fingerprint):
        """Tell a person, in a transaction of its own: the call that showed it is refused."""
        spec = ExceptionSpec(
            category="delivery",
            code=code,
            summary=summary,
            detail=detail,
            record=self,
            severity="high",
            suggestion=suggestion,
            fingerprint=fingerprint,
        )
        company_id, system_id = self.company_id.id, self.system_id.id

        def tell(env):
            env["dist.exception"]._open_without_message(
                spec, env["res.company"].browse(company_id), env["dist.system"].browse(system_id)
            )

        self.env["dist.message"]._in_serial_transaction(f"dist.as2.exception/{fingerprint}", tell)

    def _open_too_large(self, detail):
        self._open_exception(
            "as2_too_large",
            _("%s sent a message that is too large", self.name),
            detail,
            _("Agree on smaller messages, or raise the largest size; the partner sends again."),
            f"as2_size/{self.id}",
        )

    def _open_unusable(self, detail):
        self._open_exception(
            "as2_unusable",
            _("Messages of %s cannot be taken: a secret cannot be used", self.name),
            detail,
            _("Correct the credential of our certificate; the partner sends again."),
            f"as2_unusable/{self.id}",
        )

    def _open_unknown_sender(self, name):
        self._open_exception(
            "as2_unknown_sender",
            _("An AS2 sender is not known: %s", name[:128]),
            _(
                "%(sender)s sent to our AS2 name %(name)s. Nothing was taken.",
                sender=name[:128],
                name=self.own_name,
            ),
            _("Add the AS2 partner, who sends again; or mark this as handled."),
            f"as2_unknown/{self.own_name}",
        )

    def action_view_exchanges(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_edi.action_dist_as2_exchange"
        )
        return {**action, "domain": [("as2_partner_id", "in", self.ids)], "context": {}}
