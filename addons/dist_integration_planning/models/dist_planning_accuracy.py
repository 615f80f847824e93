from odoo import fields, models

from ..compat import join_select
from .dist_planning_item import ABC, PATTERNS, XYZ
from .dist_planning_mixin import SaidFloat
from .dist_planning_source import BUCKETS

# of a group a figure is the ratio of the sums, not the mean of its rows' ratios
RATIOS = {
    "wape": ("100 * %s / NULLIF(%s, 0)", "absolute:sum", "actual:sum"),
    "bias": ("100 * %s / NULLIF(%s, 0)", "error:sum", "actual:sum"),
    "mase": ("%s / NULLIF(%s, 0)", "absolute:sum", "scale:sum"),
    # a group of items is looked at as one: otherwise many items alone would raise the alarm
    "tracking_signal": (
        "%s * %s / NULLIF(%s, 0)",
        "error:sum",
        "bucket_start:count_distinct",
        "absolute:sum",
    ),
    # squares, as the mean is forecast: absolute errors of single weeks are least for no sale at all where most weeks
    # have none
    "value_added": ("100 * (1 - sqrt(%s / NULLIF(%s, 0)))", "square:sum", "naive_square:sum"),
    "coverage": ("100.0 * %s / NULLIF(%s, 0)", "within:sum", "within:count"),
}


class DistPlanningAccuracy(models.Model):
    """How good a source's forecast of an item was in one period, at the lag that its accuracy is measured at."""

    _name = "dist.planning.accuracy"
    _description = "Forecast accuracy"
    _inherit = "dist.kept.mixin"
    _order = "bucket_start desc, absolute desc, id"
    _rec_name = "product_id"
    _log_access = False

    source_id = fields.Many2one("dist.planning.source", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    batch_id = fields.Many2one(
        "dist.planning.batch", string="Version", readonly=True, ondelete="set null", index=True
    )
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    warehouse_id = fields.Many2one("stock.warehouse", required=True, readonly=True, ondelete="cascade")
    categ_id = fields.Many2one(
        "product.category", string="Product category", readonly=True, ondelete="set null"
    )
    partner_id = fields.Many2one("res.partner", string="Supplier", readonly=True, ondelete="set null")
    planner_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    abc = fields.Selection(ABC, string="ABC", readonly=True)
    xyz = fields.Selection(XYZ, string="XYZ", readonly=True)
    pattern = fields.Selection(PATTERNS, readonly=True)
    bucket = fields.Selection(BUCKETS, required=True, readonly=True)
    bucket_start = fields.Date(string="Period", required=True, readonly=True, index=True)
    lag = fields.Integer(readonly=True, group_operator=False, help="Periods before, 1 for the last forecast.")
    is_shared = fields.Boolean(
        string="Planned by several",
        readonly=True,
        help="Another source has a forecast of the same item and period.",
    )

    periods = fields.Integer(readonly=True, default=1)
    forecast = fields.Float(readonly=True)
    actual = fields.Float(readonly=True, help="What was sold, returns netted.")
    error = fields.Float(readonly=True, help="Forecast less actual.")
    absolute = fields.Float(string="Absolute error", readonly=True)
    naive = fields.Float(
        string="Absolute error of naive",
        readonly=True,
        help="Of the forecast that says what was sold last when this one was made.",
    )
    square = SaidFloat(
        string="Squared scaled error",
        readonly=True,
        help="Squared error over the mean squared change of the year before; empty where nothing changed.",
    )
    naive_square = SaidFloat(string="Squared scaled error of naive", readonly=True)
    scale = fields.Float(
        readonly=True,
        help="Mean absolute change from one period to the next in the year before, since it was first sold.",
    )
    within = fields.Integer(
        string="Within the band",
        readonly=True,
        help="Between low and high; empty where the source gives no band.",
    )
    wape = SaidFloat(
        string="WAPE (%)",
        readonly=True,
        digits=(16, 1),
        group_operator="avg",
        help="Absolute errors over sales.",
    )
    bias = SaidFloat(
        string="Bias (%)",
        readonly=True,
        digits=(16, 1),
        group_operator="avg",
        help="Errors over sales; above zero, too much was forecast.",
    )
    mase = SaidFloat(
        string="MASE",
        readonly=True,
        digits=(16, 2),
        group_operator="avg",
        help="Absolute errors over those that naive made in the year before: below 1 is better than that.",
    )
    tracking_signal = fields.Float(
        string="Tracking signal",
        readonly=True,
        digits=(16, 1),
        group_operator="avg",
        help="Sum of errors over the mean absolute error: beyond 4 either way the forecast is off centre.",
    )
    value_added = SaidFloat(
        string="Value added (%)",
        readonly=True,
        digits=(16, 1),
        group_operator="avg",
        help="How much less the root mean squared scaled error is than that of naive: below zero the forecast does "
        "harm.",
    )
    coverage = SaidFloat(
        string="In the band (%)",
        readonly=True,
        digits=(16, 1),
        group_operator="avg",
        help="Share of the periods between low and high: 90 % if the band is right.",
    )

    _sql_constraints = [
        (
            "period_uniq",
            "unique(source_id, product_id, warehouse_id, bucket_start, lag)",
            "A period is measured once for a source and item.",
        ),
    ]

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, function = aggregate_spec.partition(":")
        if name not in RATIOS or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        template, *specs = RATIOS[name]
        select = super()._read_group_select
        return join_select(template, [select(spec, query) for spec in specs])
