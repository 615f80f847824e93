import logging

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.models.dist_message import CHANNELS
from odoo.addons.dist_integration_base.models.transaction import is_connection_lost
from odoo.addons.queue_job.exception import RetryableJobError

_logger = logging.getLogger(__name__)

FAILED = "planning_run_failed"
# days; nobody has the plan of another time in force
LONGEST_BACK, LONGEST_AHEAD = 3650, 31
PLANNER = "dist_integration_planning.group_dist_planning_planner"


class DistPlanningRun(models.Model):
    """One run of the built-in planner: it makes a version of forecasts, parameters and proposals, or nothing."""

    _name = "dist.planning.run"
    _description = "Planning run"
    _inherit = ["dist.company.mixin", "dist.kept.mixin", "dist.run.mixin"]
    _order = "id desc"

    name = fields.Char(compute="_compute_name", store=True)
    source_id = fields.Many2one(
        "dist.planning.source",
        required=True,
        ondelete="cascade",
        index=True,
        domain=[("kind", "=", "built_in")],
    )
    company_id = fields.Many2one(related="source_id.company_id", store=True, index=True)
    as_of = fields.Date(
        required=True, help="The first day that is planned; the history ends before its week or month."
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("queued", "Queued"),
            ("running", "Planning"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True,
        default="draft",
        readonly=True,
        index=True,
    )
    error = fields.Text(readonly=True)
    started_at = fields.Datetime(readonly=True)
    finished_at = fields.Datetime(readonly=True)
    progress_ids = fields.One2many("dist.planning.run.progress", "run_id", string="Stages")
    stage = fields.Char(compute="_compute_progress")
    progress = fields.Float(compute="_compute_progress")
    batch_id = fields.Many2one("dist.planning.batch", string="Version", readonly=True)
    item_count = fields.Integer(string="Items", readonly=True)
    proposal_count = fields.Integer(string="Proposals", readonly=True)
    better_count = fields.Integer(
        string="Better than naive",
        readonly=True,
        help="Items of which the method made less error than the last value when it was tried on their history.",
    )

    @api.depends("source_id.name", "as_of")
    def _compute_name(self):
        for run in self:
            run.name = f"{run.source_id.name} {run.as_of or ''}"

    @api.depends("progress_ids.percent", "state")
    def _compute_progress(self):
        for run in self:
            noted = run.progress_ids[:1]
            run.stage = noted.stage
            run.progress = 100.0 if run.state == "done" else noted.percent

    @api.constrains("as_of", "source_id")
    def _check_as_of(self):
        for run in self:
            ahead = (run.as_of - run.source_id._get_today()).days
            if not -LONGEST_BACK <= ahead <= LONGEST_AHEAD:
                raise ValidationError(
                    _("A run plans from a day of the last ten years on, or of the next month: %s.", run.as_of)
                )

    @api.model
    def _get_writable_fields(self):
        return {"source_id", "as_of"}

    def write(self, vals):
        if not self.env.su and any(run.state not in ("draft", "failed") for run in self):
            raise UserError(_("A run that was started is not changed any more."))
        return super().write(vals)

    @api.model
    def _make(self, source, as_of=None):
        """:return: dist.planning.run, not started

        :param as_of: first day that is planned; None for today
        """
        return self.sudo().create({"source_id": source.id, "as_of": as_of or source._get_today()})

    def action_start(self):
        """Plan in a job; a run that failed starts from the beginning."""
        self.check_access_rights("write")
        self.check_access_rule("write")
        for run in self:
            if run.state not in ("draft", "failed"):
                raise UserError(_("%s was started already.", run.name))
        self.sudo()._enqueue()
        return True

    def action_view_proposals(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Proposals of %s", self.name),
            "res_model": "dist.planning.proposal",
            "view_mode": "tree,form",
            "domain": [("batch_id", "=", self.batch_id.id)],
        }

    def _enqueue(self):
        self.write({"state": "queued", "error": False})
        for run in self:
            run.with_delay(
                channel=CHANNELS["bulk"],
                identity_key=run._get_identity_key(),
                description=_("Plan %s", run.name),
            )._job_run()

    def _get_identity_key(self):
        return f"dist-planning:{self.id}"

    def _get_run_lock(self):
        return f"dist.planning.run/{self.source_id.id}"

    def _run(self):
        """Plan in a transaction of its own: all of it becomes visible at once, or nothing."""
        run_id = self.id

        def plan(env):
            run = env["dist.planning.run"].browse(run_id)
            run.with_company(run.company_id)._plan(self._note)

        try:
            self.source_id._do_beside_decisions(plan)
        except RetryableJobError:
            raise
        except Exception as error:  # pylint: disable=broad-except
            if is_connection_lost(error):
                raise
            _logger.exception("Planning run %s failed", self.id)
            self._record_failure(error)

    def _record_failure(self, error):
        run_id = self.id
        text = str(error.args[0]) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"

        def record(env):
            run = env["dist.planning.run"].browse(run_id)
            run.write({"state": "failed", "error": text[:10_000], "finished_at": fields.Datetime.now()})
            env["dist.exception"]._open_without_message(
                run._prepare_failure(text), run.company_id, assignee=run._get_assignee()
            )

        self.env["dist.message"]._in_own_transaction(record)

    def _get_assignee(self):
        """:return: res.users who started it, or set the planner up; empty where that is nobody who may plan"""
        users = self.create_uid | self.source_id.create_uid
        return users.filtered(lambda user: user.active and user.has_group(PLANNER))[:1]

    def _prepare_failure(self, text):
        return ExceptionSpec(
            "technical",
            FAILED,
            _("%s could not be planned", self.name),
            detail=text[:5_000],
            record=self,
            severity="high",
            suggestion=_("Open the run and use Plan once the cause is removed; the plan before is in force."),
            fingerprint=f"dist.planning.source/{self.source_id.id}",
        )

    def _close_exception(self):
        """What failed before is done with this run."""
        self.env["dist.exception"]._close_without_message(
            [FAILED], f"dist.planning.source/{self.source_id.id}"
        )

    def _note(self, stage, percent):
        self.env["dist.planning.run.progress"]._note(self.id, stage, percent)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(run.state in ("queued", "running", "done") for run in self):
            raise UserError(_("A run that was started is kept: its version rests on it."))
