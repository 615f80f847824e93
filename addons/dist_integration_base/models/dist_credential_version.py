from odoo import fields, models


class DistCredentialVersion(models.Model):
    _name = "dist.credential.version"
    _description = "Saved secret"
    _order = "valid_from desc, id desc"

    credential_id = fields.Many2one("dist.credential", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="credential_id.company_id", store=True)
    # only the superuser reads it: the screens show the fingerprint
    encrypted = fields.Char(required=True, groups=fields.NO_ACCESS)
    fingerprint = fields.Char(readonly=True)
    valid_from = fields.Datetime(required=True, default=fields.Datetime.now)
    expires_at = fields.Datetime(help="Empty: until replaced.")

    def _rotate_encryption(self):
        """Encrypt again with the newest key of the configuration, after a key was added in front."""
        for version in self.sudo():
            version.encrypted = self.env["dist.keyring"]._rotate(version.encrypted)
