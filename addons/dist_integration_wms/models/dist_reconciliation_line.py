from odoo import fields, models


class DistReconciliationLine(models.Model):
    _inherit = "dist.reconciliation.line"

    product_id = fields.Many2one("product.product", readonly=True, index="btree_not_null")
    warehouse_id = fields.Many2one("stock.warehouse", readonly=True)
    location_id = fields.Many2one(
        "stock.location", readonly=True, help="Only of snapshots that name locations."
    )
    lot_name = fields.Char(string="Lot or serial number", readonly=True)
