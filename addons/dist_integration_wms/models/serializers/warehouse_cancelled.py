from odoo import fields, models

from ...lib import formats


class WarehouseCancelledSerializer(models.AbstractModel):
    _name = "dist.serializer.warehouse.cancelled"
    _inherit = "dist.serializer.warehouse"
    _description = "Canonical message: transfer cancelled"

    def _is_relevant(self, record):
        return record.dist_release_state == "cancelled"

    def _prefetch(self, records):
        """Nothing is said about lines."""

    def _get_payload(self, record):
        return {
            **self._get_head(record, self._get_codes(record)),
            "reason": "cancelled" if record.state == "cancel" else "superseded",
            "cancelled_at": formats.moment_text(fields.Datetime.now()),
        }
