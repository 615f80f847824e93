from odoo import models


class StockMove(models.Model):
    """What is ordered or on its way in counts for channels before it moves."""

    _inherit = "stock.move"

    def write(self, vals):
        result = super().write(vals)
        if not {"state", "product_uom_qty", "date"}.isdisjoint(vals):
            self.env["dist.availability.feed"]._touch_of(self)
        return result

    def _dist_get_product_quantity(self):
        """:return: what was moved, or is to be moved, in the unit of the product"""
        self.ensure_one()
        if self.state != "done":
            return self.product_qty
        return self.product_uom._compute_quantity(self.quantity, self.product_id.uom_id)
