import base64
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib import signature
from ..lib.errors import IntegrationError
from ..lib.tls import read_certificate
from ..lib.transports.sftp import load_private_key


class DistCredential(models.Model):
    """A secret used towards a system. Saved encrypted, never readable again on screen."""

    _name = "dist.credential"
    _description = "Credential"
    _inherit = [
        "dist.company.mixin",
        "dist.system.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "dist.guarded.mixin",
    ]
    _order = "system_id, name"
    _check_company_auto = True

    name = fields.Char(required=True)
    system_id = fields.Many2one("dist.system", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("signing_secret", "Signing secret (HMAC-SHA256)"),
            ("signing_key", "Signing key (Ed25519)"),
            ("password", "User and password"),
            ("token", "Token or API key"),
            ("oauth_client", "OAuth 2.0 client"),
            ("certificate", "Certificate and private key"),
            ("ssh_key", "User and SSH key"),
        ],
        required=True,
        default="signing_secret",
    )
    username = fields.Char()
    secret = fields.Char(
        compute="_compute_secret",
        inverse="_inverse_secret",
        help="Write a new value to replace the secret. The saved value is never shown.",
    )
    pem = fields.Text(
        string="Key text",
        compute="_compute_pem",
        inverse="_inverse_pem",
        help="PEM: for a certificate, it and its private key below each other. The saved value is never shown.",
    )
    version_ids = fields.One2many("dist.credential.version", "credential_id")
    fingerprint = fields.Char(
        compute="_compute_current", help="Tells two secrets apart without showing them."
    )
    expires_at = fields.Datetime(compute="_compute_current", string="Expires")
    public_key = fields.Char(
        compute="_compute_public_key", help="Give this to the partner to verify Ed25519 signatures."
    )
    overlap_hours = fields.Integer(
        default=24, help="How long the old secret still signs after a rotation, so that partners can follow."
    )

    _sql_constraints = [
        ("overlap_positive", "CHECK(overlap_hours >= 0)", "The overlap cannot be negative."),
    ]

    def _get_secret_fields(self):
        return ["secret", "pem"]

    def _compute_secret(self):
        self.secret = False

    def _inverse_secret(self):
        for credential in self.filtered("secret"):
            credential._add_version(credential.secret)
        self.invalidate_recordset(["secret"])

    def _compute_pem(self):
        self.pem = False

    def _inverse_pem(self):
        for credential in self.filtered("pem"):
            credential._add_version(credential.pem.strip() + "\n")
        self.invalidate_recordset(["pem"])

    @api.depends("version_ids", "version_ids.expires_at")
    def _compute_current(self):
        for credential in self:
            current = credential.version_ids[:1]
            credential.fingerprint = current.fingerprint
            credential.expires_at = current.expires_at

    @api.depends("version_ids", "kind")
    def _compute_public_key(self):
        for credential in self:
            credential.public_key = False
            if credential.kind == "signing_key" and credential.version_ids:
                credential.public_key = signature.public_key_of(credential.sudo()._get_secret())

    def _check_secret(self, secret):
        """Check the shape that the kind asks for.

        :return: when the secret ends by itself, None when it does not
        :raises ValidationError: it has another shape
        """
        try:
            if self.kind == "certificate":
                return read_certificate(secret)
            if self.kind == "ssh_key":
                load_private_key(secret)
        except IntegrationError as error:
            raise ValidationError(str(error)) from error
        prefix = {"signing_secret": "whsec_", "signing_key": "whsk_"}.get(self.kind)
        if not prefix:
            return None
        try:
            if not secret.startswith(prefix):
                raise ValidationError(_("A %(kind)s starts with %(prefix)s.", kind=self.kind, prefix=prefix))
            signature.check_secret(secret)
        except IntegrationError as error:
            raise ValidationError(str(error)) from error
        return None

    def _add_version(self, secret):
        """Save a new current secret; the former one stays valid for the overlap."""
        self.ensure_one()
        self.check_access_rights("write")
        self.check_access_rule("write")
        expires_at = self._check_secret(secret)
        now = fields.Datetime.now()
        end = now + timedelta(hours=self.overlap_hours)
        # nobody edits a version; who may write the credential may replace its secret
        for version in self.sudo().version_ids.filtered(
            lambda version: not version.expires_at or version.expires_at > end
        ):
            version.expires_at = end
        self.env["dist.credential.version"].sudo().create(
            {
                "credential_id": self.id,
                "encrypted": self.env["dist.keyring"]._encrypt(secret),
                "fingerprint": self.env["dist.keyring"]._fingerprint(secret),
                "valid_from": now,
                "expires_at": expires_at,
            }
        )
        self._message_log(body=_("A new secret was saved."))

    def _generate(self):
        """Make and save a new signing secret or key.

        :return: what the partner needs: the shared secret, or the public key
        """
        self.ensure_one()
        if self.kind == "signing_secret":
            secret = shared = signature.new_secret()
        elif self.kind == "signing_key":
            secret, shared = signature.new_signing_key_pair()
        else:
            raise UserError(
                _("Only signing secrets are generated here; passwords and tokens come from the partner.")
            )
        if self._needs_approval({"secret": secret}):
            self._try_change("write", {"secret": secret})
            self.env["dist.change.request"]._keep("write", self, {"secret": secret})
        else:
            self._add_version(secret)
        return shared

    def action_generate(self):
        """Generate a signing secret and show it once."""
        self.ensure_one()
        shared = self._generate()
        note = _("Give this to %s now. It is not shown again.", self.system_id.name)
        request = self.env["dist.change.request"].sudo()._get_open_requests(self).get(self.id)
        if request:
            note += " " + _("It is used as soon as a second person approves %s.", request.name)
        return self.env["dist.secret.show"]._show(shared, note)

    def _get_valid_versions(self):
        now = fields.Datetime.now()
        return self.sudo().version_ids.filtered(
            lambda version: version.valid_from <= now and (not version.expires_at or version.expires_at > now)
        )

    def _get_secrets(self):
        """:return: list of plain secrets valid now, newest first (two while rotating)
        :raises UserError: no valid secret, or the encryption key does not open it
        """
        self.ensure_one()
        versions = self._get_valid_versions()
        if not versions:
            raise UserError(_("Credential %s has no valid secret.", self.display_name))
        return [self.env["dist.keyring"]._decrypt(version.encrypted) for version in versions]

    def _get_secret(self):
        return self._get_secrets()[0]

    def _get_basic_header(self, password):
        token = base64.b64encode(f"{self.username or ''}:{password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}

    @api.model
    def _cron_warn_expiry(self, days=14):
        """Activity for the owner of each credential and API key that expires within the days."""
        limit = fields.Datetime.now() + timedelta(days=days)
        versions = self.env["dist.credential.version"].search(
            [("expires_at", "<=", limit), ("expires_at", ">", fields.Datetime.now())]
        )
        for credential in versions.credential_id:
            if credential.version_ids[:1] in versions:
                credential._warn_expiry(credential.expires_at)

    def _warn_expiry(self, moment):
        summary = _("Credential expires")
        if not self.activity_ids.filtered(lambda activity: activity.summary == summary):
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=moment.date(),
                summary=summary,
                user_id=self.system_id._get_contact(self.create_uid).id,
            )
