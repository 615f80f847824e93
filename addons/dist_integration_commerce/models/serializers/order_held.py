from odoo import models


class OrderHeldSerializer(models.AbstractModel):
    _name = "dist.serializer.order.held"
    _inherit = "dist.serializer.order"
    _description = "Order held: canonical message"

    def _is_relevant(self, record):
        return record.dist_state == "held" and record.state != "cancel"
