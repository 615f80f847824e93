from odoo import models


class OrderChangeHandler(models.AbstractModel):
    _inherit = "dist.handler.order.change"

    def _apply(self, message, payload):
        result = super()._apply(message, payload)
        # also where nothing had to be changed: the customer waits for an answer
        result.record._dist_emit("purchase.acknowledgement")
        return result
