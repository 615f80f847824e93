from odoo import models
from odoo.tools import SQL


class DistPlanningBatch(models.Model):
    """What a source says of reorder points and lead times becomes proposals where Odoo's settings are other ones.

    A proposal's number holds the value: what a planner refused, or had carried out with a value of her own, comes back
    only when the source says something else.
    """

    _inherit = "dist.planning.batch"

    def _propose_parameters(self):
        proposals = self.env["dist.planning.proposal"]
        derived = [
            ("source_id", "=", self.source_id.id),
            ("is_derived", "=", True),
            ("state", "=", "proposed"),
        ]
        waiting = proposals.search(derived)
        waiting.write({"state": "superseded"})
        if not self.source_id.may_set_reordering:
            return
        self.env["stock.warehouse.orderpoint"].flush_model()
        self.env.flush_all()
        self.env.cr.execute(self._get_reordering_statement(waiting))
        self.env.invalidate_all()
        self._propose_lead_times(waiting)

    def _get_reordering_statement(self, waiting):
        """:param waiting: dist.planning.proposal that were on the list: what a planner changed of them stays"""
        digits = self.env["decimal.precision"].precision_get("Product Unit of Measure")
        return SQL(
            """
            INSERT INTO dist_planning_proposal AS known (
                batch_id, source_id, company_id, key, kind, state, is_derived, product_id, categ_id, warehouse_id,
                uom_id, quantity, approved_quantity, maximum, create_uid, create_date, write_uid, write_date)
            SELECT wanted.batch_id, wanted.source_id, wanted.company_id,
                   'reordering/' || wanted.product_id || '/' || wanted.warehouse_id || '/' || wanted.point || '/'
                   || wanted.upper,
                   'reordering', 'proposed', TRUE, wanted.product_id, template.categ_id, wanted.warehouse_id,
                   wanted.uom_id, wanted.point, wanted.point, wanted.upper, %(uid)s, %(now)s, %(uid)s, %(now)s
            FROM (
                SELECT parameter.*, round(reorder_point::numeric, %(digits)s) AS point,
                       round(maximum::numeric, %(digits)s) AS upper
                FROM dist_planning_parameter parameter WHERE batch_id = %(batch)s AND reorder_point IS NOT NULL
            ) AS wanted
            JOIN product_product product ON product.id = wanted.product_id
            JOIN product_template template ON template.id = product.product_tmpl_id
            JOIN stock_warehouse warehouse ON warehouse.id = wanted.warehouse_id
            LEFT JOIN stock_warehouse_orderpoint present ON present.product_id = wanted.product_id
                AND present.location_id = warehouse.lot_stock_id AND present.company_id = wanted.company_id
                AND present.active
            WHERE (present.id IS NULL OR round(present.product_min_qty::numeric, %(digits)s) <> wanted.point
                   OR round(present.product_max_qty::numeric, %(digits)s) <> wanted.upper)
              AND NOT EXISTS (
                  SELECT 1 FROM dist_planning_proposal said
                  WHERE said.batch_id = wanted.batch_id AND said.kind = 'reordering'
                    AND said.product_id = wanted.product_id AND said.warehouse_id = wanted.warehouse_id)
            ON CONFLICT (source_id, key) DO UPDATE SET
                batch_id = EXCLUDED.batch_id, state = 'proposed',
                approved_quantity = CASE WHEN %(changed)s THEN known.approved_quantity
                                         ELSE EXCLUDED.approved_quantity END,
                maximum = CASE WHEN %(changed)s THEN known.maximum ELSE EXCLUDED.maximum END,
                is_edited = %(changed)s
            WHERE known.state = 'superseded'
               OR known.state = 'executed' AND known.approved_quantity = EXCLUDED.quantity
                  AND known.maximum = EXCLUDED.maximum
            """,
            batch=self.id,
            changed=SQL("(known.is_edited IS TRUE AND known.id = ANY(%s))", waiting.ids),
            digits=digits,
            uid=self.env.uid,
            now=self.env.cr.now(),
        )

    def _propose_lead_times(self, waiting):
        """A lead time becomes a proposal, brought back to the largest change; it always waits (rule 14).

        :param waiting: as of `_get_reordering_statement`
        """
        self.env.cr.execute(
            "SELECT product_id, max(lead_time_days), min(warehouse_id) FROM dist_planning_parameter "
            "WHERE batch_id = %s AND lead_time_days IS NOT NULL GROUP BY product_id",
            (self.id,),
        )
        rows = self.env.cr.fetchall()
        products = self.env["product.product"].browse(row[0] for row in rows)
        offers = self.env["dist.planning.supplier"]._get_offers(products, self.company_id)
        values = {}
        for product, (_product_id, asked, warehouse_id) in zip(products, rows, strict=True):
            offer = next(iter(offers[product.id]), None)
            if offer and round(asked) != offer.delay:
                found = self._prepare_lead_time(product, offer, round(asked), warehouse_id)
                values[found["key"]] = found
        proposals = self.env["dist.planning.proposal"]
        known = proposals.search([("source_id", "=", self.source_id.id), ("key", "in", list(values))])
        for proposal in known.filtered(lambda proposal: proposal._may_come_back()):
            again = {**values[proposal.key], "state": "proposed", "is_edited": False}
            if proposal.is_edited and proposal in waiting and proposal.quantity == again["quantity"]:
                del again["approved_quantity"], again["is_edited"]
            proposal.write(again)
        proposals.create([values[key] for key in values.keys() - set(known.mapped("key"))])

    def _prepare_lead_time(self, product, offer, asked, warehouse_id):
        largest = max(offer.delay, 1) * self.source_id.lead_time_change_limit / 100.0
        capped = round(max(offer.delay - largest, min(offer.delay + largest, asked)))
        return {
            "batch_id": self.id,
            "source_id": self.source_id.id,
            "company_id": self.company_id.id,
            "key": f"lead-time/{product.id}/{offer.partner.id}/{asked}",
            "kind": "lead_time",
            "is_derived": True,
            "product_id": product.id,
            "warehouse_id": warehouse_id,
            "partner_id": offer.partner.id,
            "uom_id": product.uom_id.id,
            "quantity": capped,
            "approved_quantity": capped,
            "maximum": asked,
        }
