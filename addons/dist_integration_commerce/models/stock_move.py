from odoo import models


class StockMove(models.Model):
    """What is ordered or on its way in counts for channels before it moves."""

    _inherit = "stock.move"

    def write(self, vals):
        result = super().write(vals)
        if not {"state", "product_uom_qty", "date"}.isdisjoint(vals):
            self.env["dist.availability.feed"]._touch_of(self)
        return result
