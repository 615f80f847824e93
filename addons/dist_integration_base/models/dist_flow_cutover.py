from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib.difference import InvalidRule, Rules, is_in_share
from .dist_domain_mixin import parse_domain

STAGES = [
    ("shadow", "Shadow"),
    ("coexist", "Coexistence"),
    ("live", "Live"),
]


class DistFlow(models.Model):
    """Cut-over: a flow runs in the shadow of the old interface, beside it, then in its place."""

    _inherit = "dist.flow"

    stage = fields.Selection(
        STAGES,
        string="Cut-over stage",
        required=True,
        readonly=True,
        default="live",
        tracking=True,
        copy=False,
        help="Shadow: messages are compared with what the old interface did, nothing is applied or sent. "
        "Coexistence: both interfaces run, what the other one did is recognised. Live: this one alone.",
    )
    stage_since = fields.Datetime(readonly=True, copy=False, default=fields.Datetime.now)
    previous_stage = fields.Selection(STAGES, readonly=True, copy=False)
    rolled_back_at = fields.Datetime(readonly=True, copy=False)
    cutover_domain = fields.Char(
        string="Records of this interface",
        help="In coexistence: Odoo domain of the records that this interface handles; the old one handles the rest.",
    )
    cutover_share = fields.Integer(
        string="Share of this interface (%)",
        default=100,
        help="In coexistence: percentage of documents that this interface handles, chosen by their number.",
    )
    comparison_ignore = fields.Text(string="Fields passed over", help="One path a line: lines[].description")
    comparison_tolerances = fields.Text(
        string="Tolerances", help="One a line: lines[].unit_price = 0.01, or amount_total = 1%"
    )
    comparison_keys = fields.Text(string="Keys of lists", help="One a line: lines[] = line")
    comparison_ids = fields.One2many("dist.cutover.comparison", "flow_id", string="Comparisons")
    compared_count = fields.Integer(compute="_compute_comparison_counts", string="Compared")
    equal_count = fields.Integer(compute="_compute_comparison_counts", string="Equal")
    open_difference_count = fields.Integer(compute="_compute_comparison_counts", string="Open differences")
    waiting_reference_count = fields.Integer(
        compute="_compute_comparison_counts", string="Without counterpart"
    )
    to_handle_count = fields.Integer(
        compute="_compute_to_handle_count", string="To be handled after rolling back"
    )

    _sql_constraints = [
        ("cutover_share_range", "CHECK(cutover_share BETWEEN 0 AND 100)", "A share is 0 to 100 percent."),
    ]

    @api.depends("comparison_ids.state", "comparison_ids.is_accepted")
    def _compute_comparison_counts(self):
        groups = self.env["dist.cutover.comparison"]._read_group(
            [("flow_id", "in", self.ids)], ["flow_id", "state", "is_accepted"], ["__count"]
        )
        counts = {}
        for flow, state, accepted, count in groups:
            own = counts.setdefault(flow, {})
            for name in self._get_counted(state, accepted):
                own[name] = own.get(name, 0) + count
        for flow in self:
            own = counts.get(flow, {})
            flow.compared_count = own.get("compared", 0)
            flow.equal_count = own.get("equal", 0)
            flow.open_difference_count = own.get("open", 0)
            flow.waiting_reference_count = own.get("waiting", 0)

    @api.model
    def _get_counted(self, state, accepted):
        if state in ("waiting", "unmatched"):
            return ["waiting"]
        names = ["compared"]
        if state == "equal":
            names.append("equal")
        elif not accepted:
            names.append("open")
        return names

    def _compute_to_handle_count(self):
        groups = self.env["dist.message"]._read_group(
            [("flow_id", "in", self.ids), ("rollback_state", "=", "to_handle")], ["flow_id"], ["__count"]
        )
        counts = dict(groups)
        for flow in self:
            flow.to_handle_count = counts.get(flow, 0)

    @api.constrains("cutover_domain", "comparison_ignore", "comparison_tolerances", "comparison_keys")
    def _check_cutover_rules(self):
        for flow in self:
            try:
                flow._get_cutover_domain()
                flow._get_comparison_rules()
            except (ValueError, SyntaxError) as error:
                raise ValidationError(_("The records of flow %s are not a domain.", flow.name)) from error
            except InvalidRule as error:
                raise ValidationError(error.detail) from error

    def _get_cutover_domain(self):
        return parse_domain(self.cutover_domain)

    def _get_comparison_rules(self):
        return Rules.parse(
            self.comparison_ignore or "", self.comparison_tolerances or "", self.comparison_keys or ""
        )

    def _handles_key(self, key):
        """:return: False when a document of this number is the old interface's"""
        return self.cutover_share >= 100 or is_in_share(key or "", self.cutover_share)

    def _handles_record(self, record):
        """:return: False when a record is the old interface's"""
        domain = self._get_cutover_domain()
        return not domain or not record or bool(record.filtered_domain(domain))

    @api.model
    def _find_for_cutover(self, system, message_type):
        """:return: the flow on which a system's old interface may report; empty when there is none"""
        return self.sudo().search(
            [
                ("system_id", "=", system.id),
                ("message_type_id", "=", message_type.id),
                ("state", "in", ("active", "deprecated")),
                ("stage", "=", "shadow"),
            ],
            limit=1,
        )

    # stages

    def _set_stage(self, stage, reason):
        """Move to another stage; who, when and why is kept.

        :raises UserError: a reason is missing
        """
        self.ensure_one()
        if stage == self.stage:
            raise UserError(_("%s is at this stage already.", self.name))
        if not (reason or "").strip() and self._needs_reason(stage):
            raise UserError(_("Say why: differences are open on %s.", self.name))
        self._note_stage(stage, reason)
        self.with_context(dist_reason=reason)._write_kept(
            {
                "previous_stage": self.stage,
                "stage": stage,
                "stage_since": fields.Datetime.now(),
                "rolled_back_at": False,
            }
        )

    def _write_approved(self, vals, reason):
        """A step of the cut-over is taken with what is there when it is approved."""
        if "stage" not in vals:
            return super()._write_approved(vals, reason)
        if vals.get("rolled_back_at"):
            return self._roll_back(reason)
        return self._set_stage(vals["stage"], reason)

    def _needs_reason(self, stage):
        return stage == "live" and bool(self.open_difference_count)

    def _roll_back(self, reason):
        """Return to the stage before; what was exchanged since then is marked for handling.

        :return: dist.message, the messages to handle
        :raises UserError: there is no stage to return to, or no reason
        """
        self.ensure_one()
        if not self.previous_stage:
            raise UserError(_("%s has no stage to return to.", self.name))
        if not (reason or "").strip():
            raise UserError(_("Say why %s is rolled back.", self.name))
        since = self._get_messages_since()
        since.sudo().write({"rollback_state": "to_handle"})
        self._note_stage(self.previous_stage, reason, len(since))
        self.with_context(dist_reason=reason)._write_kept(
            {
                "stage": self.previous_stage,
                "previous_stage": False,
                "stage_since": fields.Datetime.now(),
                "rolled_back_at": fields.Datetime.now(),
            }
        )
        return since

    def _get_messages_since(self):
        """:return: dist.message that were exchanged at the present stage and had, or may have, an effect"""
        return self.env["dist.message"].search(
            [
                ("flow_id", "=", self.id),
                ("stage", "=", self.stage),
                ("received_at", ">=", self.stage_since or self.create_date),
                ("state", "!=", "cancelled"),
                ("child_ids", "=", False),
            ]
        )

    def _note_stage(self, stage, reason, handled=None):
        labels = dict(self._fields["stage"]._description_selection(self.env))
        text = _(
            "Cut-over: %(before)s to %(after)s. %(reason)s",
            before=labels[self.stage],
            after=labels[stage],
            reason=reason or "",
        )
        if handled is not None:
            text = _(
                "Rolled back from %(before)s to %(after)s, %(count)s messages to handle. %(reason)s",
                before=labels[self.stage],
                after=labels[stage],
                count=handled,
                reason=reason,
            )
        self._message_log(body=text)
        self.env["dist.flow.history"]._add(self, "stage", self.stage, stage, reason)

    def action_change_stage(self):
        """Show the comparison report, then ask for the next stage."""
        self.ensure_one()
        return self.env["dist.cutover.switch"]._open(self)

    def action_roll_back(self):
        self.ensure_one()
        return self.env["dist.cutover.switch"]._open(self, rolls_back=True)

    def action_compare_now(self):
        """Compare what waits: messages built in the shadow, and counterparts that came later."""
        self.check_access_rights("write")
        self.check_access_rule("write")
        self.env["dist.cutover.comparison"]._collect(self)
        self.comparison_ids._look_again()

    def action_view_comparisons(self):
        return self.env["dist.cutover.comparison"]._get_list_action([("flow_id", "in", self.ids)])

    def action_view_to_handle(self):
        action = self.env["dist.message"]._get_list_action(
            [("flow_id", "in", self.ids), ("rollback_state", "=", "to_handle")]
        )
        return {**action, "name": _("To be handled after rolling back")}
