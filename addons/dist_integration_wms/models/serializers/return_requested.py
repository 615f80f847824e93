from odoo import models


class ReturnRequestedSerializer(models.AbstractModel):
    _name = "dist.serializer.return.requested"
    _inherit = "dist.serializer.receipt.requested"
    _description = "Return requested: canonical message"

    def _get_kind(self):
        return "return"

    def _get_payload(self, record):
        payload = super()._get_payload(record)
        shipment = record.move_ids.origin_returned_move_id.picking_id[:1]
        return {
            **payload,
            "customer": payload.pop("supplier"),
            "shipment": shipment.dist_release_ref or shipment.name or None,
        }
