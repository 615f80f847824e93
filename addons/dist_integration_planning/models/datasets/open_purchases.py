from odoo import api, models
from odoo.tools import SQL

from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetOpenPurchases(models.AbstractModel):
    """What suppliers are to deliver, or were asked for: a request for quotation is supply that is under way.

    Of an order that is what its open receipts still bring: what nobody expects any more is none.
    """

    _name = "dist.planning.dataset.open_purchases"
    _inherit = "dist.planning.dataset"
    _description = "Open purchases"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("order"),
            DatasetColumn("line"),
            DatasetColumn("state"),
            DatasetColumn("sku"),
            DatasetColumn("warehouse"),
            DatasetColumn("supplier"),
            DatasetColumn("quantity", "number"),
            DatasetColumn("unit"),
            DatasetColumn("ordered", "moment"),
            DatasetColumn("due", "moment"),
            DatasetColumn("value", "number"),
            DatasetColumn("currency"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT 'L' || found.id AS key, found.name AS "order", found.id::text AS line, found.state, found.sku,
                   found.warehouse, found.supplier,
                   round((found.ordered_quantity * found.open_share)::numeric, 6)::float AS quantity, found.unit,
                   found.date_order AS ordered, found.date_planned AS due,
                   round((found.price_subtotal * found.open_share / found.rate)::numeric, 2)::float AS value,
                   %(currency)s AS currency
            FROM (
                SELECT line.id, purchase.name, item.sku, item.unit, place.code AS warehouse,
                       CASE WHEN purchase.state IN ('purchase', 'done') THEN 'confirmed' ELSE 'requested' END AS state,
                       %(supplier)s AS supplier, line.product_uom_qty AS ordered_quantity, purchase.date_order,
                       line.date_planned, line.price_subtotal, COALESCE(NULLIF(purchase.currency_rate, 0), 1) AS rate,
                       CASE WHEN purchase.state NOT IN ('purchase', 'done') THEN 1
                            ELSE COALESCE(coming.quantity, 0) / NULLIF(line.product_uom_qty, 0) END AS open_share
                FROM purchase_order_line AS line
                JOIN purchase_order AS purchase ON purchase.id = line.order_id
                JOIN stock_picking_type AS kind ON kind.id = purchase.picking_type_id AND kind.code = 'incoming'
                JOIN %(warehouses)s AS place ON place.warehouse_id = kind.warehouse_id
                JOIN %(items)s AS item ON item.product_id = line.product_id
                JOIN res_partner AS partner ON partner.id = purchase.partner_id
                LEFT JOIN LATERAL (
                    SELECT sum(move.product_qty) AS quantity FROM stock_move AS move
                    JOIN stock_location AS destination ON destination.id = move.location_dest_id
                    WHERE move.purchase_line_id = line.id AND move.state NOT IN ('draft', 'done', 'cancel')
                      AND destination.usage <> 'supplier') AS coming ON TRUE
                WHERE purchase.company_id = %(company)s AND purchase.state <> 'cancel' AND line.product_qty > 0
            ) AS found
            WHERE found.open_share > 0.000001
            """,
            currency=export.company_id.currency_id.name,
            supplier=self._get_partner_code("partner"),
            items=self._get_items(),
            warehouses=self._get_warehouses(),
            company=export.company_id.id,
        )
