from datetime import datetime, time, timedelta

import pytz

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..lib.ordering import SupplierCalendar

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# holidays are looked up that far around today
DAYS_BEFORE, DAYS_AHEAD = 31, 400


class DistPlanningSupplier(models.Model):
    """When a supplier takes orders and works, and what it accepts as one order."""

    _name = "dist.planning.supplier"
    _description = "Order rules of a supplier"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _rec_name = "partner_id"
    _order = "partner_id"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner", string="Supplier", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working days",
        check_company=True,
        help="Lead times count these days only, holidays left out; empty to count every day.",
    )
    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean()
    sunday = fields.Boolean()
    currency_id = fields.Many2one(
        "res.currency", default=lambda self: self.env.company.currency_id, required=True
    )
    minimum_value = fields.Monetary(
        string="Smallest order", help="Below it proposals wait for a planner; 0 for none."
    )

    _sql_constraints = [
        ("partner_uniq", "unique(partner_id, company_id)", "The supplier has order rules already."),
        (
            "order_days",
            "CHECK(monday OR tuesday OR wednesday OR thursday OR friday OR saturday OR sunday)",
            "A supplier takes orders on at least one day of the week.",
        ),
    ]

    @api.constrains("calendar_id")
    def _check_calendar(self):
        for rule in self:
            if rule.calendar_id and not rule.calendar_id.attendance_ids:
                raise ValidationError(
                    _("%s has no working hours; leave it empty to count every day.", rule.calendar_id.name)
                )

    @api.model
    def _get_rules(self, partners, company):
        """:return: dict, partner id to dist.planning.supplier, of those who have order rules"""
        rules = self.search([("partner_id", "in", partners.ids), ("company_id", "=", company.id)])
        return {rule.partner_id.id: rule for rule in rules}

    def _get_calendar(self):
        """:return: lib.ordering.SupplierCalendar; every day counts where nobody said otherwise"""
        if not self:
            return SupplierCalendar()
        self.ensure_one()
        order_days = frozenset(number for number, name in enumerate(WEEKDAYS) if self[name])
        work_days = {int(line.dayofweek) for line in self.calendar_id.attendance_ids}
        # hours may have been taken from the calendar later
        if not work_days:
            return SupplierCalendar(order_days)
        return SupplierCalendar(order_days, frozenset(work_days), self._get_holidays(work_days))

    def _get_holidays(self, work_days):
        """:return: set of dates around today on which the supplier usually works, and does not"""
        calendar = self.calendar_id
        zone = pytz.timezone(calendar.tz or "UTC")
        today = fields.Date.context_today(self)
        first, last = today - timedelta(days=DAYS_BEFORE), today + timedelta(days=DAYS_AHEAD)
        start, end = (zone.localize(datetime.combine(day, time.min)) for day in (first, last))
        intervals = calendar._work_intervals_batch(start, end)[False]
        worked = {begin.astimezone(zone).date() for begin, _end, _lines in intervals}
        days = (first + timedelta(days=number) for number in range((last - first).days))
        return {day for day in days if day.weekday() in work_days and day not in worked}
