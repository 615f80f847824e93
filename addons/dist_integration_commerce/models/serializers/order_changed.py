from odoo import models


class OrderChangedSerializer(models.AbstractModel):
    _name = "dist.serializer.order.changed"
    _inherit = "dist.serializer.order"
    _description = "Order changed: canonical message"

    def _is_relevant(self, record):
        return record.state == "sale"

    def _get_line(self, line):
        views = self.env["dist.order.view"]
        open_quantity = views._format_quantity(line._dist_get_open_quantity())
        return {**super()._get_line(line), "open_quantity": open_quantity}
