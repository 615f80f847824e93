from odoo import fields, models

from ...lib import formats


class TransportCancelledSerializer(models.AbstractModel):
    _name = "dist.serializer.transport.cancelled"
    _inherit = "dist.serializer.transport"
    _description = "Transport cancelled: canonical message"

    def _is_relevant(self, record):
        return record.dist_transport_state == "cancelled"

    def _prefetch(self, records):
        """Nothing is said about lines."""

    def _get_payload(self, record):
        return {
            **self._get_head(record, self._get_codes(record)),
            "cancelled_at": formats.moment_text(fields.Datetime.now()),
        }
