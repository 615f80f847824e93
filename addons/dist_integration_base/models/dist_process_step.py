from datetime import timedelta

import pytz

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from .dist_domain_mixin import parse_domain

UNITS = [
    ("hours", "Hours"),
    ("days", "Days"),
    ("working_hours", "Working hours"),
    ("working_days", "Working days"),
]

# in the unit of a step
LONGEST = 10_000
# how far a date is away that only stands for one, as 9999-12-31 does
NO_DATE = timedelta(days=36_500)


class DistProcessStep(models.Model):
    """One step of a process: what tells that it is reached, until when, and what happens otherwise."""

    _name = "dist.process.step"
    _description = "Step of a process"
    _inherit = ["dist.company.mixin", "dist.domain.mixin", "dist.cached.mixin", "dist.guarded.mixin"]
    _order = "process_id, sequence, id"

    process_id = fields.Many2one("dist.process", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="process_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    reached_by = fields.Selection(
        [("event", "An event"), ("message", "A message that is done"), ("condition", "A condition")],
        required=True,
        default="condition",
        help="An event of Odoo, a message received or delivered, or a condition on the document.",
    )
    event_type_id = fields.Many2one("dist.message.type", string="Event or message", ondelete="restrict")
    condition = fields.Char(
        help="Domain on the document. Beside an event or message it has to hold as well, when given."
    )
    due_from = fields.Selection(
        [("none", "No deadline"), ("step", "After another step"), ("field", "A date of the document")],
        required=True,
        default="none",
    )
    due_step_id = fields.Many2one("dist.process.step", string="After the step", ondelete="restrict")
    due_field = fields.Char(string="Date field")
    due_amount = fields.Float(string="Within", digits=(8, 2))
    due_unit = fields.Selection(UNITS, required=True, default="hours")
    severity = fields.Selection(
        [("low", "Low"), ("normal", "Normal"), ("high", "High"), ("critical", "Critical")],
        required=True,
        default="normal",
    )
    escalation_user_id = fields.Many2one(
        "res.users", help="Who is told when it is overdue. Empty: the system's owner."
    )
    is_skippable = fields.Boolean(
        string="May be left out", help="It counts as left out once a later step is reached."
    )
    refused_condition = fields.Char(
        string="Refused when",
        help="Domain on the document. A message of this step that failed for good is a refusal as well.",
    )
    compensation = fields.Selection("_get_compensations", help="What is done then, once.")

    _sql_constraints = [("code_uniq", "unique(process_id, code)", "A process has a step once.")]

    @api.model
    def _get_compensations(self):
        return self.env["dist.compensation"]._get_codes()

    @api.constrains(
        "reached_by",
        "event_type_id",
        "condition",
        "due_from",
        "due_field",
        "due_step_id",
        "due_amount",
    )
    def _check_definition(self):
        for step in self:
            if step.reached_by == "condition" and not step.condition:
                raise ValidationError(_("Step %s needs its condition.", step.name))
            if step.reached_by != "condition" and not step.event_type_id:
                raise ValidationError(_("Step %s needs its event or message.", step.name))
            step._check_due()

    @api.constrains("condition", "refused_condition", "process_id")
    def _check_conditions(self):
        for step in self:
            for text in (step.condition, step.refused_condition):
                step.process_id._check_domain(text)

    @api.model
    def _get_condition_fields(self):
        return {"condition", "refused_condition", "due_field", "process_id"}

    def _check_conditions_readable(self):
        model_name = self.process_id.model_name
        for text in (self.condition, self.refused_condition):
            self._check_domain_readable(model_name, parse_domain(text))
        if self.due_field:
            self._check_path_readable(model_name, self.due_field)

    def _check_due(self):
        if not 0 <= self.due_amount <= LONGEST:
            raise ValidationError(
                _("Step %(step)s: Within is between 0 and %(longest)s.", step=self.name, longest=LONGEST)
            )
        if self.due_from == "step" and (
            not self.due_step_id or self.due_step_id.process_id != self.process_id
        ):
            raise ValidationError(_("Step %s needs the step its deadline counts from.", self.name))
        field = self.process_id._get_documents()._fields.get(self.due_field or "")
        if self.due_from == "field" and (not field or field.type not in ("date", "datetime")):
            raise ValidationError(_("Step %s needs a date field of the document.", self.name))

    @api.model
    def _get_recorded_types(self):
        """:return: dist.message.type whose events running processes need, although nobody may be subscribed"""
        steps = self.sudo().search([("process_id.state", "=", "running")])
        return steps.event_type_id.filtered(lambda kind: kind.direction == "out")

    def _get_condition(self):
        return parse_domain(self.condition)

    def _get_due(self, base, company):
        """:param base: datetime (UTC) from which the deadline counts
        :return: datetime (UTC); None when the base stands for a date that nobody knows, such as the end of 9999
        """
        self.ensure_one()
        amount = self.due_amount
        if abs(base - fields.Datetime.now()) > NO_DATE:
            return None
        if not self.due_unit.startswith("working"):
            return base + timedelta(**{self.due_unit: amount})
        calendar = self.process_id.calendar_id or company.resource_calendar_id
        start = pytz.utc.localize(base)
        if self.due_unit == "working_hours":
            planned = calendar.plan_hours(amount, start, compute_leaves=True)
        else:
            # the day on which it starts does not count
            planned = calendar.plan_days(amount + 1, start, compute_leaves=True)
        if not planned:
            return base + timedelta(days=amount)
        return planned.astimezone(pytz.utc).replace(tzinfo=None)
