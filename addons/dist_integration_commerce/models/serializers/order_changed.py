from odoo import models


class OrderChangedSerializer(models.AbstractModel):
    _name = "dist.serializer.order.changed"
    _inherit = "dist.serializer.order"
    _description = "Order changed: canonical message"

    def _is_relevant(self, record):
        return record.state == "sale"

    def _get_line(self, line):
        return {**super()._get_line(line), **self.env["dist.order.view"]._get_open_quantity(line)}
