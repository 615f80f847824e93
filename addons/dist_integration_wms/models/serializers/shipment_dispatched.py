from odoo import models

from ...lib import formats


class ShipmentDispatchedSerializer(models.AbstractModel):
    _name = "dist.serializer.shipment.dispatched"
    _inherit = "dist.serializer.transport"
    _description = "Shipment dispatched: canonical message"

    def _is_relevant(self, record):
        return bool(record.dist_dispatched_at)

    def _prefetch(self, records):
        records.dist_shipment_milestone_ids.mapped("status")

    def _get_payload(self, record):
        codes = self._get_codes(record)
        return {
            **self._get_head(record, codes),
            "ship_to": self._get_party(record.partner_id),
            "carrier": self._get_carrier(record, codes),
            "service": record.dist_transport_service or None,
            "tracking_numbers": record._dist_get_tracking_numbers(),
            "shipped_at": formats.moment_text(self._get_shipped_at(record)),
            "taken_over_at": formats.moment_text(record._dist_get_taken_over().occurred_at or None),
            "deliver_by": formats.moment_text(record._dist_get_deadline()),
            "estimated_delivery_at": formats.moment_text(record.dist_estimated_at or None),
            "state": record.dist_carrier_state or None,
        }

    def _get_shipped_at(self, picking):
        """:return: when the warehouse says it shipped; else when Odoo was told"""
        confirmed = picking.dist_confirmation_ids.filtered("moved_at").sorted("moved_at")
        return confirmed[-1:].moved_at or picking.date_done or None
