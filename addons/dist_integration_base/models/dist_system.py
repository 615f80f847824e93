from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib.environment import ENVIRONMENTS
from .dist_backlog import NOT_REFUSED

SYSTEM_KINDS = [
    ("shop", "Web shop"),
    ("portal", "Portal"),
    ("marketplace", "Marketplace"),
    ("crm", "CRM"),
    ("warehouse", "Warehouse or 3PL"),
    ("carrier", "Carrier or TMS"),
    ("supplier", "Supplier"),
    ("customer", "Customer"),
    ("planning", "Planning platform"),
    ("finance", "Finance system"),
    ("other", "Other"),
]


class DistSystem(models.Model):
    _name = "dist.system"
    _description = "External system"
    _inherit = [
        "dist.company.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "dist.cached.mixin",
        "dist.guarded.mixin",
    ]
    _order = "name"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(
        required=True,
        tracking=True,
        help="Short name used in messages, log lines and figures. Letters, digits, dash and underscore.",
    )
    kind = fields.Selection(SYSTEM_KINDS, required=True, default="other", tracking=True)
    environment = fields.Selection(
        ENVIRONMENTS,
        required=True,
        default="test",
        tracking=True,
        help="A production system is only called from the production server (running_env = production).",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("suspended", "Suspended")],
        required=True,
        default="draft",
        tracking=True,
        help="Only an active system exchanges messages. Messages for a suspended system wait.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    partner_id = fields.Many2one("res.partner", string="Partner", check_company=True)
    business_owner_id = fields.Many2one(
        "res.users", default=lambda self: self.env.user, tracking=True, ondelete="restrict"
    )
    technical_owner_id = fields.Many2one(
        "res.users", default=lambda self: self.env.user, tracking=True, ondelete="restrict"
    )
    runbook = fields.Html(help="What to do when this system is down or sends nonsense, and whom to call.")
    endpoint_ids = fields.One2many("dist.endpoint", "system_id")
    client_ids = fields.One2many("dist.api.client", "system_id")
    flow_ids = fields.One2many("dist.flow", "system_id")
    credential_ids = fields.One2many("dist.credential", "system_id")
    message_count = fields.Integer(compute="_compute_counts")
    open_exception_count = fields.Integer(compute="_compute_counts")
    flow_count = fields.Integer(compute="_compute_flow_count")
    blocked_reason = fields.Char(
        compute="_compute_blocked_reason",
        string="Why nothing is sent",
        help="Empty when messages may leave for this system.",
    )

    _sql_constraints = [
        ("code_company_uniq", "unique(code, company_id)", "Another system of this company has this code."),
    ]

    @api.model
    def _get_owned_parts(self):
        return [*super()._get_owned_parts(), ("dist.mapping", "system_id")]

    @api.constrains("code")
    def _check_code(self):
        for system in self:
            if not system.code.replace("-", "").replace("_", "").isalnum() or not system.code.isascii():
                raise ValidationError(
                    _("The code %s may only hold letters, digits, dash and underscore.", system.code)
                )

    @api.constrains("business_owner_id", "technical_owner_id")
    def _check_owners_of_flows(self):
        """Flows that name no owner are answered for by the system's."""
        self.sudo().flow_ids._check_running()

    def write(self, vals):
        if vals.get("company_id"):
            self.filtered(lambda system: system.company_id.id != vals["company_id"])._check_no_history()
        result = super().write(vals)
        if vals.get("state") == "active":
            self.env["dist.message"]._wake_endpoints(self.endpoint_ids)
        return result

    def _get_owner(self, kind, flow=None):
        """:param kind: ``technical`` or ``business``
        :param flow: dist.flow whose own owner goes first
        :return: res.users that answers for these and can be reached; empty when nobody can
        """
        name = f"{kind}_owner_id"
        owners = [place[name]._dist_get_reachable(place.company_id) for place in (flow, self) if place]
        return next(filter(None, owners), self.env["res.users"])

    def _get_contact(self, creator):
        """:param creator: res.users that made what is to be told of
        :return: res.users that is told of technical matters: an owner, else who made it, else a manager
        """
        self.ensure_one()
        return (
            self._get_owner("technical")
            or self._get_owner("business")
            or creator._dist_get_reachable(self.company_id)
            or self.env["res.users"]._dist_get_managers(self.company_id)._dist_get_least_busy()
            or creator
        )

    def _check_no_history(self):
        """:raises UserError: messages, keys, documents or settings of these systems belong to their company"""
        if not self:
            return
        found = [model for model in self._get_company_models() if self._has_records(*model)]
        if found:
            names = [self.env["ir.model"]._get(model_name).name for model_name, _field in found]
            raise UserError(
                _(
                    "The company of %(system)s cannot be changed: what it has belongs to its company (%(names)s). Make "
                    "another system for the other company.",
                    system=", ".join(self.mapped("name")),
                    names=", ".join(dict.fromkeys(names)),
                )
            )

    @api.model
    def _get_company_models(self):
        """:return: list of (model, field): whose records of a company name a system"""
        return [
            (name, field.name)
            for name, model in self.env.items()
            if not model._abstract and not model._transient and model._auto and "company_id" in model._fields
            for field in model._fields.values()
            if field.type == "many2one" and field.comodel_name == self._name and field.store
        ]

    def _has_records(self, model_name, field_name):
        model = self.env[model_name].sudo().with_context(active_test=False)
        return bool(model.search_count([(field_name, "in", self.ids)], limit=1))

    def _compute_counts(self):
        messages = self.env["dist.message"]._read_group(
            [("system_id", "in", self.ids), ("state", "not in", ("done", "cancelled")), *NOT_REFUSED],
            ["system_id"],
            ["__count"],
        )
        exceptions = self.env["dist.exception"]._read_group(
            [("system_id", "in", self.ids), ("state", "in", ("open", "in_progress"))],
            ["system_id"],
            ["__count"],
        )
        messages, exceptions = dict(messages), dict(exceptions)
        for system in self:
            system.message_count = messages.get(system, 0)
            system.open_exception_count = exceptions.get(system, 0)

    @api.depends("flow_ids")
    def _compute_flow_count(self):
        for system in self:
            system.flow_count = len(system.flow_ids)

    @api.depends("state", "environment")
    def _compute_blocked_reason(self):
        for system in self:
            system.blocked_reason = system._get_blocked_reason()

    def _get_blocked_reason(self):
        """Why no call may leave for this system; False when it may.

        :return: a sentence for the administrator, or False
        """
        self.ensure_one()
        if self.state != "active":
            return _("The system is not active.")
        return self.env["dist.environment"]._get_mismatch(self.environment)

    def action_activate(self):
        self.write({"state": "active"})

    def action_suspend(self):
        self.write({"state": "suspended"})

    def action_view_messages(self):
        return self.env["dist.message"]._get_list_action([("system_id", "in", self.ids)])

    def action_view_exceptions(self):
        return self.env["dist.exception"]._get_list_action([("system_id", "in", self.ids)])

    def action_view_flows(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_base.action_dist_flow")
        return {
            **action,
            "domain": [("system_id", "=", self.id)],
            "context": {"default_system_id": self.id},
        }
