from odoo import fields, models


class DistReconciliationLine(models.Model):
    _inherit = "dist.reconciliation.line"

    product_id = fields.Many2one("product.product", readonly=True, index="btree_not_null")
    warehouse_id = fields.Many2one("stock.warehouse", readonly=True)
    lot_name = fields.Char(string="Lot or serial number", readonly=True)
