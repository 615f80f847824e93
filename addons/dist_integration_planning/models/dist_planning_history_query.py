"""The statement that reckons demand from transfers, in parts that each answer one question."""

from odoo import fields
from odoo.tools import SQL

from .series import leaves_for_customer

# from this share of days without stock on, a period says nothing about demand
UNRELIABLE_SHARE = 0.7
SPANS = {"day": "1 day", "week": "7 days", "month": "1 month"}
DIGITS = 6


class HistoryQuery:
    """Demand of a company by product, warehouse and period.

    Demand is what leaves a warehouse for customers, in the period in which it was asked for: by the date the customer
    wants it, else that of the order. Components leave in place of a kit, so kits are exploded once. Goods that go from
    a supplier to the customer, and those that move between warehouses, never leave a warehouse for a customer.

    :param env: environment
    :param company: res.company
    :param bucket: ``day``, ``week`` or ``month``
    :param since: date, or None
    """

    def __init__(self, env, company, bucket, since=None):
        self.env = env
        self.company = company
        self.bucket = bucket
        self.span = SPANS[bucket]
        self.since = since or fields.Date.to_date("1900-01-01")

    def get_rows(self):
        """:return: SQL of product_id, warehouse_id, bucket_start, calendar, uom_id, gross, returned, promotion,
        stockout_days, usable
        """
        return SQL(
            """
            WITH zone AS (%(zones)s),
            demand AS (%(demand)s),
            movement AS (%(movement)s),
            stockout AS (%(stockout)s),
            summed AS (
                SELECT product_id, warehouse_id, bucket_start, sum(gross) AS gross, sum(returned) AS returned,
                       sum(promotion) AS promotion, sum(days)::integer AS days
                FROM (
                    SELECT product_id, warehouse_id, bucket_start, gross, returned, promotion, 0 AS days FROM demand
                    UNION ALL
                    SELECT product_id, warehouse_id, bucket_start, 0, 0, 0, days FROM stockout
                ) AS part
                GROUP BY product_id, warehouse_id, bucket_start
            )
            SELECT summed.product_id, summed.warehouse_id, summed.bucket_start,
                   %(bucket)s || '/' || zone.name AS calendar, template.uom_id,
                   round(gross::numeric, %(digits)s)::float AS gross,
                   round(returned::numeric, %(digits)s)::float AS returned,
                   round(promotion::numeric, %(digits)s)::float AS promotion, days AS stockout_days,
                   days < %(share)s * ((bucket_start + %(span)s::interval)::date - bucket_start) AS usable
            FROM summed
            JOIN zone ON zone.warehouse_id = summed.warehouse_id
            JOIN product_product AS product ON product.id = summed.product_id
            JOIN product_template AS template ON template.id = product.product_tmpl_id
            WHERE bucket_start >= %(since)s AND bucket_start < zone.present
            """,
            zones=self.get_zones(),
            demand=self.get_demand(),
            movement=self.get_movement(),
            stockout=self.get_stockout(),
            bucket=self.bucket,
            digits=DIGITS,
            share=UNRELIABLE_SHARE,
            span=self.span,
            since=self.since,
        )

    def get_zones(self):
        """Warehouses with their time zone, their date of today and the first day of the period that is not over."""
        warehouses = self.env["stock.warehouse"].sudo().with_context(active_test=False)
        warehouses = warehouses.search([("company_id", "=", self.company.id)])
        rows = [
            SQL("(%s, %s)", warehouse.id, warehouse._dist_get_planning_zone()) for warehouse in warehouses
        ]
        return SQL(
            """
            SELECT warehouse_id, name, (%(now)s AT TIME ZONE 'UTC' AT TIME ZONE name)::date AS today,
                   date_trunc(%(bucket)s, %(now)s AT TIME ZONE 'UTC' AT TIME ZONE name)::date AS present
            FROM (VALUES %(rows)s) AS known (warehouse_id, name)
            """,
            now=SQL("%s::timestamp", fields.Datetime.now()),
            bucket=self.bucket,
            rows=SQL(", ").join(rows or [SQL("(0, 'UTC')")]),
        )

    def get_bucket_start(self, moment):
        """:param moment: SQL of a moment in UTC; the warehouse's zone is joined as ``zone``"""
        return SQL("date_trunc(%s, %s AT TIME ZONE 'UTC' AT TIME ZONE zone.name)::date", self.bucket, moment)

    def get_demand(self):
        """What was asked for and what came back of it; the latter in the period of the former."""
        asked_at = SQL("COALESCE(sale.commitment_date, sale.date_order, move.date)")
        return SQL(
            """
            SELECT move.product_id, zone.warehouse_id, %(asked)s AS bucket_start, move.product_qty AS gross,
                   0 AS returned, CASE WHEN line.discount > 0 THEN move.product_qty ELSE 0 END AS promotion
            FROM stock_move AS move
            JOIN stock_location AS source ON source.id = move.location_id AND source.usage = 'internal'
            JOIN stock_location AS target ON target.id = move.location_dest_id
            JOIN zone ON zone.warehouse_id = source.warehouse_id
            LEFT JOIN sale_order_line AS line ON line.id = move.sale_line_id
            LEFT JOIN sale_order AS sale ON sale.id = line.order_id
            WHERE move.company_id = %(company)s AND move.state NOT IN ('draft', 'cancel') AND %(leaves)s
            UNION ALL
            SELECT back.product_id, zone.warehouse_id, %(sold)s, 0, back.product_qty, 0
            FROM stock_move AS back
            JOIN stock_location AS source ON source.id = back.location_id AND source.usage = 'customer'
            JOIN stock_location AS target ON target.id = back.location_dest_id
            LEFT JOIN stock_move AS move ON move.id = back.origin_returned_move_id
            LEFT JOIN stock_location AS origin ON origin.id = move.location_id
            JOIN zone ON zone.warehouse_id = CASE
                WHEN move.id IS NOT NULL AND origin.usage = 'internal' THEN origin.warehouse_id
                WHEN move.id IS NULL AND target.usage = 'internal' THEN target.warehouse_id END
            LEFT JOIN sale_order_line AS line ON line.id = COALESCE(move.sale_line_id, back.sale_line_id)
            LEFT JOIN sale_order AS sale ON sale.id = line.order_id
            WHERE back.company_id = %(company)s AND back.state = 'done' AND target.usage <> 'supplier'
            """,
            asked=self.get_bucket_start(asked_at),
            sold=self.get_bucket_start(
                SQL("COALESCE(sale.commitment_date, sale.date_order, move.date, back.date)")
            ),
            company=self.company.id,
            leaves=leaves_for_customer(self.env, "move", "target"),
        )

    def get_movement(self):
        """What came to and went from a warehouse's stock on each day, one row for a day on which anything did."""
        return SQL(
            """
            SELECT product_id, warehouse_id, day, sum(quantity) AS quantity
            FROM (
                SELECT move.product_id, zone.warehouse_id,
                       (move.date AT TIME ZONE 'UTC' AT TIME ZONE zone.name)::date AS day,
                       move.product_qty * side.sign AS quantity
                FROM stock_move AS move
                CROSS JOIN LATERAL (
                    VALUES (move.location_dest_id, 1), (move.location_id, -1)) AS side (location_id, sign)
                JOIN stock_location AS place ON place.id = side.location_id AND place.usage = 'internal'
                JOIN zone ON zone.warehouse_id = place.warehouse_id
                WHERE move.company_id = %s AND move.state = 'done'
            ) AS moved
            GROUP BY product_id, warehouse_id, day
            """,
            self.company.id,
        )

    def get_stockout(self):
        """Days of each period at whose end nothing was on hand.

        The stock of a day is what is there now less what moved since; so it does not matter whether old transfers are
        kept. It counts from the first day on which anything moved.
        """
        return SQL(
            """
            SELECT product_id, warehouse_id, bucket_start::date AS bucket_start,
                   sum(LEAST(until, (bucket_start + %(span)s::interval)::date)
                       - GREATEST(day, bucket_start::date)) AS days
            FROM (
                SELECT movement.product_id, movement.warehouse_id, GREATEST(movement.day, %(since)s) AS day,
                       COALESCE(lead(movement.day) OVER following, zone.today) AS until,
                       COALESCE(stock.quantity, 0) - COALESCE(sum(movement.quantity) OVER later, 0) AS quantity
                FROM movement
                JOIN zone ON zone.warehouse_id = movement.warehouse_id
                LEFT JOIN (
                    SELECT quant.product_id, place.warehouse_id, sum(quant.quantity) AS quantity
                    FROM stock_quant AS quant
                    JOIN stock_location AS place ON place.id = quant.location_id AND place.usage = 'internal'
                    WHERE quant.company_id = %(company)s
                    GROUP BY quant.product_id, place.warehouse_id
                ) AS stock ON stock.product_id = movement.product_id AND stock.warehouse_id = movement.warehouse_id
                WINDOW following AS (PARTITION BY movement.product_id, movement.warehouse_id ORDER BY movement.day),
                       later AS (PARTITION BY movement.product_id, movement.warehouse_id ORDER BY movement.day DESC
                                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            ) AS balance
            CROSS JOIN LATERAL generate_series(
                date_trunc(%(bucket)s, day::timestamp), (until - 1)::timestamp, %(span)s::interval) AS bucket_start
            WHERE round(quantity::numeric, %(digits)s) <= 0 AND until > day
            GROUP BY product_id, warehouse_id, bucket_start
            """,
            span=self.span,
            since=SQL("%s::date", self.since),
            company=self.company.id,
            bucket=self.bucket,
            digits=DIGITS,
        )
