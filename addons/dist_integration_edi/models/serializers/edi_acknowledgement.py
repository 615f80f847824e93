import json

from odoo import models


class EdiAcknowledgementSerializer(models.AbstractModel):
    """The TA1, 997, 999 or CONTRL of a received interchange."""

    _name = "dist.serializer.edi.acknowledgement"
    _inherit = "dist.serializer"
    _description = "EDI acknowledgement: canonical message"

    def _is_relevant(self, record):
        return bool(record.acknowledgement)

    def _get_payload(self, record):
        return {
            "interchange": record.control_number,
            "transactions": json.loads(record.acknowledgement),
        }

    def _get_business_key(self, record):
        return record.display_name

    def _get_ordering_key(self, record):
        return f"dist.edi.partner/{record.edi_partner_id.id}"
