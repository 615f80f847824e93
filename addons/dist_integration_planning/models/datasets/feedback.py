from odoo import api, models
from odoo.tools import SQL

from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetFeedback(models.AbstractModel):
    """What became of the source's proposals: approved, changed, refused, carried out and by which document."""

    _name = "dist.planning.dataset.feedback"
    _inherit = "dist.planning.dataset"
    _description = "Feedback about proposals"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("run"),
            DatasetColumn("kind"),
            DatasetColumn("sku"),
            DatasetColumn("warehouse"),
            DatasetColumn("from_warehouse"),
            DatasetColumn("supplier"),
            DatasetColumn("decision"),
            DatasetColumn("state"),
            DatasetColumn("proposed_quantity", "number"),
            DatasetColumn("quantity", "number"),
            DatasetColumn("unit"),
            DatasetColumn("automatic", "flag"),
            DatasetColumn("reason"),
            DatasetColumn("decided", "moment"),
            DatasetColumn("executed", "moment"),
            DatasetColumn("document"),
            DatasetColumn("received_quantity", "number"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT proposal.key, batch.reference AS run, proposal.kind,
                   COALESCE(NULLIF(product.default_code, ''), product.barcode) AS sku, warehouse.code AS warehouse,
                   origin.code AS from_warehouse, %(supplier)s AS supplier, %(decision)s AS decision, proposal.state,
                   proposal.quantity::float AS proposed_quantity,
                   CASE WHEN proposal.state IN ('approved', 'executed') THEN proposal.approved_quantity::float END
                       AS quantity, %(unit_name)s AS unit,
                   proposal.rule_id IS NOT NULL AND proposal.decided_by_id IS NULL AS automatic,
                   proposal.refusal_reason AS reason,
                   CASE WHEN proposal.state <> 'superseded' THEN proposal.decided_at END AS decided,
                   proposal.executed_at AS executed,
                   COALESCE(purchase.name, picking.name, orderpoint.name) AS document,
                   COALESCE(line.qty_received, CASE WHEN move.state = 'done' THEN move.product_qty END)::float
                       AS received_quantity
            FROM dist_planning_proposal AS proposal
            JOIN dist_planning_batch AS batch ON batch.id = proposal.batch_id
            JOIN product_product AS product ON product.id = proposal.product_id
            JOIN stock_warehouse AS warehouse ON warehouse.id = proposal.warehouse_id
            JOIN uom_uom AS unit ON unit.id = proposal.uom_id
            LEFT JOIN stock_warehouse AS origin ON origin.id = proposal.source_warehouse_id
            LEFT JOIN res_partner AS partner ON partner.id = proposal.partner_id
            LEFT JOIN purchase_order_line AS line ON line.id = proposal.purchase_line_id
            LEFT JOIN purchase_order AS purchase ON purchase.id = line.order_id
            LEFT JOIN stock_move AS move ON move.id = proposal.move_id
            LEFT JOIN stock_picking AS picking ON picking.id = move.picking_id
            LEFT JOIN stock_warehouse_orderpoint AS orderpoint ON orderpoint.id = proposal.orderpoint_id
            WHERE proposal.source_id = %(source)s AND proposal.state <> 'proposed'
            """,
            supplier=SQL("CASE WHEN partner.id IS NOT NULL THEN %s END", self._get_partner_code("partner")),
            decision=self._get_decision(),
            unit_name=self._get_text(SQL("unit.name")),
            source=export.source_id.id,
        )

    @api.model
    def _get_decision(self):
        return SQL(
            """CASE WHEN proposal.state IN ('refused', 'superseded') THEN proposal.state
                WHEN proposal.approved_quantity <> proposal.quantity OR proposal.is_edited THEN 'changed'
                ELSE 'approved' END"""
        )
