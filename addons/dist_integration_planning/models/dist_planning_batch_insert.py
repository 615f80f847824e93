import psycopg2

from odoo import models
from odoo.tools import SQL

from .plan_refused import PlanRefused

# a row that is there twice: of an index, of an upsert
TWICE = (psycopg2.errors.UniqueViolation, psycopg2.errors.CardinalityViolation)


class DistPlanningBatch(models.Model):
    """The staged rows of a version become its rows, one statement a kind; codes are ids and units the product's."""

    _inherit = "dist.planning.batch"

    def _insert_rows(self, counts):
        """:raises PlanRefused: a row is there twice"""
        if counts["proposal"]:
            # what was decided before takes no part below
            twice = self._find_duplicates("proposal") or self._find_items_twice()
            if twice:
                raise PlanRefused(twice)
            self._release_keys()
        for kind, count in counts.items():
            if count:
                try:
                    with self.env.cr.savepoint(flush=False):
                        # what is there twice is told below, by line
                        statement = getattr(self, f"_get_{kind}_statement")()
                        self.env.cr.execute(statement, log_exceptions=False)
                except TWICE as error:
                    raise PlanRefused(self._find_duplicates(kind)) from error

    def _release_keys(self):
        """A proposal that nobody decided gives its number up to one of another kind, item or warehouse: whoever has it
        on the screen approves nothing that was never seen.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE dist_planning_proposal known SET
                    key = known.key || ' / ' || known.id, state = 'superseded', write_uid = %(uid)s,
                    write_date = %(now)s
                FROM (SELECT staged.key, staged.kind, item.product_id, place.warehouse_id FROM %(rows)s) AS said
                WHERE known.source_id = %(source)s AND known.key = said.key
                  AND known.state IN ('proposed', 'superseded')
                  AND (known.kind <> said.kind OR known.product_id <> said.product_id
                       OR known.warehouse_id <> said.warehouse_id)
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                source=self.source_id.id,
                rows=self._get_staged_rows("proposal"),
            )
        )

    def _get_owner(self):
        """:return: SQL of the version, the source and the company"""
        return SQL("%s::integer, %s::integer, %s::integer", self.id, self.source_id.id, self.company_id.id)

    def _get_forecast_statement(self):
        return SQL(
            """
            INSERT INTO dist_planning_forecast (
                batch_id, source_id, company_id, product_id, warehouse_id, bucket_start, bucket, calendar, uom_id,
                baseline, uplift, quantity, low, lower, upper, high)
            SELECT %(owner)s, item.product_id, place.warehouse_id, starts.day, COALESCE(staged.bucket, %(bucket)s),
                   staged.calendar, item.uom_id, staged.baseline * own.factor, COALESCE(staged.uplift, 0) * own.factor,
                   (staged.baseline + COALESCE(staged.uplift, 0)) * own.factor, staged.low * own.factor,
                   staged.lower * own.factor, staged.upper * own.factor, staged.high * own.factor
            FROM %(rows)s CROSS JOIN LATERAL (SELECT COALESCE(unit.factor, 1) AS factor) AS own
            """,
            owner=self._get_owner(),
            bucket=self.source_id.bucket,
            rows=self._get_staged_rows("forecast"),
        )

    def _get_parameter_statement(self):
        return SQL(
            """
            INSERT INTO dist_planning_parameter (
                batch_id, source_id, company_id, product_id, warehouse_id, uom_id, safety_stock, reorder_point,
                maximum, service_level, lead_time_days, explanation)
            SELECT %(owner)s, item.product_id, place.warehouse_id, item.uom_id, staged.safety_stock * own.factor,
                   staged.reorder_point * own.factor, COALESCE(staged.maximum, staged.reorder_point) * own.factor,
                   staged.service_level, staged.lead_time_days, staged.explanation
            FROM %(rows)s CROSS JOIN LATERAL (SELECT COALESCE(unit.factor, 1) AS factor) AS own
            """,
            owner=self._get_owner(),
            rows=self._get_staged_rows("parameter"),
        )

    def _get_alert_statement(self):
        return SQL(
            """
            INSERT INTO dist_planning_alert (
                batch_id, source_id, company_id, product_id, warehouse_id, code, severity, severity_order, text, date)
            SELECT %(owner)s, item.product_id, place.warehouse_id, staged.code, COALESCE(staged.severity, 'normal'),
                   array_position(ARRAY['low', 'normal', 'high', 'critical'],
                                  COALESCE(staged.severity, 'normal')::text),
                   staged.text, due.day
            FROM %(rows)s
            """,
            owner=self._get_owner(),
            rows=self._get_staged_rows("alert"),
        )

    def _get_proposal_statement(self):
        """A proposal that nobody decided yet is brought up to date; what was decided stays, whatever comes later.

        What a planner changed stays as long as the source proposes the same.
        """
        return SQL(
            """
            INSERT INTO dist_planning_proposal AS known (
                batch_id, source_id, company_id, key, kind, state, product_id, categ_id, warehouse_id,
                source_warehouse_id, partner_id, uom_id, quantity, approved_quantity, maximum, date_planned,
                date_order, create_uid, create_date, write_uid, write_date)
            SELECT %(owner)s, staged.key, staged.kind, 'proposed', item.product_id, template.categ_id,
                   place.warehouse_id, origin.warehouse_id, vendor.partner_id, item.uom_id,
                   round((staged.quantity * own.factor)::numeric, 6), round((staged.quantity * own.factor)::numeric, 6),
                   round((COALESCE(staged.maximum, staged.quantity) * own.factor)::numeric, 6), due.day, ordered.day,
                   %(uid)s, %(now)s, %(uid)s, %(now)s
            FROM %(rows)s CROSS JOIN LATERAL (SELECT COALESCE(unit.factor, 1) AS factor) AS own
            JOIN product_product product ON product.id = item.product_id
            JOIN product_template template ON template.id = product.product_tmpl_id
            ORDER BY staged.file, staged.line
            ON CONFLICT (source_id, key) DO UPDATE SET
                batch_id = EXCLUDED.batch_id, state = 'proposed', kind = EXCLUDED.kind,
                product_id = EXCLUDED.product_id, categ_id = EXCLUDED.categ_id,
                warehouse_id = EXCLUDED.warehouse_id, source_warehouse_id = EXCLUDED.source_warehouse_id,
                partner_id = CASE WHEN %(same)s THEN known.partner_id ELSE EXCLUDED.partner_id END,
                uom_id = EXCLUDED.uom_id, quantity = EXCLUDED.quantity,
                approved_quantity = CASE WHEN %(same)s THEN known.approved_quantity ELSE EXCLUDED.quantity END,
                maximum = CASE WHEN %(same)s THEN known.maximum ELSE EXCLUDED.maximum END,
                date_planned = EXCLUDED.date_planned,
                date_order = CASE WHEN %(same)s THEN known.date_order ELSE EXCLUDED.date_order END,
                is_edited = known.is_edited AND %(same)s,
                write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date
            WHERE known.state IN ('proposed', 'superseded')
            """,
            owner=self._get_owner(),
            uid=self.env.uid,
            now=self.env.cr.now(),
            same=SQL("known.is_edited AND known.quantity = EXCLUDED.quantity"),
            rows=self._get_staged_rows("proposal"),
        )

    def _supersede_proposals(self):
        """What the source does not propose any more, and nobody decided, is off the list.

        A file of a platform that tells its proposals in several speaks for itself alone.
        """
        proposals = self.env["dist.planning.proposal"]
        self.known_count = self.proposal_count - proposals.search_count([("batch_id", "=", self.id)])
        open_ones = [("source_id", "=", self.source_id.id), ("state", "=", "proposed")]
        if self.scope:
            open_ones.append(("batch_id.scope", "=", self.scope))
        proposals.search([*open_ones, ("batch_id", "!=", self.id), ("is_derived", "=", False)]).write(
            {"state": "superseded"}
        )
