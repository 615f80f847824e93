from odoo import fields, models


class DistReconciliationAccuracy(models.Model):
    _inherit = "dist.reconciliation.accuracy"

    warehouse_id = fields.Many2one("stock.warehouse", readonly=True, index="btree_not_null")
