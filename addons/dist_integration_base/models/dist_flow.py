from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError

from .dist_backlog import NOT_REFUSED
from .dist_domain_mixin import parse_domain
from .dist_message_batch import FORMATS

CRITICALITIES = [("critical", "Critical"), ("normal", "Normal"), ("bulk", "Bulk")]


class DistFlow(models.Model):
    """The interface register: one system, one message type, one direction."""

    _name = "dist.flow"
    _description = "Flow"
    _inherit = [
        "dist.domain.mixin",
        "dist.company.mixin",
        "dist.system.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "dist.cached.mixin",
        "dist.guarded.mixin",
    ]
    _order = "system_id, direction, message_type_id"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    system_id = fields.Many2one("dist.system", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    message_type_id = fields.Many2one("dist.message.type", required=True, ondelete="restrict", index=True)
    direction = fields.Selection(related="message_type_id.direction", store=True)
    version_id = fields.Many2one(
        "dist.message.type.version",
        domain="[('message_type_id', '=', message_type_id)]",
        help="Version agreed with the partner. Empty: the oldest active one.",
    )
    endpoint_id = fields.Many2one(
        "dist.endpoint", check_company=True, domain="[('system_id', '=', system_id)]", tracking=True
    )
    mode = fields.Selection(
        [("real_time", "Real time"), ("near_real_time", "Near real time"), ("batch", "Batch")],
        required=True,
        default="near_real_time",
    )
    criticality = fields.Selection(CRITICALITIES, required=True, default="normal", tracking=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("approved", "Approved"),
            ("active", "Active"),
            ("deprecated", "Deprecated"),
            ("retired", "Retired"),
        ],
        required=True,
        default="draft",
        tracking=True,
        copy=False,
        help="Messages only move on a flow that is active or deprecated.",
    )
    business_owner_id = fields.Many2one("res.users", tracking=True, ondelete="restrict")
    technical_owner_id = fields.Many2one("res.users", tracking=True, ondelete="restrict")
    team_id = fields.Many2one(
        "dist.exception.team",
        string="Exception team",
        check_company=True,
        tracking=True,
        help="Who solves the exceptions of this flow. Empty: the team that takes such exceptions.",
    )
    service_level_minutes = fields.Integer(
        string="Due within (minutes)",
        default=240,
        help="Time in which an exception of this flow is to be solved.",
    )
    escalation = fields.Text(help="Who is called, and when, if nobody acts.")
    filter_domain = fields.Char(
        string="Only records that match",
        help="Odoo domain on the record, such as [('warehouse_id', '=', 1)].",
    )
    retry_schedule = fields.Char(help="Overrides the schedule of the endpoint.")
    mapping_id = fields.Many2one("dist.mapping", check_company=True)
    content_format = fields.Selection(FORMATS, string="Format", required=True, default="json")
    source_pattern = fields.Char(
        string="Files",
        help="Which files of the endpoint hold messages of this type, such as ORD*.json. Empty: all.",
    )
    message_count = fields.Integer(compute="_compute_counts", string="Unfinished messages")
    open_exception_count = fields.Integer(compute="_compute_counts")

    _sql_constraints = [
        (
            "system_type_uniq",
            "unique(system_id, message_type_id, endpoint_id)",
            "This system has a flow for this message type already.",
        ),
        (
            "service_level_positive",
            "CHECK(service_level_minutes > 0)",
            "The service level is above zero minutes.",
        ),
    ]

    @api.depends("system_id.name", "message_type_id.code")
    def _compute_name(self):
        for flow in self:
            # a new one has not both yet
            flow.name = ": ".join(filter(None, (flow.system_id.name, flow.message_type_id.code)))

    def _compute_counts(self):
        messages = self.env["dist.message"]._read_group(
            [("flow_id", "in", self.ids), ("state", "not in", ("done", "cancelled")), *NOT_REFUSED],
            ["flow_id"],
            ["__count"],
        )
        exceptions = self.env["dist.exception"]._read_group(
            [("flow_id", "in", self.ids), ("state", "in", ("open", "in_progress"))], ["flow_id"], ["__count"]
        )
        messages, exceptions = dict(messages), dict(exceptions)
        for flow in self:
            flow.message_count = messages.get(flow, 0)
            flow.open_exception_count = exceptions.get(flow, 0)

    @api.constrains("endpoint_id", "message_type_id")
    def _check_purpose(self):
        for flow in self.filtered("endpoint_id"):
            if (flow.direction == "out") != (flow.endpoint_id.purpose == "send"):
                raise ValidationError(
                    _(
                        "The messages of flow %(flow)s go the other way than endpoint %(endpoint)s.",
                        flow=flow.name,
                        endpoint=flow.endpoint_id.name,
                    )
                )

    @api.constrains("filter_domain")
    def _check_filter_domain(self):
        for flow in self.filtered("filter_domain"):
            try:
                flow._get_filter_domain()
            except (ValueError, SyntaxError) as error:
                raise ValidationError(
                    _("The filter of flow %(flow)s is not a domain.", flow=flow.name)
                ) from error

    @api.model
    def _get_condition_fields(self):
        return {"filter_domain", "cutover_domain", "message_type_id"}

    def _check_conditions_readable(self):
        for domain in filter(None, (self._get_filter_domain(), self._get_cutover_domain())):
            self._check_domain_of_documents(domain, self._get_filtered_models())

    def _get_filtered_models(self):
        """:return: list of names of the models that messages of this flow may be about"""
        serializer = f"dist.serializer.{self.message_type_id.code}"
        full = self.env[serializer]._get_full_model() if serializer in self.env else None
        seen = (
            self.env["dist.event"]
            .sudo()
            ._read_group([("message_type_id", "=", self.message_type_id.id)], ["res_model"])
        )
        names = dict.fromkeys([full, *(name for (name,) in seen), *self._get_document_models()])
        return [name for name in names if name in self.env]

    def _get_filter_domain(self):
        return parse_domain(self.filter_domain)

    def _get_version(self):
        return self.version_id or self.message_type_id._get_default_version()

    def _get_retry_schedule(self):
        return self.retry_schedule or self.endpoint_id.retry_schedule

    @api.model
    @tools.ormcache()
    def _get_subscribed_types(self):
        """:return: frozenset of codes of outbound types whose events are to be recorded"""
        flows = self.sudo().search([("direction", "=", "out"), ("state", "in", ("active", "deprecated"))])
        always = self.env["dist.message.type"].sudo().search([("record_always", "=", True)])
        always |= self.env["dist.process.step"]._get_recorded_types()
        return frozenset(flows.message_type_id.mapped("code")) | frozenset(always.mapped("code"))

    @api.model
    @tools.ormcache("code", "company_id")
    def _get_subscriptions(self, code, company_id):
        """:return: tuple of ids of the active outbound flows of a type in a company; False: of all companies"""
        domain = [
            ("direction", "=", "out"),
            ("state", "in", ("active", "deprecated")),
            ("message_type_id.code", "=", code),
        ]
        if company_id:
            domain.append(("company_id", "=", company_id))
        return tuple(self.sudo().search(domain).ids)

    @api.model
    @tools.ormcache("flow_id")
    def _get_delivery_settings(self, flow_id):
        """:return: dict of what every message of the flow needs, cached for the transactions they are made in"""
        flow = self.sudo().browse(flow_id)
        return {
            "system_id": flow.system_id.id,
            "company_id": flow.company_id.id,
            "endpoint_id": flow.endpoint_id.id,
            "criticality": flow.criticality,
            "version_id": flow.version_id.id or None,
            "lanes": flow.endpoint_id.lanes,
            "stage": flow.stage,
            "system_kind": flow.system_id.kind,
            "has_filter": bool(flow.filter_domain),
            "has_mapping": bool(flow.mapping_id),
        }

    @api.model
    def _find_inbound(self, system, message_type):
        """:return: the flow on which a system may send this type now; empty when there is none"""
        return self.sudo().browse(self._get_inbound_ids_cached(system.id, message_type.id))

    @api.model
    @tools.ormcache("system_id", "type_id")
    def _get_inbound_ids_cached(self, system_id, type_id):
        return (
            self.sudo()
            .search(
                [
                    ("system_id", "=", system_id),
                    ("message_type_id", "=", type_id),
                    ("state", "in", ("active", "deprecated")),
                ],
                limit=1,
            )
            .ids
        )

    def _get_hold_reason(self):
        """:return: why messages of the flow do not move although it is active; or False"""
        self.ensure_one()
        if self.state not in ("active", "deprecated"):
            return False
        place = self.endpoint_id
        return place._get_hold_reason() if place else self.system_id._get_blocked_reason()

    def action_view_messages(self):
        return self.env["dist.message"]._get_list_action([("flow_id", "in", self.ids)])

    def action_view_exceptions(self):
        return self.env["dist.exception"]._get_list_action([("flow_id", "in", self.ids)])

    def action_replay(self):
        """Prepare a replay of these flows, for now since yesterday, and show what would happen."""
        replays = self.env["dist.replay"]
        company = replays._get_single_company(self)
        return replays._open(
            {"criterion": "period", "company_id": company.id, "flow_ids": [fields.Command.set(self.ids)]}
        )
