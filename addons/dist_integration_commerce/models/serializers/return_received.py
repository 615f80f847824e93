from odoo import models


class ReturnReceivedSerializer(models.AbstractModel):
    """What came back of a return that the channel asked for."""

    _name = "dist.serializer.return.received"
    _inherit = "dist.serializer"
    _description = "Return received: canonical message"

    def _is_relevant(self, record):
        return bool(record.dist_return_ref) and record.state == "done"

    def _get_payload(self, record):
        views = self.env["dist.order.view"]
        order = record.sale_id
        moves = record.move_ids.filtered(lambda move: move.state == "done").sorted("id")
        return {
            "return": record.dist_return_ref,
            "reference": order.dist_external_ref or order.client_order_ref or None,
            "order": order.name,
            "channel": order.dist_channel_id.code or None,
            "transfer": record.name,
            "received_at": views._format_moment(record.date_done),
            "lines": [
                {
                    "line": move.sale_line_id.dist_line_ref or None,
                    "sku": move.product_id.default_code or None,
                    "quantity": views._format_quantity(move.quantity),
                    "unit": move.product_uom.name,
                }
                for move in moves
            ],
        }

    def _get_business_key(self, record):
        return record.dist_return_ref

    def _get_ordering_key(self, record):
        return f"sale.order/{record.sale_id.id}"
