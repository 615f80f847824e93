from datetime import timedelta

from odoo import api, fields, models

from .dist_alert_rule import is_in_use

SCOPE_FIELDS = {"company": "company_id", "system": "system_id", "flow": "flow_id"}
# one that comes back within that time after it was over is the same one
CALM = timedelta(minutes=30)


class DistAlert(models.Model):
    """A figure that is beyond the threshold of a rule, from the moment it was noticed until it is over."""

    _name = "dist.alert"
    _description = "Alert"
    _order = "state desc, id desc"

    name = fields.Char(compute="_compute_name", store=True)
    rule_id = fields.Many2one("dist.alert.rule", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    system_id = fields.Many2one("dist.system", readonly=True, ondelete="cascade")
    flow_id = fields.Many2one("dist.flow", readonly=True, ondelete="cascade")
    severity = fields.Selection(related="rule_id.severity", store=True)
    state = fields.Selection(
        [("ended", "Over"), ("firing", "Alert"), ("pending", "Noticed")], required=True, readonly=True
    )
    value = fields.Float(string="Figure", readonly=True)
    value_text = fields.Char(compute="_compute_value_text", string="Is")
    condition = fields.Char(related="rule_id.condition")
    advice = fields.Text(related="rule_id.advice")
    noticed_at = fields.Datetime(string="Noticed", readonly=True)
    fired_at = fields.Datetime(string="Since", readonly=True)
    told_at = fields.Datetime(string="Last told", readonly=True)
    told = fields.Boolean(readonly=True, help="People were told that it fires, and not yet that it is over.")
    ended_at = fields.Datetime(string="Over since", readonly=True)
    times = fields.Integer(default=1, readonly=True, help="How often it came and went in a short time.")

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_alert_open_uniq ON dist_alert "
            "(rule_id, company_id, COALESCE(system_id, 0), COALESCE(flow_id, 0)) WHERE state <> 'ended'"
        )

    @api.depends("rule_id.name", "system_id.name", "flow_id.name", "company_id.name")
    def _compute_name(self):
        for alert in self:
            where = alert.flow_id.name or alert.system_id.name or alert.company_id.name
            alert.name = f"{alert.rule_id.name}: {where}"

    @api.depends("value", "rule_id.unit")
    def _compute_value_text(self):
        for alert in self:
            alert.value_text = f"{round(alert.value, 1):g} {alert.rule_id.unit}"

    def _is_watched(self):
        """:return: False when the rule, or what the alert is about, is archived or retired"""
        self.ensure_one()
        return self.rule_id._is_watching() and is_in_use(self[SCOPE_FIELDS[self.rule_id.scope]])

    def _get_scope_key(self):
        """:return: (company id, id of the record that the alert is about)"""
        self.ensure_one()
        return self.company_id.id, self[SCOPE_FIELDS[self.rule_id.scope]].id

    @api.model
    def _reopen_or_create(self, rule, key, value):
        """The alert of a scope: the one that was over a moment ago, else a new one.

        A figure that goes up and down around its threshold so stays one alert.
        """
        company_id, record_id = key
        name = SCOPE_FIELDS[rule.scope]
        former = self.search(
            [
                ("rule_id", "=", rule.id),
                ("company_id", "=", company_id),
                (name, "=", record_id),
                ("state", "=", "ended"),
                ("ended_at", ">", fields.Datetime.now() - CALM),
            ],
            limit=1,
        )
        if former:
            former.write({"state": "pending", "noticed_at": fields.Datetime.now(), "times": former.times + 1})
            return former
        return self.create(
            {
                "rule_id": rule.id,
                "company_id": company_id,
                name: record_id,
                "state": "pending",
                "value": value,
                "noticed_at": fields.Datetime.now(),
            }
        )

    def _fire(self):
        """Have those fire that lasted long enough.

        :return: those that fire from now on
        """
        now = fields.Datetime.now()
        ripe = self.filtered(
            lambda alert: (
                alert.state == "pending"
                and now - alert.noticed_at >= timedelta(minutes=alert.rule_id.duration_minutes)
            )
        )
        ripe.write({"state": "firing", "ended_at": False, "fired_at": now})
        return ripe

    def _is_due(self):
        """Whether people are to be told that this fires: at once, and again after the quiet time; of one that came
        back shortly after it was over, when it stays.
        """
        self.ensure_one()
        if self.state != "firing":
            return False
        if not self.told_at:
            return True
        since = fields.Datetime.now() - self.told_at
        if not self.told:
            return since >= CALM
        hours = self.rule_id.quiet_hours
        return bool(hours) and since >= timedelta(hours=hours)

    def _end(self):
        """End these.

        :return: those of which people were told that they fire
        """
        told = self.filtered("told")
        never_fired = self.filtered(lambda alert: not alert.told_at and not alert.fired_at)
        never_fired.unlink()
        (self - never_fired).write({"state": "ended", "ended_at": fields.Datetime.now()})
        return told

    def _get_people(self):
        """:return: res.users that are to know and can be told: those of the rule, else the owners, else the managers;
        empty when nobody can be told
        """
        self.ensure_one()
        system = self.system_id or self.flow_id.system_id
        owners = self.flow_id.technical_owner_id | system.technical_owner_id | system.business_owner_id
        managers = self.env["res.users"]._dist_get_managers(self.company_id)
        for people in (self.rule_id.user_ids, owners, managers):
            told = self.rule_id._filter_can_be_told(people._dist_get_reachable(self.company_id))
            if told:
                return told.sorted("id")
        return self.env["res.users"]

    def action_view_cause(self):
        """Where the figure comes from."""
        self.ensure_one()
        return self.env["dist.alert.rule"]._get_cause_action(self)
