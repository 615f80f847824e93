from odoo import _, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

STATES = [
    ("staged", "Being checked"),
    ("active", "In force"),
    ("superseded", "Superseded"),
    ("refused", "Refused"),
]


class DistPlanningBatch(models.Model):
    """A version of a plan: all that one run of a planning source says."""

    _name = "dist.planning.batch"
    _description = "Planning version"
    _inherit = ["dist.company.mixin", "dist.kept.mixin", "dist.run.mixin"]
    _rec_name = "reference"
    _order = "planned_at desc, id desc"

    source_id = fields.Many2one(
        "dist.planning.source", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="source_id.company_id", store=True, index=True)
    reference = fields.Char(required=True, readonly=True, help="The source's number of the run.")
    state = fields.Selection(STATES, required=True, default="staged", readonly=True, index=True)
    scope = fields.Char(
        readonly=True,
        help="The platform's files of which it is the newest version; empty for a plan as a whole.",
    )
    manifest = fields.Json(readonly=True, help="What the source says the version consists of.")
    checksum = fields.Char(readonly=True, help="SHA-256 of the rows, by which the same plan is recognised.")
    planned_at = fields.Datetime(string="Planned on", readonly=True, help="When the source made the plan.")
    confirmed_at = fields.Datetime(
        string="Confirmed on",
        readonly=True,
        help="When the source came to the same plan again, the last time.",
    )
    activated_at = fields.Datetime(string="Put in force on", readonly=True)
    message_id = fields.Many2one("dist.message", string="Received as", readonly=True)
    same_as_id = fields.Many2one(
        "dist.planning.batch",
        string="Same plan as",
        readonly=True,
        ondelete="set null",
        help="The version in force already said the same; it was confirmed.",
    )
    forecast_count = fields.Integer(string="Forecasts", readonly=True)
    parameter_count = fields.Integer(string="Parameters", readonly=True)
    proposal_count = fields.Integer(string="Proposals", readonly=True)
    alert_count = fields.Integer(string="Alerts", readonly=True)
    known_count = fields.Integer(
        string="Proposals decided before",
        readonly=True,
        help="Their keys were approved, refused or carried out.",
    )
    file_ids = fields.One2many("dist.planning.batch.file", "batch_id", string="Files", readonly=True)
    error_ids = fields.One2many("dist.planning.batch.error", "batch_id", string="Faults", readonly=True)
    error_count = fields.Integer(string="Number of faults", readonly=True)
    waits_for = fields.Char(
        compute="_compute_waits_for", help="What a version that is not checked yet waits for."
    )

    _sql_constraints = [
        (
            "reference_uniq",
            "unique(source_id, reference)",
            "The source has a version of this number already.",
        ),
    ]

    @api.depends("state", "planned_at", "manifest", "file_ids")
    def _compute_waits_for(self):
        for batch in self:
            batch.waits_for = batch.state == "staged" and batch._describe_wait()

    def _check_may_decide(self):
        """:raises AccessError: the user is no planner"""
        if not self.env.user.has_group("dist_integration_planning.group_dist_planning_planner"):
            raise AccessError(_("Planners decide about plans."))

    # what it says

    def action_view_forecasts(self):
        """Open the forecasts of this version, as far as they are kept."""
        return self._get_list("dist.planning.forecast", _("Forecasts"))

    def action_view_parameters(self):
        """Open the stock parameters of this version, as far as they are kept."""
        return self._get_list("dist.planning.parameter", _("Stock parameters"))

    def action_view_proposals(self):
        """Open the proposals of this version that no newer one says as well."""
        return self._get_list("dist.planning.proposal", _("Proposals"))

    def _get_list(self, model, name):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "tree,form",
            "domain": [("batch_id", "=", self.id)],
        }

    def unlink(self):
        """Rows of a plan go with their version; the database does not see to that."""
        for model in ("forecast", "parameter", "alert"):
            rows = self.env[f"dist.planning.{model}"]
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE batch_id IN %s",
                    SQL.identifier(rows._table),
                    tuple(self.ids) or (0,),
                )
            )
            rows.invalidate_model()
        return super().unlink()
