import base64

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..lib.handling import Progress
from .dist_message import CHANNELS

UNSETTLED = ("open", "explained", "approved")


class DistReconciliation(models.Model):
    """One comparison of both sides, as they were at one moment."""

    _name = "dist.reconciliation"
    _description = "Reconciliation"
    _inherit = ["dist.company.mixin", "dist.run.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "moment desc, id desc"

    name = fields.Char(compute="_compute_name", store=True)
    profile_id = fields.Many2one(
        "dist.reconciliation.profile",
        required=True,
        ondelete="restrict",
        index=True,
    )
    system_id = fields.Many2one(related="profile_id.system_id", store=True)
    company_id = fields.Many2one(related="profile_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    owner_id = fields.Many2one(related="profile_id.owner_id", store=True)
    domain_code = fields.Selection(related="profile_id.domain_code")
    moment = fields.Datetime(
        string="As of",
        required=True,
        default=fields.Datetime.now,
        help="When the partner took the snapshot. What moved later does not count.",
    )
    coverage = fields.Selection(
        [("full", "Everything: what it does not name is not there"), ("part", "A count of what it names")],
        string="Snapshot covers",
        required=True,
        default="full",
        help="A cycle count covers a part: of what it does not name it says nothing.",
    )
    snapshot = fields.Binary(
        attachment=True,
        copy=False,
        help="The partner's side: CSV or JSON lines, as it is or packed with gzip.",
    )
    snapshot_name = fields.Char(copy=False)
    snapshot_help = fields.Char(compute="_compute_snapshot_help")
    message_id = fields.Many2one("dist.message", string="Received as", readonly=True, copy=False)
    is_scheduled = fields.Boolean(readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "Waits for the snapshot"),
            ("queued", "Queued"),
            ("running", "Comparing"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    error = fields.Text(readonly=True, copy=False)
    is_refused = fields.Boolean(readonly=True, copy=False, help="The snapshot itself cannot be used.")
    started_at = fields.Datetime(readonly=True, copy=False)
    finished_at = fields.Datetime(readonly=True, copy=False)
    progress_ids = fields.One2many("dist.reconciliation.progress", "run_id", string="Stages")
    stage = fields.Char(compute="_compute_progress")
    progress = fields.Float(compute="_compute_progress")
    their_count = fields.Integer(string="Records there", readonly=True, copy=False)
    our_count = fields.Integer(string="Records here", readonly=True, copy=False)
    counted = fields.Integer(string="Records compared", readonly=True, copy=False)
    matched_count = fields.Integer(string="Equal", readonly=True, copy=False)
    within_count = fields.Integer(string="Within tolerance", readonly=True, copy=False)
    variance_count = fields.Integer(string="Beyond tolerance", readonly=True, copy=False)
    missing_here_count = fields.Integer(string="Missing here", readonly=True, copy=False)
    missing_there_count = fields.Integer(string="Missing there", readonly=True, copy=False)
    in_flight_count = fields.Integer(string="Records with something in flight", readonly=True, copy=False)
    value_at_risk = fields.Monetary(readonly=True, copy=False, help="Of what is beyond tolerance, as found.")
    accuracy = fields.Float(
        string="Accuracy (%)",
        readonly=True,
        copy=False,
        group_operator="avg",
        digits=(6, 2),
        help="Records within tolerance / records compared. Never netted.",
    )
    line_ids = fields.One2many("dist.reconciliation.line", "run_id")
    accuracy_ids = fields.One2many("dist.reconciliation.accuracy", "run_id")
    unsettled_count = fields.Integer(compute="_compute_unsettled", string="To settle")
    unsettled_value = fields.Monetary(compute="_compute_unsettled", string="Value to settle")

    @api.depends("profile_id.name", "moment")
    def _compute_name(self):
        for run in self:
            moment = fields.Datetime.to_string(run.moment or fields.Datetime.now())[:16]
            # several runs may be as of one moment
            number = f" #{run._origin.id}" if run._origin else ""
            run.name = f"{run.profile_id.name} {moment}{number}"

    @api.depends("profile_id.domain_code")
    def _compute_snapshot_help(self):
        for run in self:
            run.snapshot_help = run.profile_id.domain_code and run.profile_id._get_domain()._get_help()

    @api.depends("progress_ids.percent", "state")
    def _compute_progress(self):
        for run in self:
            noted = run.progress_ids[:1]
            run.stage = noted.stage
            run.progress = 100.0 if run.state == "done" else noted.percent

    @api.depends("line_ids.state", "line_ids.value_at_risk")
    def _compute_unsettled(self):
        groups = self.env["dist.reconciliation.line"]._read_group(
            [("run_id", "in", self.ids), ("state", "in", UNSETTLED)],
            ["run_id", "state"],
            ["__count", "value_at_risk:sum"],
        )
        self.unsettled_count, self.unsettled_value = 0, 0.0
        for run, state, count, value in groups:
            # where nothing can be posted, approval is the end
            if state != "approved" or run.profile_id.can_post:
                run.unsettled_count += count
                run.unsettled_value += value

    @api.model_create_multi
    def create(self, vals_list):
        self._check_entered(set().union(*vals_list))
        return super().create(vals_list)

    def write(self, vals):
        self._check_entered(set(vals))
        if (
            not self.env.su
            and self._get_entered() & set(vals)
            and any(run.state not in ("draft", "failed") for run in self)
        ):
            raise UserError(_("What a run compares is not changed any more once it is started."))
        return super().write(vals)

    @api.model
    def _get_entered(self):
        """:return: set of the fields that a person enters; all else is found"""
        return {"profile_id", "moment", "coverage", "snapshot", "snapshot_name"}

    @api.model
    def _check_entered(self, names):
        """:raises AccessError: somebody tries to write what a run found"""
        chatter = {name for name in names if name.startswith(("message_", "activity_"))}
        if not self.env.su and names - self._get_entered() - chatter:
            raise AccessError(_("What a run found is not entered by hand."))

    @api.model
    def _make(self, profile, content=None, filename=None, moment=None, **values):
        """Make a run; with content it can be started at once.

        :param content: bytes of the partner's snapshot, CSV or JSON lines
        :param moment: datetime (UTC) at which the partner took it; None for now
        """
        return self.sudo().create(
            {
                "profile_id": profile.id,
                "moment": moment or fields.Datetime.now(),
                "snapshot": base64.b64encode(content) if content is not None else False,
                "snapshot_name": filename,
                **values,
            }
        )

    def _get_snapshot(self):
        """:return: ir.attachment of the snapshot; empty when there is none"""
        self.ensure_one()
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [("res_model", "=", self._name), ("res_field", "=", "snapshot"), ("res_id", "=", self.id)]
            )
        )

    # what a person does

    def action_start(self):
        """Compare in a job; a run that failed starts from the beginning.

        :raises UserError: there is nothing to compare with, or a later moment was compared already
        """
        self.check_access_rights("write")
        self.check_access_rule("write")
        for run in self:
            run._check_can_start()
        self.sudo()._enqueue()
        return True

    def _check_can_start(self):
        if self.state not in ("draft", "failed"):
            raise UserError(_("%s was started already.", self.name))
        if not self._get_snapshot() and not self.profile_id._get_domain()._can_fetch(self.profile_id):
            raise UserError(_("Add the partner's snapshot first: %s", self.snapshot_help))
        if self.moment > fields.Datetime.now():
            raise UserError(_("The moment of the snapshot lies ahead."))
        later = self._find_later()
        if later:
            raise UserError(_("A later snapshot was compared already: %s", later.name))

    def _find_later(self):
        """:return: a finished run of the same records as of a later moment; empty when there is none"""
        return self.search(
            [*self._get_same_domain(), ("state", "=", "done"), ("moment", ">", self.moment)], limit=1
        )

    def _get_same_domain(self):
        """:return: domain of the runs that compare the same records as this one"""
        return [("profile_id", "=", self.profile_id.id)]

    def _enqueue(self):
        self.write({"state": "queued", "error": False, "is_refused": False})
        for run in self:
            run.with_delay(
                channel=CHANNELS["bulk"],
                identity_key=run._get_identity_key(),
                description=_("Reconcile %s", run.name),
            )._job_run()
        self.profile_id._refresh_exceptions()

    def action_cancel(self):
        if any(run.state not in ("draft", "queued", "failed") for run in self):
            raise UserError(_("A run that is under way or done is not cancelled."))
        self.check_access_rights("write")
        self.check_access_rule("write")
        self.sudo().write({"state": "cancelled"})
        self.env["dist.audit.entry"]._add_each("cancelled", self)
        self.sudo().profile_id._refresh_exceptions()
        return True

    def action_view_lines(self):
        """The variances that are to be settled first."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_reconciliation_line"
        )
        return {
            **action,
            "domain": [("run_id", "=", self.id)],
            "context": {"search_default_unsettled": bool(self.unsettled_count)},
        }

    def _get_progress(self):
        """:return: Progress of this run, for whoever sent its snapshot"""
        self.ensure_one()
        if self.state == "done":
            return Progress("succeeded", self._get_outcome(), percent=100.0, stage=_("Done"))
        if self.state == "cancelled":
            return Progress("cancelled", _("The reconciliation was cancelled by the receiver."))
        if self.state == "failed":
            status = "failed" if self.is_refused else "waiting"
            return Progress(status, self.error, code="invalid_snapshot", stage=_("Failed"))
        return Progress("in_progress", percent=self.progress, stage=self.stage or _("Queued"))

    def _get_outcome(self):
        """:return: dict of what a finished run found, for whoever sent its snapshot"""
        return {
            "run": self.name,
            "records": self.their_count,
            "counted": self.counted,
            "equal": self.matched_count,
            "within_tolerance": self.within_count,
            "variances": self.variance_count,
            "accuracy": f"{self.accuracy:.2f}",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(run.state not in ("draft", "cancelled") for run in self):
            raise UserError(_("A run that was started is kept as evidence."))
