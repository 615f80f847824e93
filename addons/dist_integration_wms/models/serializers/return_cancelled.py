from odoo import models


class ReturnCancelledSerializer(models.AbstractModel):
    _name = "dist.serializer.return.cancelled"
    _inherit = "dist.serializer.warehouse.cancelled"
    _description = "Return cancelled: canonical message"

    def _get_kind(self):
        return "return"
