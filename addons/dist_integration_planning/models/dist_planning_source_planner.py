from datetime import timedelta

from odoo import api, fields, models

from ..lib import calendar

# for as long every version is kept as a whole
KEPT = timedelta(days=3)
# forecasts of superseded versions that no period is measured by: another one followed before all of them, or in the
# same period, wherever a warehouse is
UNMEASURED = """
    WITH version AS (
        SELECT id, activated_at, activated_at AT TIME ZONE 'UTC' AS moment, state FROM dist_planning_batch
        WHERE source_id = %(source)s AND state IN ('active', 'superseded') AND forecast_count > 0
    )
    DELETE FROM dist_planning_forecast WHERE batch_id IN (
        SELECT version.id FROM version
        WHERE version.state = 'superseded' AND version.activated_at < %(before)s AND (
            EXISTS (
                SELECT FROM version later
                WHERE later.activated_at > version.activated_at AND later.activated_at < %(since)s)
            OR NOT EXISTS (
                SELECT FROM unnest(%(zones)s::varchar[]) AS zone WHERE NOT EXISTS (
                    SELECT FROM version later
                    WHERE later.activated_at > version.activated_at
                      AND date_trunc(%(bucket)s, later.moment AT TIME ZONE zone)
                          = date_trunc(%(bucket)s, version.moment AT TIME ZONE zone)))))
"""


class DistPlanningSource(models.Model):
    """What the built-in planner is told, and what every source's accuracy is measured by."""

    _inherit = "dist.planning.source"

    service_level = fields.Float(
        string="Service level (%)",
        default=95.0,
        digits=(5, 2),
        help="Probability of no stock-out in a replenishment cycle, where an item has none of its own.",
    )
    review_days = fields.Float(
        string="Days between orders",
        default=7.0,
        help="How often a supplier's items are looked at: what is ordered lasts until the next look's order arrives.",
    )
    history_buckets = fields.Integer(
        string="History",
        default=104,
        help="How many weeks or months back the planner looks; two years show a season.",
    )
    horizon_buckets = fields.Integer(
        string="Horizon", default=13, help="How many weeks or months ahead are forecast."
    )
    order_cost = fields.Monetary(
        string="Cost of an order",
        help="With the cost of holding stock it makes the economic order quantity; 0 leaves it out.",
    )
    holding_rate = fields.Float(
        string="Cost of holding stock (% a year)",
        digits=(5, 2),
        help="Of an item's cost, for a year in stock.",
    )
    is_scheduled = fields.Boolean(string="Plan every night")
    accuracy_lag = fields.Integer(
        string="Accuracy measured at",
        default=1,
        help="How long before a week or month begins the forecast counts: 1 is the last one before it begins. Best as "
        "long as suppliers take: that is the forecast on which was ordered.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    run_ids = fields.One2many("dist.planning.run", "source_id")

    _sql_constraints = [
        (
            "planner_service_level_range",
            "CHECK(service_level > 0 AND service_level < 100)",
            "A service level is above 0 and below 100 %.",
        ),
        (
            "planner_numbers_positive",
            "CHECK(review_days > 0 AND history_buckets BETWEEN 12 AND 1000 AND horizon_buckets BETWEEN 1 AND 200"
            " AND accuracy_lag BETWEEN 1 AND 52 AND order_cost >= 0 AND holding_rate >= 0)",
            "The planner looks at 12 to 1,000 weeks or months, and 1 to 200 ahead; accuracy is measured 1 to 52 of "
            "them before; days between orders are above zero, costs not negative.",
        ),
    ]

    def action_plan(self):
        """Plan now, in a job."""
        self.ensure_one()
        self.check_access_rights("write")
        self.check_access_rule("write")
        run = self.env["dist.planning.run"]._make(self)
        run._enqueue()
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.planning.run",
            "res_id": run.id,
            "view_mode": "form",
        }

    @api.model
    def _cron_plan(self):
        """Every night: measure how good the forecasts were, then plan anew."""
        self.env["dist.planning.accuracy"]._enqueue()
        for source in self.search([("kind", "=", "built_in"), ("is_scheduled", "=", True)]):
            self.env["dist.planning.run"]._make(source)._enqueue()

    @api.autovacuum
    def _gc_versions(self):
        """Every night leaves a version. Of those that were superseded, forecasts stay by which accuracy is measured."""
        before = fields.Datetime.now() - KEPT
        self.env.cr.execute(
            """
            DELETE FROM dist_planning_parameter USING dist_planning_batch batch
            WHERE batch_id = batch.id AND batch.state = 'superseded' AND batch.activated_at < %s
            """,
            (before,),
        )
        for source in self.with_context(active_test=False).search([]):
            self.env.cr.execute(
                UNMEASURED,
                {
                    "source": source.id,
                    "bucket": source.bucket,
                    "before": before,
                    "since": self.env["dist.planning.accuracy"]._get_measured_since(source),
                    "zones": list(set(source._get_zones().values())),
                },
            )

    def _get_zones(self):
        """:return: dict, id of a warehouse of the company to the time zone by whose days it is planned"""
        self.ensure_one()
        warehouses = self.env["stock.warehouse"].with_context(active_test=False)
        return {
            warehouse.id: warehouse._dist_get_planning_zone()
            for warehouse in warehouses.search([("company_id", "=", self.company_id.id)])
        }

    def _get_today(self):
        """:return: date at which the company is now"""
        self.ensure_one()
        warehouse = self._get_warehouses()[:1]
        zone = warehouse._dist_get_planning_zone() if warehouse else "UTC"
        return calendar.local_date(fields.Datetime.now(), zone)
