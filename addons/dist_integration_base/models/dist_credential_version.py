from odoo import _, fields, models


class DistCredentialVersion(models.Model):
    _name = "dist.credential.version"
    _description = "Saved secret"
    _inherit = ["dist.company.mixin", "dist.audited.mixin"]
    _order = "valid_from desc, id desc"

    credential_id = fields.Many2one("dist.credential", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="credential_id.company_id", store=True)
    # only the superuser reads it: the screens show the fingerprint
    encrypted = fields.Char(required=True, groups=fields.NO_ACCESS)
    fingerprint = fields.Char(readonly=True)
    valid_from = fields.Datetime(required=True, default=fields.Datetime.now)
    expires_at = fields.Datetime(help="Empty: until replaced.")

    def _get_audited_parent(self):
        return self.credential_id

    def _get_audit_action(self, action, changes):
        return {"created": "key_generated", "changed": "key_rotated", "deleted": "key_revoked"}[action]

    def _rotate_encryption(self):
        """Encrypt again with the newest key of the configuration, after a key was added in front."""
        self.env["dist.audit.entry"]._add_each(
            "key_rotated", self.credential_id, reason=_("Encrypted with the newest key of the configuration")
        )
        for version in self.sudo():
            version.encrypted = self.env["dist.keyring"]._rotate(version.encrypted)
