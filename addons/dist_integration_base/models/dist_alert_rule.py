import logging
from datetime import timedelta

from markupsafe import escape

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..lib.handling import ExceptionSpec
from .dist_exception import CATEGORIES

_logger = logging.getLogger(__name__)

EVERYWHERE = ("company", "system", "flow")
SCOPE_MODELS = {"company": "res.company", "system": "dist.system", "flow": "dist.flow"}
EXCEPTION_SEVERITIES = {"info": "normal", "warning": "high", "critical": "critical"}
SHOWN_ALERTS = 20
SCOPES = [("company", "Company"), ("system", "System"), ("flow", "Flow")]


class DistAlertRule(models.Model):
    """When people are told: one figure, watched for each company, system or flow."""

    _name = "dist.alert.rule"
    _description = "Alert rule"
    _inherit = ["dist.company.mixin", "mail.thread", "mail.activity.mixin", "dist.guarded.mixin"]
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: the rule watches every company by itself."
    )
    figure = fields.Selection(selection="_get_figure_selection", required=True)
    scope = fields.Selection(
        SCOPES,
        string="One alert per",
        required=True,
        default="system",
        help="The figure is taken of each of these by itself.",
    )
    system_id = fields.Many2one("dist.system", help="Empty: every system.")
    flow_id = fields.Many2one("dist.flow", help="Empty: every flow.")
    category = fields.Selection(CATEGORIES, help="Only exceptions of this category. Empty: all.")
    threshold = fields.Float(required=True)
    unit = fields.Char(compute="_compute_unit")
    below = fields.Boolean(
        compute="_compute_unit", help="The alert is raised when the figure is below the threshold."
    )
    condition = fields.Char(compute="_compute_condition", string="When")
    duration_minutes = fields.Integer(
        string="For (minutes)", default=0, help="How long it must last before anybody is told."
    )
    window_minutes = fields.Integer(
        string="Looking back (minutes)", default=60, help="For rates: the time whose messages count."
    )
    quiet_hours = fields.Integer(
        string="Remind after (hours)",
        default=24,
        required=True,
        help="While the alert lasts, nobody is told again before. 0: no reminder.",
    )
    severity = fields.Selection(
        [("info", "Information"), ("warning", "Warning"), ("critical", "Critical")],
        required=True,
        default="warning",
    )
    by_mail = fields.Boolean(string="By e-mail", default=True)
    by_activity = fields.Boolean(
        string="By activity", help="One activity a person on this rule; it goes away with the alert."
    )
    by_webhook = fields.Boolean(
        string="By webhook", help="As a signed integration.alert message to the flows of that type."
    )
    user_ids = fields.Many2many(
        "res.users",
        string="People",
        domain="[('share', '=', False)]",
        help="Empty: the owners of the system, or the managers when there is none. Also when none of them can be told.",
    )
    advice = fields.Text(translate=True, help="What to do, told with the alert.")
    alert_ids = fields.One2many("dist.alert", "rule_id")
    firing_count = fields.Integer(compute="_compute_firing_count", string="Alerts now")

    _sql_constraints = [
        (
            "times_positive",
            "CHECK(duration_minutes >= 0 AND window_minutes > 0 AND quiet_hours >= 0)",
            "Times cannot be negative, and a rate looks back at least one minute.",
        ),
    ]

    @api.model
    def _get_company_parents(self):
        return ["system_id", "flow_id"]

    @api.model
    def _get_figures(self):
        """Figures that can be watched; addons add theirs, with a method ``_get_figure_<name>``.

        :return: dict, name to (label, unit, whether below the threshold is bad, scopes)
        """
        messages, exceptions, minutes = _("messages"), _("exceptions"), _("minutes")
        return {
            "queue_age": (_("Oldest waiting message"), minutes, False, EVERYWHERE),
            "queue_depth": (_("Waiting messages"), messages, False, EVERYWHERE),
            "failed": (_("Failed messages"), messages, False, EVERYWHERE),
            "held": (_("Messages that wait for a person"), messages, False, EVERYWHERE),
            "success_rate": (_("Tries that succeed"), "%", True, EVERYWHERE),
            "latency": (_("95 of 100 deliveries take"), _("seconds"), False, EVERYWHERE),
            "volume": (_("Messages, of the usual number"), "%", True, EVERYWHERE),
            "exceptions": (_("Open exceptions"), exceptions, False, EVERYWHERE),
            "overdue": (_("Overdue exceptions"), exceptions, False, EVERYWHERE),
            "milestones": (_("Overdue milestones"), _("milestones"), False, ("company", "system")),
            "endpoint_held": (_("Held back by an endpoint"), messages, False, ("company", "system")),
            "credential": (_("Credential expires in"), _("days"), True, ("company", "system")),
        }

    @api.model
    def _get_figure_selection(self):
        return [(name, figure[0]) for name, figure in self._get_figures().items()]

    @api.depends("figure")
    def _compute_unit(self):
        figures = self._get_figures()
        for rule in self:
            _label, rule.unit, rule.below, _scopes = figures.get(rule.figure, ("", "", False, ()))

    @api.depends("figure", "threshold", "duration_minutes", "category")
    def _compute_condition(self):
        figures = dict(self._fields["figure"]._description_selection(self.env))
        categories = dict(self._fields["category"]._description_selection(self.env))
        for rule in self:
            text = (
                f"{figures.get(rule.figure, '')} {'<' if rule.below else '>'} {rule.threshold:g} {rule.unit}"
            )
            if rule.category:
                text = f"{text} ({categories[rule.category]})"
            if rule.duration_minutes:
                text = _(
                    "%(condition)s for %(minutes)s minutes", condition=text, minutes=rule.duration_minutes
                )
            rule.condition = text

    @api.depends("alert_ids.state")
    def _compute_firing_count(self):
        counts = dict(
            self.env["dist.alert"]._read_group(
                [("rule_id", "in", self.ids), ("state", "=", "firing")], ["rule_id"], ["__count"]
            )
        )
        for rule in self:
            rule.firing_count = counts.get(rule, 0)

    @api.constrains("figure", "scope")
    def _check_scope(self):
        for rule in self:
            scopes = self._get_figures()[rule.figure][3]
            if rule.scope not in scopes:
                labels = dict(self._fields["scope"]._description_selection(self.env))
                raise ValidationError(
                    _(
                        "This figure is known per %s.",
                        ", ".join(labels[scope] for scope in scopes),
                    )
                )

    @api.constrains("company_id", "system_id", "flow_id")
    def _check_companies(self):
        for rule in self.filtered("company_id"):
            if (rule.system_id.company_id | rule.flow_id.company_id) - rule.company_id:
                raise ValidationError(_("What rule %s watches belongs to another company.", rule.name))

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals:
            self._after_archive()
        return result

    def _after_archive(self):
        """What an archived rule raised is over."""
        for rule in self.filtered(lambda rule: not rule.active):
            rule.sudo()._evaluate()

    def action_view_alerts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_base.action_dist_alert")
        return {**action, "domain": [("rule_id", "=", self.id)], "context": {"search_default_open": 0}}

    # evaluating

    @api.model
    def _cron_evaluate(self):
        """Compare every figure with its rules; tell people what changed."""
        domain = ["|", ("active", "=", True), ("alert_ids.state", "!=", "ended")]
        for rule_id in self.with_context(active_test=False).search(domain).ids:
            try:
                self.env["dist.message"]._in_own_transaction(
                    lambda env, rule_id=rule_id: env["dist.alert.rule"].browse(rule_id)._evaluate()
                )
            except Exception:  # pylint: disable=broad-except
                # the other rules are watched all the same
                _logger.exception("Alert rule %s cannot be evaluated", rule_id)

    def _evaluate(self):
        """Raise, remind of and end the alerts of this rule.

        What is told is grouped: one e-mail a rule, company and run, whatever the number of alerts.
        """
        self.ensure_one()
        alerts = self.env["dist.alert"]
        breached = self._get_breaches()
        unended = alerts.search([("rule_id", "=", self.id), ("state", "!=", "ended")])
        known = {alert._get_scope_key(): alert for alert in unended}
        gone = alerts.union(*(alert for key, alert in known.items() if key not in breached))
        for key, value in breached.items():
            alert = known.get(key) or alerts._reopen_or_create(self, key, value)
            alert.value = value
            known[key] = alert
        going_on = alerts.union(*known.values()) - gone
        fired = going_on._fire()
        due = going_on.filtered(lambda alert: alert._is_due())
        companies = (going_on | gone).company_id
        ended = gone._end()
        for company in companies:
            groups = (due & fired, due - fired, ended)
            own = [group.filtered(lambda alert, c=company: alert.company_id == c) for group in groups]
            rule = self.with_company(company)
            rule._refresh_untold(company, rule._tell(*own) if any(own) else alerts)

    def _get_breaches(self):
        """:return: dict, (company id, scope record's id) to the value, of those beyond the threshold"""
        self.ensure_one()
        if not self._is_watching():
            return {}
        values = getattr(self, f"_get_figure_{self.figure}")()
        places = self.env[SCOPE_MODELS[self.scope]].browse([record_id for _company, record_id in values])
        watched = set(places.filtered(is_in_use).ids)
        return {
            key: value
            for key, value in values.items()
            if key[1] in watched and (value < self.threshold if self.below else value > self.threshold)
        }

    def _is_watching(self):
        """:return: False when the rule, or what it alone watches, is archived or retired"""
        self.ensure_one()
        return self.active and all(
            is_in_use(place) for place in (self.company_id, self.system_id, self.flow_id)
        )

    def _get_companies(self):
        return self.company_id or self.env["res.company"].search([])

    def _get_since(self):
        return fields.Datetime.now() - timedelta(minutes=self.window_minutes)

    # telling

    def _tell(self, started, reminded, ended):
        """Tell people of alerts, grouped by those who are to know.

        :param started: dist.alert that begin
        :param reminded: dist.alert that go on
        :param ended: dist.alert that are over
        :return: dist.alert that begin or go on and of which nobody could be told
        """
        now = fields.Datetime.now()
        if self.by_webhook:
            (started | reminded | ended)._dist_emit("integration.alert")
        groups = {}
        for index, alerts in enumerate((started, reminded, ended)):
            for alert in alerts:
                people = alert._get_people()
                lists = groups.setdefault(people, [self.env["dist.alert"]] * 3)
                lists[index] |= alert
        untold = self.env["dist.alert"]
        for people, lists in groups.items():
            if self.by_mail:
                self._send_mail(people, *lists)
            if self.by_activity:
                self._update_activities(people, lists[0] | lists[1])
            if not people and (self.by_mail or self.by_activity) and not self.by_webhook:
                untold |= lists[0] | lists[1]
        ((started | reminded) - untold).write({"told_at": now, "told": True})
        ended.write({"told_at": now, "told": False})
        return untold

    def _filter_can_be_told(self, people):
        """:return: those of these res.users whom the rule has a way to tell"""
        self.ensure_one()
        if self.by_activity or not self.by_mail:
            return people
        return people.filtered("email") if self._get_mail_template() else people.browse()

    def _refresh_untold(self, company, untold):
        """What nobody could be told of stands before a manager until somebody was told or it is over.

        :param untold: dist.alert of the company
        """
        fingerprint = f"{self.id}/{company.id}"
        exceptions = self.env["dist.exception"]
        if untold:
            exceptions._open_without_message(self._prepare_untold(untold, fingerprint), company)
        else:
            exceptions._close_without_message(["alert_untold"], fingerprint)

    def _prepare_untold(self, untold, fingerprint):
        return ExceptionSpec(
            "technical",
            "alert_untold",
            _("Nobody can be told of alerts: %s", self.name),
            detail="\n".join(f"{alert.name}: {alert.value_text}" for alert in untold[:SHOWN_ALERTS]),
            record=self,
            severity=EXCEPTION_SEVERITIES[self.severity],
            suggestion=_(
                "Give the rule people who can log in, see the company and have an e-mail address. It closes by itself "
                "once somebody was told."
            ),
            fingerprint=fingerprint,
        )

    @api.model
    def _get_mail_template(self):
        return self.env.ref("dist_integration_base.mail_template_alert", raise_if_not_found=False)

    def _send_mail(self, people, started, reminded, ended):
        template = self._get_mail_template()
        addresses = people.filtered("email").partner_id
        if not template or not addresses:
            return
        context = {
            "started": started,
            "reminded": reminded,
            "ended": ended,
            "lang": people[:1].lang,
        }
        template.with_context(**context).send_mail(
            self.id, email_values={"recipient_ids": [(6, 0, addresses.ids)], "auto_delete": False}
        )

    def _update_activities(self, people, alerts):
        """One activity a person as long as anything fires; none when all is over."""
        firing = self.env["dist.alert"].search([("rule_id", "=", self.id), ("state", "=", "firing")])
        if not firing:
            self.activity_unlink(["mail.mail_activity_data_todo"])
            return
        if not alerts:
            return
        summary = _("%(number)s alerts: %(rule)s", number=len(firing), rule=self.name)
        note = escape(self.advice or "")
        for user in people:
            open_ones = self.activity_ids.filtered(lambda activity, user=user: activity.user_id == user)
            if open_ones:
                open_ones.write({"summary": summary, "note": note})
            else:
                # told by mail where the rule says so: no second one about the activity
                self.with_context(mail_activity_quick_update=True).activity_schedule(
                    "mail.mail_activity_data_todo", summary=summary, note=note, user_id=user.id
                )


def is_in_use(place):
    """:param place: company, system or flow; may be empty"""
    if place._name == "dist.flow":
        return place.state != "retired" and is_in_use(place.system_id)
    return not place or place.active
