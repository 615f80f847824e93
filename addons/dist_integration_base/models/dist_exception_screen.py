from odoo import _, api, fields, models

from ..tools import format_relative
from .dist_exception import CORRECTABLE, UNSOLVED

# what a person can still act on
STUCK = ("error", "dead", "retry")


class DistException(models.Model):
    """What a person sees of an exception: how urgent it is and what to press first."""

    _inherit = "dist.exception"

    due_in = fields.Char(compute="_compute_due_in", string="Due in")
    stuck_count = fields.Integer(compute="_compute_stuck_count", string="Messages that wait")
    main_action = fields.Selection(
        [
            ("fix", "Say what the code means"),
            ("correct", "Correct and resubmit"),
            ("retry", "Retry"),
            ("handle", "Settle by hand"),
            ("none", "Nothing"),
        ],
        compute="_compute_main_action",
        help="What most likely solves it; the button for it comes first.",
    )
    impact_text = fields.Char(compute="_compute_impact_text", string="What is at risk")

    @api.depends("due_at", "state")
    def _compute_due_in(self):
        for exception in self:
            unsolved = exception.state in ("open", "in_progress")
            exception.due_in = unsolved and format_relative(self.env, exception.due_at)

    @api.depends("dist_message_ids.state", "further_message_ids.state")
    def _compute_stuck_count(self):
        counts = self._get_state_counts(lambda state: state in STUCK)
        for exception in self:
            exception.stuck_count = counts.get(exception, 0)

    @api.depends("can_fix_mapping", "can_correct", "can_retry", "category")
    def _compute_main_action(self):
        for exception in self:
            exception.main_action = exception._get_main_action()

    def _get_main_action(self):
        """:return: key of the field `main_action`"""
        self.ensure_one()
        if self.state not in ("open", "in_progress"):
            return "none"
        if self.can_fix_mapping:
            return "fix"
        if self.can_correct and self.category in CORRECTABLE:
            return "correct"
        return "retry" if self.can_retry else "handle"

    @api.depends(
        "impact_orders",
        "impact_lines",
        "impact_value",
        "impact_warehouses",
        "currency_id",
        "stuck_count",
        "state",
    )
    def _compute_impact_text(self):
        for exception in self:
            unsolved = exception.state in UNSOLVED
            impact = {name: exception[f"impact_{name}"] for name in ("orders", "lines", "value")}
            parts = unsolved and (exception._get_impact_parts(impact) or exception._get_waiting_parts())
            exception.impact_text = ", ".join(parts or ())

    def _get_impact_parts(self, impact):
        """:param impact: dict with ``orders``, ``lines`` and ``value``
        :return: list of texts, the weightiest first
        """
        orders, lines, value = impact["orders"], impact["lines"], impact["value"]
        parts = []
        if orders:
            parts.append(_("1 order") if orders == 1 else _("%s orders", orders))
        if lines:
            parts.append(_("1 line") if lines == 1 else _("%s lines", lines))
        if value and self.currency_id:
            parts.append(self.currency_id.format(value))
        if self.impact_warehouses:
            parts.append(self.impact_warehouses)
        return parts

    def _get_waiting_parts(self):
        """:return: list of texts for what has no document yet"""
        if not self.stuck_count:
            return []
        return [_("1 message waits") if self.stuck_count == 1 else _("%s messages wait", self.stuck_count)]

    def action_replay(self):
        """Prepare a replay of what waits for these exceptions and show what would happen."""
        replays = self.env["dist.replay"]
        company = replays._get_single_company(self)
        return replays._open(
            {
                "criterion": "exception",
                "company_id": company.id,
                "exception_ids": [fields.Command.set(self.ids)],
            }
        )

    def action_view_trace(self):
        """Every message of the same trace, from the first call to the last effect."""
        return self.env["dist.message"]._get_timeline_action(
            [("trace_id", "in", [trace for trace in self.mapped("trace_id") if trace])]
        )
