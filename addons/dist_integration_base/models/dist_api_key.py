import re
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..lib import apikey

LAST_USED_PRECISION = timedelta(minutes=10)
KEPT = re.compile(r"[0-9A-Za-z]{8}:[0-9a-f]{64}")


class DistApiKey(models.Model):
    """A key of an API client, stored as a hash."""

    _name = "dist.api.key"
    _description = "API key"
    _inherit = ["dist.kept.mixin", "dist.audited.mixin"]
    _order = "create_date desc, id desc"
    _rec_name = "prefix"

    client_id = fields.Many2one("dist.api.client", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="client_id.company_id", store=True)
    prefix = fields.Char(required=True, readonly=True, index=True, help="Start of the key, to recognise it.")
    key_hash = fields.Char(required=True, groups=fields.NO_ACCESS)
    expires_at = fields.Datetime(string="Expires", help="Empty: until revoked.")
    revoked = fields.Boolean(readonly=True)
    last_used_at = fields.Datetime(string="Last used", readonly=True)
    state = fields.Selection(
        [("valid", "Valid"), ("expired", "Expired"), ("revoked", "Revoked")], compute="_compute_state"
    )

    _sql_constraints = [("prefix_uniq", "unique(prefix)", "This key exists already.")]

    @api.depends("expires_at", "revoked")
    def _compute_state(self):
        now = fields.Datetime.now()
        for key in self:
            expired = key.expires_at and key.expires_at <= now
            key.state = "revoked" if key.revoked else "expired" if expired else "valid"

    @api.model
    def _get_writable_fields(self):
        return {"expires_at"}

    @api.model
    def _make(self, client):
        """:return: (full key, shown once; what is kept of it: its prefix and hash)"""
        environment = "live" if client.system_id.environment == "production" else "test"
        full_key, prefix = apikey.generate(environment)
        return full_key, f"{prefix}:{apikey.hash_key(full_key)}"

    @api.model
    def _add(self, client, kept):
        """
        :param kept: as of `_make`
        :raises ValidationError: it has another shape
        """
        if not KEPT.fullmatch(kept):
            raise ValidationError(_("This is not what is kept of an API key. Use Generate key."))
        prefix, key_hash = kept.split(":")
        return self.sudo().create({"client_id": client.id, "prefix": prefix, "key_hash": key_hash})

    @api.model
    def _find(self, full_key):
        """Key record of a full key, whatever its state; empty when there is none.

        The hash is compared in constant time also when the prefix is unknown, so that the time of the answer
        does not tell which prefixes exist.
        """
        keys = self.sudo()
        try:
            prefix = apikey.split_prefix(full_key)
        except apikey.InvalidKeyError:
            return keys.browse()
        key = keys.search([("prefix", "=", prefix)], limit=1)
        stored = key.key_hash or apikey.hash_key(prefix)
        return key if apikey.matches(full_key, stored) and key else keys.browse()

    def _touch(self):
        """Note the use, at most every ten minutes and only when no other worker is doing so."""
        now = fields.Datetime.now()
        if self.last_used_at and now - self.last_used_at < LAST_USED_PRECISION:
            return
        with self.env.registry.cursor() as cr:
            cr.execute(
                "UPDATE dist_api_key SET last_used_at = %s WHERE id = "
                "(SELECT id FROM dist_api_key WHERE id = %s FOR UPDATE SKIP LOCKED)",
                (now, self.id),
            )

    def _get_audited_fields(self):
        return ["client_id", "prefix", "expires_at", "revoked"]

    def _get_audited_parent(self):
        return self.client_id

    def _get_audit_action(self, action, changes):
        if action == "changed":
            return "key_revoked" if any(change["field"] == "revoked" for change in changes) else "key_rotated"
        return "key_generated" if action == "created" else "key_revoked"

    def action_revoke(self):
        self.check_access_rights("write")
        self.check_access_rule("write")
        self.sudo().write({"revoked": True})
