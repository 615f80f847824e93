from odoo import models


class OrderSerializer(models.AbstractModel):
    """What the events of an order have in common."""

    _name = "dist.serializer.order"
    _inherit = "dist.serializer"
    _description = "Canonical message of an order"

    def _prefetch(self, records):
        records.order_line.product_id.mapped("default_code")

    def _get_payload(self, record):
        views = self.env["dist.order.view"]
        return {
            **views._get_head(record),
            "lines": [self._get_line(line) for line in views._get_lines(record)],
        }

    def _get_line(self, line):
        return self.env["dist.order.view"]._get_ordered_line(line)

    def _get_business_key(self, record):
        return record.name
