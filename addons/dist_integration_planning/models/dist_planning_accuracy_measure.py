from datetime import timedelta

from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.models.dist_message import CHANNELS

from ..lib import calendar

# returns come in for weeks: what was measured is measured again for as long
AGAIN = 13
MEASURE = """
    WITH period AS (
        SELECT * FROM unnest(%(starts)s::date[], %(cutoffs)s::date[], %(lasts)s::date[])
            AS period (bucket_start, cutoff, last_start)
    ), place AS (
        SELECT * FROM unnest(%(warehouses)s::integer[], %(zones)s::varchar[]) AS place (warehouse_id, zone)
    ), version AS (
        SELECT period.*, zone, (
            SELECT batch.id FROM dist_planning_batch batch
            WHERE batch.source_id = %(source)s AND batch.state IN ('active', 'superseded')
              AND batch.forecast_count > 0
              AND batch.activated_at < period.cutoff::timestamp AT TIME ZONE zone AT TIME ZONE 'UTC'
            ORDER BY batch.activated_at DESC, batch.id DESC LIMIT 1
        ) AS batch_id
        FROM period CROSS JOIN (SELECT DISTINCT zone FROM place) AS zones
    ), said AS (
        SELECT forecast.*, version.last_start
        FROM version JOIN place ON place.zone = version.zone JOIN dist_planning_forecast forecast
            ON forecast.batch_id = version.batch_id AND forecast.bucket_start = version.bucket_start
            AND forecast.warehouse_id = place.warehouse_id
        WHERE forecast.bucket = %(bucket)s
    ), item AS (
        SELECT DISTINCT product_id, warehouse_id FROM said
    ), sold AS (
        SELECT item.*, past.start, COALESCE(history.net, 0) AS net
        FROM item CROSS JOIN unnest(%(past)s::date[]) AS past (start)
        LEFT JOIN dist_planning_history history
            ON history.product_id = item.product_id AND history.warehouse_id = item.warehouse_id
            AND history.bucket = %(bucket)s AND history.bucket_start = past.start
    ), changed AS (
        SELECT product_id, warehouse_id, start,
               CASE WHEN max(net) OVER earlier > 0 THEN net - lag(net) OVER earlier END AS change
        FROM sold
        WINDOW earlier AS (
            PARTITION BY product_id, warehouse_id ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
    ), scale AS (
        SELECT product_id, warehouse_id, start,
               avg(abs(change)) OVER year AS scale, avg(change ^ 2) OVER year AS square_scale
        FROM changed
        WINDOW year AS (
            PARTITION BY product_id, warehouse_id ORDER BY start
            ROWS BETWEEN %(changes)s - 1 PRECEDING AND CURRENT ROW
        )
    ), pair AS (
        SELECT said.*, COALESCE(actual.net, 0) AS actual, COALESCE(last.net, 0) AS naive_forecast,
               scale.scale, scale.square_scale
        FROM said
        JOIN scale ON scale.product_id = said.product_id AND scale.warehouse_id = said.warehouse_id
            AND scale.start = said.last_start
        LEFT JOIN dist_planning_history actual
            ON actual.product_id = said.product_id AND actual.warehouse_id = said.warehouse_id
            AND actual.bucket = said.bucket AND actual.bucket_start = said.bucket_start
        LEFT JOIN dist_planning_history last
            ON last.product_id = said.product_id AND last.warehouse_id = said.warehouse_id
            AND last.bucket = said.bucket AND last.bucket_start = said.last_start
        WHERE actual.usable IS NOT FALSE
    ), measured AS (
        SELECT pair.*, quantity - actual AS error, abs(quantity - actual) AS absolute,
               abs(naive_forecast - actual) AS naive
        FROM pair
    )
    INSERT INTO dist_planning_accuracy (
        source_id, company_id, batch_id, product_id, warehouse_id, categ_id, partner_id, planner_id, abc, xyz, pattern,
        bucket, bucket_start, lag, periods, forecast, actual, error, absolute, naive, scale, within,
        square, naive_square, wape, bias, mase, tracking_signal, value_added, coverage
    )
    SELECT measured.source_id, measured.company_id, measured.batch_id, measured.product_id, measured.warehouse_id,
           template.categ_id, planned.partner_id, planned.planner_id, planned.abc, planned.xyz, planned.pattern,
           measured.bucket, measured.bucket_start, %(lag)s, 1, quantity, actual, error, absolute, naive, scale, inside,
           error ^ 2 / NULLIF(square_scale, 0), naive ^ 2 / NULLIF(square_scale, 0),
           100 * absolute / NULLIF(actual, 0), 100 * error / NULLIF(actual, 0), absolute / NULLIF(scale, 0),
           sign(error), 100 * (1 - absolute / NULLIF(naive, 0)), 100 * inside
    FROM measured
    CROSS JOIN LATERAL (
        SELECT CASE WHEN low IS NOT NULL AND high IS NOT NULL THEN (actual BETWEEN low AND high)::integer END AS inside
    ) AS band
    JOIN product_product product ON product.id = measured.product_id
    JOIN product_template template ON template.id = product.product_tmpl_id
    LEFT JOIN dist_planning_item planned
        ON planned.product_id = measured.product_id AND planned.warehouse_id = measured.warehouse_id
    ON CONFLICT (source_id, product_id, warehouse_id, bucket_start, lag) DO UPDATE SET
        batch_id = EXCLUDED.batch_id, categ_id = EXCLUDED.categ_id, partner_id = EXCLUDED.partner_id,
        planner_id = EXCLUDED.planner_id, abc = EXCLUDED.abc, xyz = EXCLUDED.xyz, pattern = EXCLUDED.pattern,
        forecast = EXCLUDED.forecast, actual = EXCLUDED.actual, error = EXCLUDED.error,
        absolute = EXCLUDED.absolute, naive = EXCLUDED.naive, scale = EXCLUDED.scale, within = EXCLUDED.within,
        square = EXCLUDED.square, naive_square = EXCLUDED.naive_square,
        wape = EXCLUDED.wape, bias = EXCLUDED.bias, mase = EXCLUDED.mase,
        tracking_signal = EXCLUDED.tracking_signal, value_added = EXCLUDED.value_added, coverage = EXCLUDED.coverage
"""
SHARED = """
    UPDATE dist_planning_accuracy accuracy SET is_shared = TRUE
    WHERE company_id = %(company)s AND bucket_start >= %(since)s AND is_shared IS NOT TRUE AND EXISTS (
        SELECT FROM dist_planning_accuracy other
        WHERE other.product_id = accuracy.product_id AND other.warehouse_id = accuracy.warehouse_id
          AND other.bucket = accuracy.bucket AND other.bucket_start = accuracy.bucket_start
          AND other.source_id != accuracy.source_id
    )
"""


class DistPlanningAccuracy(models.Model):
    """Forecasts against what was sold, set-based: a forecast counts that was in force when its lag began.

    Periods in which an item was out of stock are left out: nobody knows what would have been sold.

    Errors are scaled by what was known when the forecast was made: the changes of the year before, since the item was
    first sold; their mean for MASE (Hyndman, Koehler 2006), that of their squares for RMSSE (Makridakis et al. 2022).
    """

    _inherit = "dist.planning.accuracy"

    @api.model
    def _enqueue(self):
        """Measure every source, in a job for each company."""
        for company in self.env["dist.planning.source"].search([]).company_id:
            self.with_delay(
                channel=CHANNELS["bulk"],
                identity_key=f"dist-planning-accuracy:{company.id}",
                description=_("Measure the forecasts of %s", company.name),
            )._job_measure(company)

    @api.model
    def _job_measure(self, company):
        """Job: compare what the sources of a company forecast with what was sold by now."""
        self.env["dist.planning.history"]._refresh(company)
        for source in self.env["dist.planning.source"].search([("company_id", "=", company.id)]):
            self._measure(source)

    @api.model
    def _measure(self, source, periods=AGAIN):
        """Measure the forecasts of the last periods that are over.

        :param periods: how many
        """
        zones = source._get_zones()
        now = fields.Datetime.now()
        # where it is over everywhere
        today = min(calendar.local_date(now, zone) for zone in zones.values())
        starts = _get_past(today, source.bucket, periods)
        lag = source.accuracy_lag
        earlier = _get_past(starts[0], source.bucket, lag)
        line = [*earlier, *starts]
        lasts = line[: len(starts)]
        season = max(calendar.season_length(source.bucket), 12)
        self.env.flush_all()
        self.env.cr.execute(
            MEASURE,
            {
                "source": source.id,
                "bucket": source.bucket,
                "lag": lag,
                "starts": starts,
                # a forecast of lag 1 is there before its period begins, one of lag 2 a period earlier; a day begins at
                # the midnight of its warehouse
                "cutoffs": line[1 : len(starts) + 1],
                "warehouses": list(zones),
                "zones": list(zones.values()),
                "lasts": lasts,
                "past": [*_get_past(lasts[0], source.bucket, season - 1), *lasts],
                "changes": season - 1,
            },
        )
        self.env.cr.execute(SHARED, {"company": source.company_id.id, "since": starts[0]})
        self.env.invalidate_all()

    @api.model
    def _get_measured_since(self, source):
        """:return: date before which no version counts any more that another one followed before it"""
        return _get_past(source._get_today(), source.bucket, AGAIN + source.accuracy_lag)[0]

    @api.autovacuum
    def _gc_accuracy(self):
        """Three years are kept: two of them show a season, one more how it changes."""
        before = fields.Date.today() - timedelta(days=3 * 366)
        self.env.cr.execute("DELETE FROM dist_planning_accuracy WHERE bucket_start < %s", (before,))


def _get_past(day, kind, count):
    """:return: list of the starts of that many buckets before the one of a day"""
    found, start = [], calendar.bucket_start(day, kind)
    for _index in range(count):
        start = calendar.bucket_start(start - timedelta(days=1), kind)
        found.insert(0, start)
    return found
