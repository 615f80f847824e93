import json

from odoo import models

from ..lib import erasure
from .dist_message_erasure import get_evidence


class DistEvent(models.Model):
    _inherit = "dist.event"

    def _erase_personal(self, identifiers):
        """Replace personal values of the payload, which the messages of the event share.

        :param identifiers: list of texts, erased wherever they stand
        """
        for event in self.filtered("payload"):
            paths = event.message_type_id._get_personal_paths()
            values = set(identifiers) | event.message_ids[:1]._get_sensitive_values(paths)
            evidence = json.loads(event.evidence or "{}")
            evidence.setdefault("before_erasure", get_evidence(event.payload.encode()))
            event.write(
                {
                    "payload": erasure.erase_document(event.payload, values, paths),
                    "business_key": erasure.erase_text(event.business_key, values),
                    "evidence": json.dumps(evidence),
                }
            )
