from odoo import models

from ...lib import formats


class ShipmentRequestSerializer(models.AbstractModel):
    """What the requests about a shipment have in common."""

    _name = "dist.serializer.shipment.request"
    _inherit = "dist.serializer.warehouse"
    _description = "Canonical message: request about a shipment"

    def _get_kind(self):
        return "shipment"

    def _get_request_kind(self):
        """:return: kind of dist.release.request"""
        raise NotImplementedError

    def _get_request_states(self):
        return ("waiting",)

    def _get_request(self, picking):
        """:return: the newest request the message is about; empty when it was taken back"""
        return picking.dist_request_ids.filtered(
            lambda request: (
                request.kind == self._get_request_kind() and request.state in self._get_request_states()
            )
        ).sorted("id")[-1:]

    def _is_relevant(self, record):
        return bool(self._get_request(record))

    def _prefetch(self, records):
        records.dist_request_ids.mapped("state")

    def _get_payload(self, record):
        request, codes = self._get_request(record), self._get_codes(record)
        return {
            **self._get_head(record, codes),
            "request": request.name,
            **self._get_details(record, request, codes),
        }

    def _get_details(self, picking, request, codes):
        """:return: dict of what is asked for"""
        return {"reason": request.reason, "requested_at": formats.moment_text(request.asked_at)}

    def _get_open_requests(self, picking, codes):
        """:return: list of what the warehouse was asked about a shipment and has not answered, for those who poll"""
        return [
            {
                "request": request.name,
                "kind": request.kind,
                **self.env[f"dist.serializer.shipment.{request.kind}.requested"]._get_details(
                    picking, request, codes
                ),
            }
            for request in picking.dist_request_ids._get_waiting().sorted("id")
        ]
