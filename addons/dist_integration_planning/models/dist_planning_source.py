from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from .series import counts_pieces

BUCKETS = [("day", "Day"), ("week", "Week"), ("month", "Month")]
# kind of rows to what says which version of them is in force
POINTERS = {
    "forecast": "forecast_batch_id",
    "parameter": "parameter_batch_id",
    "proposal": "proposal_batch_id",
    "alert": "alert_batch_id",
}


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
    # no amount of the currency: one below its smallest coin would become 0, which is no limit
    proposal_value_limit = fields.Float(
        string="Largest proposal",
        help="Value of a single proposal above which a plan is refused, in the company's currency; 0 for none.",
    )
    whole_pieces = fields.Boolean(
        string="Whole pieces",
        default=True,
        help="Purchases and transfers of what is counted (units, dozens) are rounded up to whole ones, also where the "
        "supplier's line has no order multiple. Other units are rounded up to their own precision.",
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
        return [name for name in super()._get_audited_fields() if name not in POINTERS.values()]

    @api.constrains("kind", "system_id", "active")
    def _check_system(self):
        for source in self:
            if (source.kind == "external") != bool(source.system_id):
                raise ValidationError(
                    _("A planning platform is a system; the built-in planner is none: %s.", source.name)
                )
            same = [("system_id", "=", source.system_id.id), ("id", "!=", source.id)]
            if source.system_id and source.active and self.search_count(same):
                raise ValidationError(_("Another planning source is %s already.", source.system_id.name))

    @api.constrains("proposal_value_limit")
    def _check_proposal_value_limit(self):
        for source in self:
            check_value_limit(source.proposal_value_limit, source.currency_id)

    @api.model
    def _find_for(self, system):
        """:return: the planning source that a system is
        :raises BusinessError: it is none
        """
        found = self.search([("system_id", "=", system.id)], limit=1)
        if not found:
            raise BusinessError(
                "no_source",
                _("%s is not set up as a planning source.", system.name),
                status=409,
                severity="high",
                suggestion=_(
                    "Make a planning source of it under Demand Planning > Configuration, then use Retry."
                ),
            )
        return found

    def _get_warehouses(self):
        """:return: stock.warehouse whose stock this source may plan"""
        self.ensure_one()
        if self.warehouse_ids:
            return self.warehouse_ids
        return self.env["stock.warehouse"].search([("company_id", "=", self.company_id.id)])

    def _get_allowed_kinds(self):
        """:return: list of the kinds of proposals that this source may make"""
        self.ensure_one()
        allowed = {
            "purchase": self.may_purchase,
            "transfer": self.may_transfer,
            "reordering": self.may_set_reordering,
            "lead_time": self.may_set_reordering,
        }
        return [kind for kind, may in allowed.items() if may]

    def _get_step(self, unit):
        """:return: what quantities of a unit that this source proposes to buy or to move are multiples of"""
        self.ensure_one()
        return max(1.0, unit.rounding) if self.whole_pieces and counts_pieces(unit) else unit.rounding

    def _get_file_names(self, kind):
        """What the columns of a file are called, where the source does not use our names.

        :param kind: of the rows; ``plan`` for a file of all kinds
        :return: dict, column of lib.plan_file.COLUMNS to the name in the file
        """
        return {}

    def _prepare_batch(self, reference, planned_at=None):
        """:return: values of a new version"""
        self.ensure_one()
        return {
            "source_id": self.id,
            "reference": reference,
            "planned_at": planned_at or fields.Datetime.now(),
        }

    def _get_plan_age(self):
        """:return: days since the source made, or confirmed, the older of the forecasts and proposals in force; 0 where
        there are none
        """
        self.ensure_one()
        moments = [
            max(filter(None, (batch.planned_at, batch.confirmed_at)))
            for batch in self.forecast_batch_id | self.proposal_batch_id
        ]
        return (fields.Datetime.now() - min(moments)).days if moments else 0

    def _get_expired_days(self):
        """:return: age of the plan in force in days, where it is too old to be acted on by itself; 0 where it is not"""
        age = self._get_plan_age()
        return age if age > self.stale_after_days else 0


def check_value_limit(limit, currency):
    """:raises ValidationError: the limit is below the smallest coin of the currency: it would be shown as none"""
    if 0.0 < limit < currency.rounding:
        raise ValidationError(
            _("The smallest limit is %s; 0 is for no limit.", currency.format(currency.rounding))
        )
