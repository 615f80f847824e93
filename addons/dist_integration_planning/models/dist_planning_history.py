from odoo import api, fields, models
from odoo.tools import SQL

from .dist_planning_history_query import HistoryQuery
from .dist_planning_source import BUCKETS


class DistPlanningHistory(models.Model):
    """What customers wanted of a product from a warehouse in a period.

    Reckoned from the transfers by a handful of statements. A period without a row had no demand, and stock. A row that
    nothing stands behind any more is kept with zeros, so that whoever reads changes hears of it.
    """

    _name = "dist.planning.history"
    _description = "Demand history"
    _order = "bucket_start desc, product_id, warehouse_id"
    # reckoned, never entered
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    warehouse_id = fields.Many2one("stock.warehouse", required=True, readonly=True, ondelete="cascade")
    bucket = fields.Selection(BUCKETS, required=True, readonly=True)
    bucket_start = fields.Date(
        string="Period", required=True, readonly=True, help="Its first day, in the warehouse's time zone."
    )
    calendar = fields.Char(readonly=True, help="Kind of period and time zone, such as week/Europe/Brussels.")
    uom_id = fields.Many2one("uom.uom", string="Unit", required=True, readonly=True, ondelete="restrict")
    gross = fields.Float(readonly=True, help="What was asked for in the period, whatever came back later.")
    returned = fields.Float(readonly=True, help="What came back of it, whenever that was.")
    net = fields.Float(readonly=True, help="Gross less returned, never below zero.")
    promotion = fields.Float(readonly=True, help="What of gross was sold at a discount.")
    stockout_days = fields.Integer(
        string="Days without stock", readonly=True, help="Days that ended with nothing on hand."
    )
    usable = fields.Boolean(
        readonly=True, help="A period with 70 % of its days without stock says nothing about demand."
    )
    version = fields.Integer(readonly=True, help="Number of the update that wrote the row last.")

    _sql_constraints = [
        (
            "period_uniq",
            "unique(company_id, bucket, product_id, warehouse_id, bucket_start)",
            "A product has one history for a warehouse and period.",
        ),
    ]

    def init(self):
        """What changed since an update is found without looking at all the rest."""
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS dist_planning_history_version_idx "
            "ON dist_planning_history (company_id, bucket, version)"
        )

    @api.depends("product_id", "warehouse_id", "bucket_start")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.product_id.display_name} {row.warehouse_id.code} {row.bucket_start}"

    @api.model
    def _refresh(self, company, since=None, buckets=None):
        """Bring the history up to what the documents say now, in this transaction.

        Periods that are not over are left out. Updates of a company go one after another: the second one waits, and
        is then repeated by whoever runs it, as its snapshot is older than what the first one wrote.

        :param company: res.company
        :param since: date; periods before it are left as they are. None for all
        :param buckets: list of kinds of periods; None for those of the company's planning sources
        :return: number of the last update that changed anything
        """
        self.env.flush_all()
        number = self.env["dist.planning.history.version"]._take(company)
        changed = 0
        for bucket in buckets or self._get_buckets(company):
            changed += self._refresh_bucket(company, bucket, since, number)
        self.env["dist.planning.history.version"]._give_back(company, number, changed)
        self.invalidate_model()
        return number if changed else number - 1

    @api.model
    def _get_buckets(self, company):
        """:return: list of the kinds of periods that somebody plans a company by"""
        sources = self.env["dist.planning.source"].sudo().search([("company_id", "=", company.id)])
        return sorted(set(sources.mapped("bucket"))) or ["week"]

    @api.model
    def _refresh_bucket(self, company, bucket, since, number):
        """:return: number of rows that were written"""
        self.env.cr.execute("SELECT set_config('work_mem', '256MB', true), set_config('jit', 'off', true)")
        self.env.cr.execute("DROP TABLE IF EXISTS pg_temp.dist_history")
        query = HistoryQuery(self.env, company, bucket, since)
        self.env.cr.execute(SQL("CREATE TEMP TABLE dist_history ON COMMIT DROP AS %s", query.get_rows()))
        self.env.cr.execute(
            "CREATE UNIQUE INDEX ON pg_temp.dist_history (product_id, warehouse_id, bucket_start)"
        )
        self.env.cr.execute("ANALYZE pg_temp.dist_history")
        self.env.cr.execute(self._get_upsert(company, bucket, number))
        changed = self.env.cr.rowcount
        self.env.cr.execute(self._get_clearing(company, bucket, since, number))
        return changed + self.env.cr.rowcount

    @api.model
    def _get_upsert(self, company, bucket, number):
        return SQL(
            """
            INSERT INTO dist_planning_history AS known (
                company_id, bucket, product_id, warehouse_id, bucket_start, calendar, uom_id, gross, returned, net,
                promotion, stockout_days, usable, version)
            SELECT %s, %s, product_id, warehouse_id, bucket_start, calendar, uom_id, gross, returned,
                   GREATEST(gross - returned, 0), promotion, stockout_days, usable, %s
            FROM dist_history
            ON CONFLICT (company_id, bucket, product_id, warehouse_id, bucket_start) DO UPDATE SET
                calendar = EXCLUDED.calendar, uom_id = EXCLUDED.uom_id, gross = EXCLUDED.gross,
                returned = EXCLUDED.returned, net = EXCLUDED.net, promotion = EXCLUDED.promotion,
                stockout_days = EXCLUDED.stockout_days, usable = EXCLUDED.usable, version = EXCLUDED.version
            WHERE (known.calendar, known.uom_id, known.gross, known.returned, known.promotion, known.stockout_days)
                IS DISTINCT FROM (EXCLUDED.calendar, EXCLUDED.uom_id, EXCLUDED.gross, EXCLUDED.returned,
                                  EXCLUDED.promotion, EXCLUDED.stockout_days)
            """,
            company.id,
            bucket,
            number,
        )

    @api.model
    def _get_clearing(self, company, bucket, since, number):
        """Rows that nothing stands behind any more, such as those of a warehouse that a return was moved to."""
        return SQL(
            """
            UPDATE dist_planning_history AS known
            SET gross = 0, returned = 0, net = 0, promotion = 0, stockout_days = 0, usable = TRUE, version = %s
            WHERE company_id = %s AND bucket = %s AND bucket_start >= %s
              AND (gross <> 0 OR returned <> 0 OR stockout_days <> 0)
              AND NOT EXISTS (
                SELECT FROM dist_history AS found
                WHERE found.product_id = known.product_id AND found.warehouse_id = known.warehouse_id
                  AND found.bucket_start = known.bucket_start)
            """,
            number,
            company.id,
            bucket,
            since or "0001-01-01",
        )
