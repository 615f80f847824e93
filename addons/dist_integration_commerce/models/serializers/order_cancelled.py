from odoo import models


class OrderCancelledSerializer(models.AbstractModel):
    _name = "dist.serializer.order.cancelled"
    _inherit = "dist.serializer.order"
    _description = "Order cancelled: canonical message"

    def _is_relevant(self, record):
        return record.state == "cancel"
