import json

from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from ..tools import format_age, format_relative
from .dist_backlog import REFUSED


class DistMessage(models.Model):
    """What a person sees of a message, and who may act on it."""

    _inherit = "dist.message"

    direction_arrow = fields.Char(compute="_compute_direction_arrow", string="Direction (arrow)")
    age = fields.Char(compute="_compute_age")
    summary = fields.Char(compute="_compute_summary", string="What happened")
    can_retry = fields.Boolean(compute="_compute_can")
    can_correct = fields.Boolean(compute="_compute_can")
    can_cancel = fields.Boolean(compute="_compute_can")
    can_view_exception = fields.Boolean(compute="_compute_can")
    is_refused = fields.Boolean(
        compute="_compute_is_refused",
        string="Refused",
        help="Its sender was told at once; nobody here has to act.",
    )
    exception_state = fields.Selection(related="exception_id.state", string="State of the exception")
    child_count = fields.Integer(compute="_compute_child_count", string="Number of items")
    trace_count = fields.Integer(compute="_compute_trace_count", string="Messages of the trace")

    @api.depends("direction")
    def _compute_direction_arrow(self):
        arrows = {"in": _("↓ in"), "out": _("↑ out")}
        for message in self:
            message.direction_arrow = arrows.get(message.direction)

    @api.depends("received_at")
    def _compute_age(self):
        for message in self:
            message.age = format_age(self.env, message.received_at)

    @api.depends("state", "direction", "exception_id")
    def _compute_is_refused(self):
        refused = self.filtered_domain(REFUSED)
        for message in self:
            message.is_refused = message in refused

    @api.depends(
        "state",
        "error",
        "direction",
        "answer_status",
        "attempt_count",
        "next_attempt_at",
        "cancelled_by_id",
        "cancel_reason",
        "is_refused",
    )
    def _compute_summary(self):
        for message in self:
            message.summary = getattr(message, f"_get_summary_{message.state}")()

    def _get_summary_pending(self):
        """:return: one line for the list, like that of each other state below"""
        if self.direction == "in":
            return _("Waits to be processed")
        reason = self.endpoint_id._get_blocked_reason() if self.endpoint_id else False
        return _("Kept until it can be sent. %s", reason) if reason else _("Waits to be sent")

    def _get_summary_retry(self):
        if not self.next_attempt_at or self.next_attempt_at <= fields.Datetime.now():
            return _(
                "Try %(number)s failed, the next one is due: %(error)s",
                number=self.attempt_count,
                error=self.error or "",
            )
        return _(
            "Try %(number)s failed, next one %(when)s: %(error)s",
            number=self.attempt_count,
            when=format_relative(self.env, self.next_attempt_at),
            error=self.error or "",
        )

    def _get_summary_error(self):
        return self.error or _("Waits for a person")

    def _get_summary_dead(self):
        if self.is_refused:
            return _("Refused, which its sender was told: %s", self.error or "")
        return self.error or _("Failed")

    def _get_summary_done(self):
        if self.cancelled_by_id and self.direction == "out":
            return _(
                "Delivered: it was already leaving when %(user)s cancelled it",
                user=self.sudo().cancelled_by_id.name,
            )
        if self.direction == "in":
            return _("Applied, answered with %s", self.answer_status) if self.answer_status else _("Applied")
        if self.attempt_count > 1:
            return _("Delivered at try %s", self.attempt_count)
        return _("Delivered")

    def _get_summary_cancelled(self):
        return _(
            "Cancelled by %(user)s: %(reason)s",
            user=self.sudo().cancelled_by_id.name or _("the system"),
            reason=self.cancel_reason or _("no reason given"),
        )

    @api.depends("state", "child_ids", "exception_id", "further_exception_ids")
    @api.depends_context("uid")
    def _compute_can(self):
        is_operator = self.env.user.has_group("dist_integration_base.group_dist_operator")
        is_user = self.env.user.has_group("dist_integration_base.group_dist_user")
        # beside the operators, those may act whose queue holds the exception
        readable = self.env["dist.exception"].search([("id", "in", self.sudo()._get_exceptions().ids)])
        for message in self:
            message.can_view_exception = message.sudo().exception_id in readable
            may_act = is_operator or (is_user and bool(message.sudo()._get_exceptions() & readable))
            message.can_retry = may_act and message.state in ("retry", "error", "dead")
            message.can_correct = may_act and message.state in ("error", "dead") and not message.child_ids
            message.can_cancel = may_act and message.state in ("pending", "retry", "error", "dead")

    @api.depends("child_ids")
    def _compute_child_count(self):
        for message in self:
            message.child_count = len(message.child_ids)

    @api.depends("trace_id")
    def _compute_trace_count(self):
        groups = self._read_group([("trace_id", "in", self.mapped("trace_id"))], ["trace_id"], ["__count"])
        counts = dict(groups)
        for message in self:
            message.trace_count = counts.get(message.trace_id, 0)

    def _get_unmapped_text(self):
        """:return: JSON text that a mapping starts from: what was received, or the data of the event"""
        self.ensure_one()
        source = self.sudo()
        if source.direction == "in" and source.raw:
            text = source._get_raw().decode("utf-8-sig", "replace")
        elif source.event_id.payload:
            text = source.event_id.payload
        else:
            text = source._get_body_text()
        try:
            return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            return text

    @api.model
    def _check_may_act_on_all(self):
        """:raises AccessError: the user is no operator"""
        self.env["ir.model.access"].check(self._name, "write")

    def _check_may_act(self):
        """Operators act on every message; others on those of the exceptions they work on.

        :raises AccessError: the user may neither
        """
        if self.env.su:
            return
        if self.env["ir.model.access"].check(self._name, "write", raise_exception=False):
            self.check_access_rule("write")
            return
        self.check_access_rule("read")
        exceptions = self.env["dist.exception"].search([("id", "in", self.sudo()._get_exceptions().ids)])
        if not all(message.sudo()._get_exceptions() & exceptions for message in self):
            raise AccessError(
                _("Only an operator may act on a message that belongs to no exception of yours.")
            )
        exceptions.check_access_rights("write")
        exceptions.check_access_rule("write")

    def action_ask_cancel(self):
        """Ask for the reason, then cancel."""
        self._check_may_act()
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.message.cancel",
            "views": [(False, "form")],
            "target": "new",
            "name": _("Cancel"),
            "context": {"default_message_ids": [fields.Command.set(self.ids)]},
        }

    def action_replay(self):
        """Prepare a replay of these messages and show what would happen."""
        replays = self.env["dist.replay"]
        company = replays._get_single_company(self)
        return replays._open({"criterion": "selection", "company_id": company.id}, messages=self)

    def action_view_items(self):
        return self._get_list_action([("parent_id", "in", self.ids)])

    def action_view_exception(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.exception",
            "res_id": self.exception_id.id,
            "views": [(False, "form")],
        }
