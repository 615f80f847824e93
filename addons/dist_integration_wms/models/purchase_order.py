from odoo import models


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "dist.timeline.mixin"]

    def _dist_get_timeline_documents(self):
        return {**super()._dist_get_timeline_documents(), "stock.picking": self.picking_ids.ids}
