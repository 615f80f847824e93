from odoo import models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _action_done(self):
        result = super()._action_done()
        self._dist_after_done()
        return result

    def _dist_after_done(self):
        self.filtered(lambda picking: picking.picking_type_code == "outgoing" and picking.sale_id)._dist_emit(
            "order.shipped"
        )

    def _dist_get_channel(self):
        """:return: sales channel of the document, whose system hears of it; empty when it has none"""
        return self.sale_id.dist_channel_id
