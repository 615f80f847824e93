import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..lib import apikey

LAST_USED_PRECISION = timedelta(minutes=10)
KEPT = re.compile(r"[0-9A-Za-z]{8}:[0-9a-f]{64}")
# All that decides over a call, in one look. It is not cached: what was revoked must not be good for another moment.
ACCESS = """
    SELECT key.id AS key_id, key.key_hash, key.last_used_at, client.id AS client_id, client.system_id,
           client.company_id, client.user_id, partner.lang, partner.tz,
           NOT COALESCE(key.revoked, FALSE) AND client.active AND service.active
               AND (key.expires_at IS NULL OR key.expires_at > %s) AS is_valid,
           system.state = 'active' AND system.active AS is_connected,
           client.allowed_networks, client.rate_per_minute, client.burst, client.signature_required,
           ARRAY(SELECT scope.code FROM dist_api_scope scope
                 JOIN dist_api_client_dist_api_scope_rel granted ON granted.dist_api_scope_id = scope.id
                 WHERE granted.dist_api_client_id = client.id) AS scopes
    FROM dist_api_key key
    JOIN dist_api_client client ON client.id = key.client_id
    JOIN dist_system system ON system.id = client.system_id
    JOIN res_users service ON service.id = client.user_id
    JOIN res_partner partner ON partner.id = service.partner_id
    WHERE key.prefix = %s
"""


@dataclass(frozen=True)
class ApiAccess:
    """What a key is good for right now.

    :ivar is_valid: neither revoked nor expired, of a client in use
    :ivar is_connected: whether the system behind it is active
    :ivar scopes: list of codes
    """

    key_id: int
    key_hash: str
    last_used_at: datetime | None
    client_id: int
    system_id: int
    company_id: int
    user_id: int
    lang: str | None
    tz: str | None
    is_valid: bool
    is_connected: bool
    allowed_networks: str | None
    rate_per_minute: int
    burst: int
    signature_required: bool | None
    scopes: list


class DistApiKey(models.Model):
    """A key of an API client, stored as a hash."""

    _name = "dist.api.key"
    _description = "API key"
    _inherit = ["dist.company.mixin", "dist.kept.mixin", "dist.guarded.mixin"]
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
    def _find_access(self, full_key):
        """What a full key is good for, whatever its state.

        The hash is compared in constant time also when the prefix is unknown, so that the time of the answer
        does not tell which prefixes exist.

        :return: ApiAccess; None when there is no such key
        """
        try:
            prefix = apikey.split_prefix(full_key)
        except apikey.InvalidKeyError:
            return None
        self.env.cr.execute(ACCESS, (fields.Datetime.now(), prefix))
        row = self.env.cr.dictfetchone()
        matches = apikey.matches(full_key, row["key_hash"] if row else apikey.hash_key(prefix))
        return ApiAccess(**row) if row and matches else None

    @api.model
    def _touch(self, access):
        """Note the use of a key, at most every ten minutes and only when no other worker is doing so."""
        now = fields.Datetime.now()
        if access.last_used_at and now - access.last_used_at < LAST_USED_PRECISION:
            return
        with self.env.registry.cursor() as cr:
            cr.execute(
                "UPDATE dist_api_key SET last_used_at = %s WHERE id = "
                "(SELECT id FROM dist_api_key WHERE id = %s FOR UPDATE SKIP LOCKED)",
                (now, access.key_id),
            )

    def _get_audited_fields(self):
        return ["client_id", "prefix", "expires_at", "revoked"]

    def _get_narrowing_values(self):
        return {"revoked"} if self.revoked else set()

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
