from odoo import models


class OrderConfirmedSerializer(models.AbstractModel):
    _name = "dist.serializer.order.confirmed"
    _inherit = "dist.serializer.order"
    _description = "Order confirmed: canonical message"

    def _is_relevant(self, record):
        return record.state == "sale"
