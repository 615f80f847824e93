from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import is_html_empty

from .dist_kept_mixin import get_given_defaults, get_kept_defaults
from .transaction import get_state

LIFECYCLE = {
    "draft": ("approved",),
    "approved": ("active", "draft"),
    "active": ("deprecated", "retired"),
    "deprecated": ("active", "retired"),
    "retired": ("draft",),
}
RUNNING = ("active", "deprecated")
# what was approved has somebody to answer for it
PROMISED = ("approved", *RUNNING)
WAITING = ("pending", "retry", "error")
# what tells how a flow came where it is; a new one may start at another stage of the cut-over
KEPT = {
    "stage",
    "previous_stage",
    "stage_since",
    "rolled_back_at",
    "approved_by_id",
    "approved_at",
    "activated_at",
    "deprecated_at",
    "retired_at",
}
# what a flow is: approval and history tell of this one
IDENTITY = ("system_id", "message_type_id")


class DistFlow(models.Model):
    """The register's other half: what is promised, how a flow came to life and how it ends."""

    _inherit = "dist.flow"

    interface_version = fields.Char(
        default="1.0", tracking=True, help="Version of the agreement with the partner."
    )
    documentation_url = fields.Char(string="Documentation", help="Where the interface is described.")
    runbook = fields.Html(help="What to do when this flow fails. Empty: the runbook of the system.")
    latency_seconds = fields.Integer(
        string="Latency (seconds)", help="Time in which a message is answered, or delivered, as a rule."
    )
    success_rate = fields.Float(
        string="Success rate (%)", digits=(5, 2), help="Share of messages that get through without a person."
    )
    max_age_minutes = fields.Integer(
        string="Oldest waiting (minutes)", help="How long a message may wait before somebody has to look."
    )
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_at = fields.Datetime(readonly=True, copy=False)
    activated_at = fields.Datetime(readonly=True, copy=False)
    deprecated_at = fields.Datetime(readonly=True, copy=False)
    sunset_date = fields.Date(
        copy=False,
        tracking=True,
        help="Announced in the answers of a deprecated flow; it works until it is retired.",
    )
    retired_at = fields.Datetime(readonly=True, copy=False)
    history_ids = fields.One2many("dist.flow.history", "flow_id", string="History")
    missing = fields.Char(
        compute="_compute_missing",
        store=True,
        string="Missing in the register",
        help="What an auditor would ask for.",
    )
    is_complete = fields.Boolean(compute="_compute_missing", store=True)

    _sql_constraints = [
        ("success_rate_range", "CHECK(success_rate BETWEEN 0 AND 100)", "A success rate is a percentage."),
        (
            "service_levels_positive",
            "CHECK(COALESCE(latency_seconds, 0) >= 0 AND COALESCE(max_age_minutes, 0) >= 0)",
            "Service levels are not negative.",
        ),
    ]

    @api.depends(
        "business_owner_id",
        "technical_owner_id",
        "escalation",
        "runbook",
        "interface_version",
        "latency_seconds",
        "success_rate",
        "max_age_minutes",
        "system_id.business_owner_id",
        "system_id.technical_owner_id",
        "business_owner_id.active",
        "technical_owner_id.active",
        "system_id.business_owner_id.active",
        "system_id.technical_owner_id.active",
        "system_id.runbook",
    )
    def _compute_missing(self):
        for flow in self:
            missing = flow._get_missing()
            flow.missing = ", ".join(missing) or False
            flow.is_complete = not missing

    def _get_missing(self):
        """:return: list of names of what the register still lacks about a flow"""
        self.ensure_one()
        business, technical = self._get_owners()
        present = {
            _("business owner"): business,
            _("technical owner"): technical,
            _("escalation"): self.escalation,
            _("runbook"): not is_html_empty(self._get_runbook()),
            _("version"): self.interface_version,
            _("latency"): self.latency_seconds,
            _("success rate"): self.success_rate,
            _("oldest waiting"): self.max_age_minutes,
        }
        archived = {
            _("business owner, who is archived"): business,
            _("technical owner, who is archived"): technical,
        }
        return [
            *(name for name, owner in archived.items() if owner and not owner.active),
            *(name for name, value in present.items() if not value),
        ]

    def _get_owners(self):
        """:return: (business owner, technical owner), the system's where the flow names none"""
        self.ensure_one()
        return (
            self.business_owner_id or self.system_id.business_owner_id,
            self.technical_owner_id or self.system_id.technical_owner_id,
        )

    def _get_runbook(self):
        self.ensure_one()
        return self.system_id.runbook if is_html_empty(self.runbook) else self.runbook

    # lifecycle

    @api.model
    def default_get(self, fields_list):
        """What tells how a flow came where it is comes from no default that somebody gives, superuser included."""
        return get_kept_defaults(self, KEPT - {"stage"}, fields_list, super().default_get)

    @api.model_create_multi
    def create(self, vals_list):
        """A flow starts as a draft, whatever the values say."""
        defaults = get_given_defaults(self)
        for vals in vals_list:
            self._check_kept({*vals, *defaults} - {"stage"})
        flows = super().create([{**vals, "state": "draft"} for vals in vals_list])
        for flow in flows:
            self.env["dist.flow.history"]._add(flow, "state", False, flow.state)
        return flows

    def _write_kept(self, vals):
        """Write what no person writes by hand, as part of what this user does: approval still asks for it."""
        state = get_state(self.env.cr)
        former, state.moving_flow = state.moving_flow, True
        try:
            return self.write(vals)
        finally:
            state.moving_flow = former

    def _check_kept(self, names):
        """:raises AccessError: a value that only follows from a step of the lifecycle or the cut-over"""
        state = get_state(self.env.cr)
        if self.env.su or state.approved or state.moving_flow:
            return
        kept = sorted(KEPT & set(names))
        if kept:
            raise AccessError(
                _(
                    "%s follows from the steps of a flow: use the buttons.",
                    ", ".join(self._fields[name].string for name in kept),
                )
            )

    def _check_identity(self, vals):
        """:raises UserError: a flow that is no draft would become another"""
        for name in IDENTITY:
            changed = self.filtered(
                lambda flow, name=name: (
                    flow.state != "draft" and flow[name].id != vals.get(name, flow[name].id)
                )
            )
            if changed:
                raise UserError(
                    _(
                        "%(flow)s was approved for this system and message type. Make a new flow, or take it back to "
                        "draft first.",
                        flow=changed[:1].name,
                    )
                )

    def write(self, vals):
        self._check_kept(vals)
        self._check_identity(vals)
        if "state" not in vals:
            return super().write(vals)
        moving = self.filtered(lambda flow: flow.state != vals["state"])
        before = moving._start_transition(vals["state"])
        result = super().write(vals)
        moving._finish_transition(before)
        return result

    def _start_transition(self, state):
        """:return: dict, flow to the state it leaves
        :raises UserError: it may not
        """
        self._check_transition(state)
        return {flow: flow.state for flow in self}

    def _finish_transition(self, before):
        for flow, state in before.items():
            flow._write_kept(self._prepare_state(flow.state))
            self.env["dist.flow.history"]._add(flow, "state", state, flow.state)

    @api.model
    def _prepare_state(self, state):
        """Values that come with a state."""
        now = fields.Datetime.now()
        return {
            "draft": {"approved_by_id": False, "approved_at": False, "sunset_date": False},
            "approved": {"approved_by_id": self.env.uid, "approved_at": now},
            "active": {
                "activated_at": now,
                "deprecated_at": False,
                "sunset_date": False,
                "retired_at": False,
            },
            "deprecated": {"deprecated_at": now},
            "retired": {"retired_at": now},
        }[state]

    def _check_transition(self, state):
        """:raises UserError: the lifecycle does not lead there, or something stands against it"""
        labels = dict(self._fields["state"]._description_selection(self.env))
        for flow in self:
            if state not in LIFECYCLE[flow.state]:
                raise UserError(
                    _(
                        "%(flow)s is %(present)s and cannot become %(wanted)s. Next may be: %(next)s.",
                        flow=flow.name,
                        present=labels[flow.state],
                        wanted=labels.get(state, state),
                        next=", ".join(labels[following] for following in LIFECYCLE[flow.state]),
                    )
                )
        if state == "retired":
            self._check_nothing_waits()

    def _check_nothing_waits(self):
        waiting = (
            self.env["dist.message"]
            .sudo()
            ._read_group([("flow_id", "in", self.ids), ("state", "in", WAITING)], ["flow_id"], ["__count"])
        )
        for flow, count in waiting:
            raise UserError(
                _(
                    "%(count)s messages wait on %(flow)s. Settle them before it is retired.",
                    count=count,
                    flow=flow.name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        """What was approved once is evidence."""
        for flow in self.filtered(lambda flow: flow.state != "draft"):
            raise UserError(_("Flow %s is not a draft. Retire it: the register keeps it.", flow.name))

    def _is_promised(self):
        """:return: whether the flow was approved and has not ended"""
        self.ensure_one()
        return self.state in PROMISED

    @api.constrains(
        "state",
        "business_owner_id",
        "technical_owner_id",
        "endpoint_id",
        "mapping_id",
        "message_type_id",
        "system_id",
    )
    def _check_running(self):
        """What was approved has owners; what moves messages also somewhere to go, and words that were approved."""
        for flow in self.filtered(lambda flow: flow._is_promised()):
            if not all(flow._get_owners()):
                raise ValidationError(
                    _("Flow %s needs a business owner and a technical owner, or its system does.", flow.name)
                )
        for flow in self.filtered(lambda flow: flow.state in RUNNING):
            if flow.direction == "out" and not flow.endpoint_id:
                raise ValidationError(_("Flow %s sends messages, so it needs an endpoint.", flow.name))
            if flow.mapping_id and flow.mapping_id.state != "approved":
                raise ValidationError(
                    _(
                        "Mapping %(mapping)s of flow %(flow)s is not approved.",
                        mapping=flow.mapping_id.name,
                        flow=flow.name,
                    )
                )

    @api.model
    def _get_refusal(self, system, message_type):
        """Why a system may not send a type now.

        :return: sentence for the sender
        """
        flow = self.sudo().search(
            [("system_id", "=", system.id), ("message_type_id", "=", message_type.id)],
            order="retired_at desc",
            limit=1,
        )
        if flow.state == "retired":
            return _(
                "%(type)s messages of this connection were retired on %(date)s.",
                type=message_type.code,
                date=fields.Date.to_string(flow.retired_at.date()),
            )
        if flow:
            return _("%s messages are agreed with this connection, but not active yet.", message_type.code)
        return _("%s messages are not agreed with this connection.", message_type.code)

    def action_approve(self):
        self.write({"state": "approved"})

    def action_activate(self):
        self.write({"state": "active"})

    def action_deprecate(self):
        self.write({"state": "deprecated"})

    def action_retire(self):
        self.write({"state": "retired"})

    def action_back_to_draft(self):
        self.write({"state": "draft"})

    def action_print_register(self):
        """The register as a page for an auditor: the chosen flows, or all of them."""
        flows = self or self.search([])
        return self.env.ref("dist_integration_base.report_dist_flow_register_html").report_action(flows)

    def _get_register_systems(self):
        """:return: list of (dist.system, its flows among these), for the report"""
        systems = self.system_id.sorted("name")
        return [
            (system, self.filtered(lambda flow, system=system: flow.system_id == system))
            for system in systems
        ]
