from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from .dist_domain_mixin import parse_domain

PREFIX = "dist.reconciliation.domain."
INTERVALS = [("hours", "Hours"), ("days", "Days"), ("weeks", "Weeks"), ("months", "Months")]


class DistReconciliationProfile(models.Model):
    """What is compared with which system, how often, and how far apart both sides may be."""

    _name = "dist.reconciliation.profile"
    _description = "Reconciliation profile"
    _inherit = ["dist.company.mixin", "dist.domain.mixin", "mail.thread", "dist.guarded.mixin"]
    _order = "sequence, name"

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    domain_code = fields.Selection(
        "_get_domain_codes",
        string="What is compared",
        required=True,
        default=lambda self: next((code for code, _label in self._get_domain_codes()), False),
        tracking=True,
    )
    system_id = fields.Many2one("dist.system", required=True, ondelete="restrict", index=True, tracking=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    scope_model = fields.Char(compute="_compute_scope_model")
    scope_domain = fields.Char(
        string="Only records that match",
        help="Limits what is expected of Odoo's side, such as the products one warehouse keeps.",
    )
    tolerance_ids = fields.One2many("dist.reconciliation.tolerance", "profile_id", copy=True)
    approval_limit = fields.Monetary(
        string="Second person above",
        default=0.0,
        tracking=True,
        help="A variance worth more is approved by somebody else than the person who explained it.",
    )
    auto_post = fields.Boolean(
        string="Post small variances by itself",
        tracking=True,
        help="A variance within tolerance that two snapshots in a row show alike is posted without a person.",
    )
    auto_post_limit = fields.Monetary(
        string="Up to a value of", tracking=True, help="A variance worth more waits for a person."
    )
    can_post = fields.Boolean(compute="_compute_can_post")
    owner_id = fields.Many2one("res.users", default=lambda self: self.env.user, tracking=True)
    is_scheduled = fields.Boolean(string="Expected regularly", tracking=True)
    interval_number = fields.Integer(default=1)
    interval_type = fields.Selection(INTERVALS, default="days", required=True)
    next_at = fields.Datetime(
        string="Next on", help="A run is made then, and waits for the partner's snapshot."
    )
    run_ids = fields.One2many("dist.reconciliation", "profile_id")
    run_count = fields.Integer(compute="_compute_figures")
    last_run_id = fields.Many2one(
        "dist.reconciliation", compute="_compute_figures", string="Last finished run"
    )
    last_accuracy = fields.Float(compute="_compute_figures", string="Accuracy (%)")
    open_line_count = fields.Integer(compute="_compute_figures", string="Open variances")

    _sql_constraints = [
        ("interval_positive", "CHECK(interval_number > 0)", "The interval is above zero."),
        (
            "limits_positive",
            "CHECK(approval_limit >= 0 AND auto_post_limit >= 0)",
            "Limits are not negative.",
        ),
    ]

    @api.model
    def _get_domain_codes(self):
        """:return: list of (code, label) of the domains the installed addons bring"""
        return sorted(
            (name.removeprefix(PREFIX), self.env[name]._description)
            for name in self.env.registry
            if name.startswith(PREFIX)
        )

    def _get_domain(self):
        """:return: abstract model of the domain"""
        self.ensure_one()
        return self.env[PREFIX + self.domain_code]

    @api.depends("domain_code")
    def _compute_can_post(self):
        for profile in self:
            profile.can_post = bool(profile.domain_code) and profile._get_domain()._is_posted

    @api.depends("domain_code")
    def _compute_scope_model(self):
        for profile in self:
            profile.scope_model = bool(profile.domain_code) and profile._get_domain()._get_scope_model()

    def _compute_figures(self):
        lines = dict(
            self.env["dist.reconciliation.line"]._read_group(
                [("profile_id", "in", self.ids), ("state", "in", ("open", "explained", "approved"))],
                ["profile_id"],
                ["__count"],
            )
        )
        for profile in self:
            runs = profile.run_ids
            done = runs.filtered(lambda run: run.state == "done")[:1]
            profile.run_count = len(runs)
            profile.last_run_id = done
            profile.last_accuracy = done.accuracy
            profile.open_line_count = lines.get(profile, 0)

    @api.constrains("scope_domain", "domain_code")
    def _check_scope_domain(self):
        for profile in self.filtered("scope_domain"):
            try:
                profile._get_scope()
            except Exception as error:
                raise ValidationError(
                    _(
                        "The filter of %(profile)s cannot be used: %(error)s",
                        profile=profile.name,
                        error=error,
                    )
                ) from error

    @api.model
    def _get_condition_fields(self):
        return {"scope_domain", "domain_code"}

    def _check_conditions_readable(self):
        model_name = self._get_domain()._get_scope_model()
        if model_name and self.scope_domain:
            self._check_domain_readable(model_name, self._parse_scope())

    def _parse_scope(self):
        return parse_domain(self.scope_domain, {"uid": self.env.uid})

    def _get_scope(self):
        """:return: SQL of the ids the scope allows; None when it allows all"""
        self.ensure_one()
        model_name = self._get_domain()._get_scope_model()
        if not self.scope_domain or not model_name:
            return None
        query = self.env[model_name].sudo().with_context(active_test=False)._search(self._parse_scope())
        return query.subselect()

    def _get_tolerances(self):
        """:return: SQL of rows (class_code, absolute, percent); the class '' holds for all without their own"""
        rules = [
            (rule.class_code or "", rule._get_absolute(), rule._get_percent()) for rule in self.tolerance_ids
        ]
        if not any(code == "" for code, _absolute, _percent in rules):
            rules.append(("", 0.0, 0.0))
        return SQL(", ").join(SQL("(%s, %s::numeric, %s::numeric)", *rule) for rule in rules)

    # what a person does

    def action_new_run(self):
        """Open a run that waits for the partner's snapshot."""
        self.ensure_one()
        self.env["ir.model.access"].check(self.run_ids._name, "write")
        self.check_access_rule("read")
        return self._open_run(self.run_ids._make(self))

    def _open_run(self, run):
        return {
            "type": "ir.actions.act_window",
            "res_model": run._name,
            "res_id": run.id,
            "views": [(False, "form")],
        }

    def action_view_runs(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_reconciliation"
        )
        return {
            **action,
            "domain": [("profile_id", "=", self.id)],
            "context": {"default_profile_id": self.id},
        }

    def action_view_open_lines(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_reconciliation_line"
        )
        return {**action, "domain": [("profile_id", "in", self.ids)]}

    def action_view_accuracy(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_reconciliation_accuracy"
        )
        return {**action, "domain": [("profile_id", "in", self.ids)]}

    # schedule

    @api.model
    def _cron_run(self):
        """Make the runs that are due, and take up those whose job was lost."""
        now = fields.Datetime.now()
        for profile in self.search([("is_scheduled", "=", True), ("next_at", "<=", now)]):
            profile._run_scheduled(now)
        self.env["dist.reconciliation"]._resume_lost()

    def _run_scheduled(self, now):
        missing = self.run_ids.filtered(lambda run: run.state == "draft" and run.is_scheduled)
        if missing:
            missing._tell_missing()
        else:
            run = self.run_ids._make(self, is_scheduled=True)
            if self._get_domain()._can_fetch(self):
                run._enqueue()
        while self.next_at <= now:
            self.next_at = fields.Datetime.add(self.next_at, **{self.interval_type: self.interval_number})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.run_ids:
            raise UserError(_("Archive the profile: its runs are kept as evidence."))
