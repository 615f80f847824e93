import ipaddress
import time
from datetime import timedelta

from odoo import Command, _, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..lib.errors import IntegrationError
from ..lib.network import parse_networks
from ..lib.ratelimit import TokenBucket, rate_limit_headers


class DistApiClient(models.Model):
    """A caller of the API: who it is, what it may do, and within which limits."""

    _name = "dist.api.client"
    _description = "API client"
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
    active = fields.Boolean(default=True)
    system_id = fields.Many2one("dist.system", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users",
        string="Service user",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain=lambda self: [
            ("groups_id", "in", self.env.ref("dist_integration_base.group_dist_service").ids)
        ],
        help="Documents are created in this user's name. It cannot log in and has no rights of its own.",
    )
    scope_ids = fields.Many2many("dist.api.scope", string="Scopes")
    allowed_networks = fields.Text(
        help="Calls are only accepted from these addresses, such as 203.0.113.0/24. Empty: from anywhere."
    )
    rate_per_minute = fields.Integer(
        string="Calls per minute", default=600, required=True, help="0: no limit."
    )
    burst = fields.Integer(default=100, required=True, help="Calls that may come at once.")
    signature_required = fields.Boolean(help="Each call must carry a Standard Webhooks signature.")
    signing_credential_id = fields.Many2one(
        "dist.credential", check_company=True, domain="[('system_id', '=', system_id)]"
    )
    key_ids = fields.One2many("dist.api.key", "client_id")
    new_key = fields.Char(
        compute="_compute_new_key",
        inverse="_inverse_new_key",
        groups="dist_integration_base.group_dist_manager",
        help="What is kept of a key that was generated: its start and its hash. Never shown.",
    )
    key_overlap_hours = fields.Integer(
        default=72, help="How long the former key still works after a new one was made."
    )
    valid_key_count = fields.Integer(compute="_compute_valid_key_count", string="Valid keys")
    last_call_at = fields.Datetime(compute="_compute_last_call")

    _sql_constraints = [
        ("rate_positive", "CHECK(rate_per_minute >= 0 AND burst > 0)", "Limits cannot be negative."),
    ]

    @api.depends("key_ids.expires_at", "key_ids.revoked")
    def _compute_valid_key_count(self):
        for client in self:
            keys = client.sudo().key_ids  # how many there are is no secret
            client.valid_key_count = len(keys.filtered(lambda key: key.state == "valid"))

    def _get_secret_fields(self):
        return ["new_key"]

    def _get_secret_text(self, name, value=None):
        """Keys are told apart by their start, which every list shows."""
        if value:
            return value.partition(":")[0]
        return ", ".join(self.sudo().key_ids.filtered(lambda key: key.state == "valid").mapped("prefix"))

    def _get_compared_values(self):
        # the keys themselves are compared, and time alone makes one invalid
        return {name: value for name, value in super()._get_compared_values().items() if name != "new_key"}

    def _compute_new_key(self):
        self.new_key = False

    def _inverse_new_key(self):
        """Take a key into use; the former ones keep working for the overlap."""
        for client in self.filtered("new_key"):
            kept = client.new_key
            now = fields.Datetime.now()
            end = now + timedelta(hours=client.key_overlap_hours)
            # part of the new key, so no change of theirs
            former = client.sudo().key_ids.filtered(lambda key: key.state == "valid").sorted("id")
            # beside the new key only the newest of the former ones is good for a while
            former[:-1].expires_at = now
            if former:
                former[-1].expires_at = min(former[-1].expires_at or end, end)
            self.env["dist.api.key"]._add(client, kept)
        self.invalidate_recordset(["new_key"])

    @api.depends("key_ids.last_used_at")
    def _compute_last_call(self):
        for client in self:
            used = client.sudo().key_ids.filtered("last_used_at").mapped("last_used_at")
            client.last_call_at = max(used) if used else False

    @api.constrains("allowed_networks")
    def _check_allowed_networks(self):
        for client in self:
            try:
                parse_networks(client.allowed_networks or "")
            except IntegrationError as error:
                raise ValidationError(str(error)) from error

    @api.constrains("signature_required", "signing_credential_id")
    def _check_signing_credential(self):
        for client in self:
            if client.signature_required and not client.signing_credential_id:
                raise ValidationError(
                    _("Client %s must sign its calls, so it needs a signing secret.", client.name)
                )

    @api.constrains("user_id")
    def _check_user(self):
        for client in self:
            if not client.user_id._is_dist_service():
                raise ValidationError(
                    _(
                        "%s is not a service user. A person's account cannot serve an API client.",
                        client.user_id.name,
                    )
                )

    @api.constrains("user_id", "system_id", "company_id")
    def _check_user_company(self):
        """A call does what its service user may do: that one belongs to the client's company. For monitoring it may
        have further ones.
        """
        for client in self.sudo():
            user, company = client.user_id, client.system_id.company_id
            if user.company_id != company or company not in user.company_ids:
                raise ValidationError(
                    _(
                        "The service user %(user)s of client %(client)s has to belong to %(company)s.",
                        user=user.name,
                        client=client.name,
                        company=company.name,
                    )
                )

    @api.model
    def _get_company_parents(self):
        return [*super()._get_company_parents(), "user_id"]

    def _check_company_of_person(self):
        result = super()._check_company_of_person()
        if not self.env.su and self.sudo().user_id.company_ids - self.env.user.company_ids:
            raise AccessError(_("This service user belongs to a company you do not work in."))
        return result

    @api.model_create_multi
    def create(self, vals_list):
        self._guard_create(vals_list)  # before a service user is made for it
        for vals in vals_list:
            if not vals.get("user_id"):
                vals["user_id"] = self._create_service_user(vals).id
        return super().create(vals_list)

    def _prepare_service_user(self, vals):
        system = self.env["dist.system"].browse(vals.get("system_id"))
        company = system.company_id or self.env.company
        login = "dist-service-" + self.env["ir.sequence"].sudo().next_by_code("dist.service.user")
        return {
            "name": vals.get("name") or system.name,
            "login": login,
            "company_id": company.id,
            "company_ids": [Command.set(company.ids)],
            "groups_id": [Command.set(self.env.ref("dist_integration_base.group_dist_service").ids)],
            "notification_type": "email",
        }

    def _create_service_user(self, vals):
        users = self.env["res.users"].sudo().with_context(no_reset_password=True)
        return users.create(self._prepare_service_user(vals))

    @api.model
    def _is_address_allowed(self, address, allowed_networks):
        """Whether a call may come from an address.

        :param address: IP address as text; False for what is none
        :param allowed_networks: text of networks; empty for all there are
        """
        networks = parse_networks(allowed_networks or "")
        if not networks:
            return True
        try:
            caller = ipaddress.ip_address(address or "")
        except ValueError:
            return False
        mapped = getattr(caller, "ipv4_mapped", None)
        return any((mapped or caller) in network for network in networks)

    @api.model
    def _take_call(self, access):
        """Count a call against the client's limit.

        :param access: ApiAccess
        :return: (rate limit headers, seconds to wait; 0 when the call is allowed)
        """
        bucket = TokenBucket(access.burst, access.rate_per_minute / 60)

        def take(env):
            env.cr.execute(
                "SELECT level, level_at FROM dist_api_usage WHERE client_id = %s", (access.client_id,)
            )
            known = env.cr.fetchone() or (None, None)
            now = time.time()
            allowed, level, wait = bucket.take(1, *known, now)
            env.cr.execute(
                """
                INSERT INTO dist_api_usage (client_id, level, level_at) VALUES (%s, %s, %s)
                ON CONFLICT (client_id) DO UPDATE SET level = EXCLUDED.level, level_at = EXCLUDED.level_at
                """,
                (access.client_id, level, now),
                # a conflict is answered by doing it again
                log_exceptions=False,
            )
            return rate_limit_headers(bucket, level, wait, now=now), 0 if allowed else wait

        key = f"dist.api.client/{access.client_id}"
        return self.env["dist.message"]._in_serial_transaction(key, take, optimistic=True)

    def _generate_key(self):
        """Make a key; it is valid at once, or as soon as a second person approves where a rule asks for it.

        :return: the full key, shown once and stored only as a hash
        """
        self.ensure_one()
        self.check_access_rights("write")
        self.check_access_rule("write")
        full_key, kept = self.env["dist.api.key"]._make(self)
        if self._needs_approval({"new_key": kept}):
            self._try_change("write", {"new_key": kept})
            self.env["dist.change.request"]._keep("write", self, {"new_key": kept})
        else:
            self.new_key = kept
        return full_key

    def action_generate_key(self):
        """Make a key and show it once."""
        self.ensure_one()
        key = self._generate_key()
        note = _("Give this key to %s now. It is not shown again.", self.system_id.name)
        request = self.env["dist.change.request"].sudo()._get_open_requests(self).get(self.id)
        if request and "new_key" in request.line_ids.mapped("name"):
            note += " " + _("It is valid as soon as a second person approves %s.", request.name)
        return self.env["dist.secret.show"]._show(key, note)
