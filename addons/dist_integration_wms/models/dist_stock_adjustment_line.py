from odoo import fields, models

from .stock_warehouse_status import STATUSES


class DistStockAdjustmentLine(models.Model):
    _name = "dist.stock.adjustment.line"
    _description = "Line of a stock adjustment"
    _order = "adjusted_at desc, id"

    adjustment_id = fields.Many2one(
        "dist.stock.adjustment", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="adjustment_id.company_id", store=True)
    warehouse_id = fields.Many2one(related="adjustment_id.warehouse_id", store=True)
    adjusted_at = fields.Datetime(related="adjustment_id.adjusted_at", store=True)
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="restrict", index=True
    )
    lot_id = fields.Many2one("stock.lot", readonly=True, ondelete="restrict")
    reason_id = fields.Many2one("dist.stock.reason", readonly=True, ondelete="restrict")
    from_status = fields.Selection(STATUSES, readonly=True)
    to_status = fields.Selection(STATUSES, readonly=True)
    quantity = fields.Float(
        digits="Product Unit of Measure", readonly=True, help="In the product's unit; below zero: less."
    )
    previous_quantity = fields.Float(
        string="On hand before", digits="Product Unit of Measure", readonly=True, help="In Odoo."
    )
    value = fields.Monetary(readonly=True, help="At the product's cost; a change of status has none.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    move_ids = fields.Many2many("stock.move", string="Stock moves", readonly=True)
