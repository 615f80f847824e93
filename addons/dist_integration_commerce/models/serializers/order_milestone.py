from odoo import models


class OrderMilestoneSerializer(models.AbstractModel):
    """Where a shipment of an order is, as its carrier says."""

    _name = "dist.serializer.order.milestone"
    _inherit = "dist.serializer"
    _description = "Order milestone: canonical message"

    def _is_relevant(self, record):
        return bool(record.sale_id and record.dist_carrier_state)

    def _get_payload(self, record):
        views = self.env["dist.order.view"]
        order, shipment = record.sale_id, views._get_shipment(record)
        return {
            "reference": order.dist_external_ref or order.client_order_ref or None,
            "order": order.name,
            "channel": order.dist_channel_id.code or None,
            **{name: shipment[name] for name in ("shipment", "carrier", "tracking", "tracking_url")},
            "milestone": record.dist_carrier_state,
            "occurred_at": views._format_moment(record.dist_carrier_moved_at),
            "estimated_delivery_at": views._format_moment(record.dist_estimated_at),
        }

    def _get_business_key(self, record):
        return record.sale_id.name or record.name

    def _get_ordering_key(self, record):
        return f"sale.order/{record.sale_id.id}"
