from markupsafe import escape

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib.backoff import RetrySchedule
from ..lib.errors import IntegrationError
from ..lib.network import parse_networks
from ..lib.transports.base import Doubtful

DEFAULT_RETRY_SCHEDULE = "5s, 30s, 2m, 10m, 1h, 3h, 6h, 12h, 24h"


class DistEndpoint(models.Model):
    _name = "dist.endpoint"
    _description = "Endpoint of an external system"
    _inherit = [
        "dist.company.mixin",
        "dist.system.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "dist.cached.mixin",
        "dist.guarded.mixin",
    ]
    _order = "system_id, name"
    _check_company_auto = True

    name = fields.Char(required=True)
    system_id = fields.Many2one("dist.system", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    transport = fields.Selection(
        [
            ("http", "HTTP(S)"),
            ("amqp", "RabbitMQ"),
            ("kafka", "Kafka"),
            ("sftp", "SFTP"),
            ("folder", "Folder"),
        ],
        required=True,
        default="http",
        tracking=True,
    )
    url = fields.Char(string="Address", tracking=True)
    auth_type = fields.Selection(
        [
            ("none", "None"),
            ("basic", "User and password"),
            ("bearer", "Bearer token"),
            ("header", "Header"),
            ("oauth2", "OAuth 2.0 client credentials"),
        ],
        string="Authentication",
        required=True,
        default="none",
        tracking=True,
    )
    auth_header = fields.Char(string="Header name", default="X-API-Key")
    credential_id = fields.Many2one(
        "dist.credential", string="Credential", check_company=True, domain="[('system_id', '=', system_id)]"
    )
    signing_credential_id = fields.Many2one(
        "dist.credential",
        string="Signing secret",
        check_company=True,
        domain="[('system_id', '=', system_id), ('kind', 'in', ('signing_secret', 'signing_key'))]",
        help="Every message is signed with it to the Standard Webhooks specification.",
    )
    timeout = fields.Float(string="Timeout (seconds)", required=True, default=15.0)
    allowed_networks = fields.Text(
        help="Private address ranges this endpoint may reach, such as 192.168.10.0/24. "
        "Private, local and metadata addresses outside them are refused.",
        tracking=True,
    )
    rate_per_minute = fields.Integer(string="Messages per minute", help="0: no limit.")
    retry_schedule = fields.Char(required=True, default=DEFAULT_RETRY_SCHEDULE)
    lanes = fields.Integer(
        required=True,
        default=4,
        help="How many messages may be under way at once. Messages of one record always go one after another.",
    )
    breaker_threshold = fields.Integer(
        required=True, default=5, help="Failures in a row after which the endpoint is given a pause."
    )
    breaker_pause = fields.Integer(string="Pause (seconds)", required=True, default=30)
    auto_disable_hours = fields.Integer(
        string="Disable after (hours of failure)", required=True, default=120, help="0: never."
    )
    state = fields.Selection(
        [("active", "Active"), ("disabled", "Disabled")],
        required=True,
        default="active",
        tracking=True,
        help="Messages for a disabled endpoint are kept and leave when it is enabled again.",
    )
    disabled_reason = fields.Char(readonly=True, tracking=True)
    status_ids = fields.One2many("dist.endpoint.status", "endpoint_id")
    breaker_state = fields.Selection(
        [("closed", "Normal"), ("open", "Paused"), ("half_open", "Trying again")],
        compute="_compute_status",
        string="Circuit breaker",
    )
    health = fields.Selection(
        [("normal", "Normal"), ("failing", "Failing"), ("paused", "Paused"), ("half_open", "Trying again")],
        compute="_compute_status",
    )
    failing_since = fields.Datetime(compute="_compute_status")
    last_success_at = fields.Datetime(compute="_compute_status")
    last_error = fields.Char(compute="_compute_status")
    pending_count = fields.Integer(compute="_compute_pending")
    oldest_pending_at = fields.Datetime(compute="_compute_pending")
    flow_ids = fields.One2many("dist.flow", "endpoint_id")
    blocked_reason = fields.Char(
        compute="_compute_blocked_reason",
        string="Why nothing is sent",
        help="Empty when messages may leave through this endpoint.",
    )

    _sql_constraints = [
        (
            "lanes_positive",
            "CHECK(lanes BETWEEN 1 AND 64)",
            "Between 1 and 64 messages can be under way at once.",
        ),
        (
            "timeout_positive",
            "CHECK(timeout > 0 AND timeout <= 60)",
            "The timeout is between 0 and 60 seconds.",
        ),
        ("rate_positive", "CHECK(rate_per_minute >= 0)", "Messages per minute cannot be negative."),
        (
            "breaker_positive",
            "CHECK(breaker_threshold > 0 AND breaker_pause > 0)",
            "Breaker values are above zero.",
        ),
    ]

    @api.depends("status_ids")
    def _compute_status(self):
        for endpoint in self:
            status = endpoint.status_ids[:1]
            endpoint.breaker_state = status.breaker_state or "closed"
            endpoint.health = status._get_health()
            endpoint.failing_since = status.failing_since
            endpoint.last_success_at = status.last_success_at
            endpoint.last_error = status.last_error

    def _compute_pending(self):
        groups = self.env["dist.message"]._read_group(
            [
                ("endpoint_id", "in", self.ids),
                ("direction", "=", "out"),
                ("state", "in", ("pending", "retry")),
            ],
            ["endpoint_id"],
            ["__count", "create_date:min"],
        )
        figures = {endpoint: (count, oldest) for endpoint, count, oldest in groups}
        for endpoint in self:
            endpoint.pending_count, endpoint.oldest_pending_at = figures.get(endpoint, (0, False))

    @api.constrains("allowed_networks")
    def _check_allowed_networks(self):
        for endpoint in self:
            try:
                parse_networks(endpoint.allowed_networks or "")
            except IntegrationError as error:
                raise ValidationError(str(error)) from error

    @api.constrains("retry_schedule")
    def _check_retry_schedule(self):
        for endpoint in self:
            try:
                RetrySchedule.parse(endpoint.retry_schedule)
            except IntegrationError as error:
                raise ValidationError(str(error)) from error

    @api.constrains("transport", "auth_type", "credential_id")
    def _check_credential(self):
        for endpoint in self.filtered(lambda endpoint: endpoint.transport == "http"):
            if endpoint.auth_type != "none" and not endpoint.credential_id:
                raise ValidationError(
                    _("Endpoint %s authenticates, so it needs a credential.", endpoint.display_name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        endpoints = super().create(vals_list)
        self.env["dist.endpoint.status"].sudo().create(
            [{"endpoint_id": endpoint.id} for endpoint in endpoints]
        )
        return endpoints

    def write(self, vals):
        if vals.get("state") != "active":
            return super().write(vals)
        result = super().write({"disabled_reason": False, **vals})
        self._go_on()
        return result

    def _go_on(self):
        """What waits for these endpoints leaves now, without the pause they were given for failing."""
        self.status_ids.sudo()._reset()
        self.env["dist.message"]._wake_endpoints(self)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """What was approved of a flow is where it leads."""
        flows = self.sudo().flow_ids.filtered(lambda flow: flow._is_promised())
        if flows:
            raise UserError(
                _(
                    "%s lead to this endpoint. Retire them, or give them another one.",
                    ", ".join(flows.mapped("name")),
                )
            )

    def _get_allowed_networks(self):
        return parse_networks(self.allowed_networks or "")

    def _get_auth_headers(self):
        """:return: dict of HTTP headers that authenticate a call to this endpoint"""
        self.ensure_one()
        if self.auth_type in ("none", "oauth2"):
            return {}
        credential = self.credential_id.sudo()
        secret = credential._get_secret()
        if self.auth_type == "basic":
            return credential._get_basic_header(secret)
        if self.auth_type == "bearer":
            return {"Authorization": f"Bearer {secret}"}
        return {self.auth_header or "X-API-Key": secret}

    @api.depends("state", "disabled_reason", "url", "transport", "system_id.state", "system_id.environment")
    def _compute_blocked_reason(self):
        for endpoint in self:
            endpoint.blocked_reason = endpoint._get_blocked_reason()

    def _get_blocked_reason(self):
        """:return: why nothing may be sent to this endpoint now, or False"""
        self.ensure_one()
        if self.state != "active":
            return _("The endpoint is disabled: %s", self.disabled_reason or _("by hand"))
        if not self.url:
            return _("The endpoint has no address.")
        return self.system_id._get_blocked_reason()

    def _get_hold_reason(self):
        """:return: why what is due stays here: nothing may be sent, or a failing partner is given a pause; or False"""
        reason = self._get_blocked_reason()
        if reason or self.breaker_state == "closed":
            return reason
        return _("The partner fails, next try soon: %s", self.last_error or "")

    def action_enable(self):
        self.write({"state": "active"})

    def action_disable(self):
        self._disable(_("Disabled by %s", self.env.user.name))

    def _get_narrowing_values(self):
        return {"state", "disabled_reason"} if self.state == "disabled" else set()

    def _disable(self, reason):
        self.write({"state": "disabled", "disabled_reason": reason})

    def _notify_owner(self, summary, note):
        """Activity for the technical owner, or who else can be reached; at most one open per endpoint and summary."""
        for endpoint in self:
            owner = endpoint.system_id._get_contact(endpoint.create_uid)
            if endpoint.activity_ids.filtered(lambda activity: activity.summary == summary):
                continue
            endpoint.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=escape(note or ""),
                user_id=owner.id,
            )

    def action_test_connection(self):
        """Reach the endpoint without sending a message; says what happened, as a warning when messages are likely
        to be refused there.

        :raises UserError: in the administrator's words, when it cannot be reached
        """
        self._check_may_call()
        self._check_not_blocked()
        answer = self._probe()
        if isinstance(answer, Doubtful):
            text = _(
                "%(url)s can be reached, but does not seem to take messages: %(answer)s. Look whether the address and "
                "the authentication are right, and press Send test event to be sure.",
                url=self.url,
                answer=answer,
            )
            return self._get_notification(text, "warning", sticky=True)
        return self._get_notification(
            _("Reached %(url)s: %(answer)s.", url=self.url, answer=answer), "success"
        )

    def _check_not_blocked(self):
        """:raises UserError: nothing may be sent to the endpoint or fetched from it now"""
        reason = self._get_blocked_reason()
        if reason:
            raise UserError(reason)

    def _check_may_call(self):
        """:raises AccessError: only who may change the endpoint has it called"""
        self.ensure_one()
        self.check_access_rights("write")
        self.check_access_rule("write")

    def action_send_test_event(self):
        """Send a signed `integration.test` message now, once, and show its outcome."""
        self._check_may_call()
        if self.purpose != "send":
            raise UserError(_("Nothing is sent to this endpoint: it is fetched from."))
        self._check_not_blocked()
        message = self.env["dist.message"]._create_test_message(self)
        try:
            outcome = self.env["dist.message"]._deliver_now(message)
        except IntegrationError as error:
            raise UserError(error.detail) from error
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.message",
            "res_id": message.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Test event: delivered") if outcome == "success" else _("Test event: failed"),
        }

    @api.model
    def _get_notification(self, text, kind, sticky=False, following=None):
        """:param following: action that is run along with it
        :return: action that shows a text in the corner of the screen
        """
        params = {"message": text, "type": kind, "sticky": sticky}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {**params, "next": following} if following else params,
        }

    def action_view_pending(self):
        return self.env["dist.message"]._get_list_action(
            [("endpoint_id", "in", self.ids), ("state", "in", ("pending", "retry"))]
        )
