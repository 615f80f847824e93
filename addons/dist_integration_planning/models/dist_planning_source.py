from odoo import fields, models

BUCKETS = [("day", "Day"), ("week", "Week"), ("month", "Month")]


class DistPlanningSource(models.Model):
    """Who plans: a platform outside, or the planner built in; and how far its plans may go."""

    _name = "dist.planning.source"
    _description = "Planning source"
    _inherit = ["dist.company.mixin", "mail.thread", "dist.guarded.mixin"]
    _order = "name"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(required=True, help="Short name used in numbers and files.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [("built_in", "Built-in planner"), ("external", "Planning platform")],
        required=True,
        default="external",
    )
    system_id = fields.Many2one(
        "dist.system", string="System", check_company=True, ondelete="restrict", index=True
    )
    bucket = fields.Selection(BUCKETS, required=True, default="week", help="Length of a forecast's period.")
    may_purchase = fields.Boolean(string="May propose purchases", default=True)
    may_transfer = fields.Boolean(string="May propose transfers")
    may_set_reordering = fields.Boolean(string="May propose reordering rules")
    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        "dist_planning_source_warehouse_rel",
        "source_id",
        "warehouse_id",
        string="Warehouses",
        check_company=True,
        help="Whose stock it may plan; empty for all of the company.",
    )
    proposal_value_limit = fields.Monetary(
        string="Largest proposal", help="Value of a single proposal above which a plan is refused; 0 for none."
    )
    batch_line_limit = fields.Integer(
        string="Most rows of a version", default=2_000_000, help="A plan with more rows is refused."
    )
    stale_after_days = fields.Integer(
        string="Plan expires after (days)",
        default=14,
        help="What an older plan proposes always waits for a planner.",
    )
    lead_time_change_limit = fields.Float(
        string="Largest change of a lead time (%)",
        default=50.0,
        help="A proposed lead time is brought back to this change; it always waits for a planner.",
    )
    batch_ids = fields.One2many("dist.planning.batch", "source_id", string="Versions")
    forecast_batch_id = fields.Many2one(
        "dist.planning.batch", string="Forecasts in force", readonly=True, copy=False
    )
    parameter_batch_id = fields.Many2one(
        "dist.planning.batch", string="Parameters in force", readonly=True, copy=False
    )
    proposal_batch_id = fields.Many2one(
        "dist.planning.batch", string="Proposals in force", readonly=True, copy=False
    )
    alert_batch_id = fields.Many2one(
        "dist.planning.batch", string="Alerts in force", readonly=True, copy=False
    )

    _sql_constraints = [
        ("code_uniq", "unique(company_id, code)", "The company has a planning source of this code already."),
        ("stale_positive", "CHECK(stale_after_days > 0)", "A plan expires after at least one day."),
        (
            "lead_time_positive",
            "CHECK(lead_time_change_limit >= 0)",
            "The largest change of a lead time is not below zero.",
        ),
    ]

    def _get_audited_fields(self):
        kept = {"forecast_batch_id", "parameter_batch_id", "proposal_batch_id", "alert_batch_id"}
        return [name for name in super()._get_audited_fields() if name not in kept]
