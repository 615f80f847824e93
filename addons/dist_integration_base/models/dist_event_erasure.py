import json

from odoo import api, models

from ..lib import erasure
from ..lib.masking import collect
from .dist_message_erasure import get_evidence

NAMES = ("business_key", "ordering_key", "error")


# events that no message carries: those of messages are found with them
FIND = """
SELECT event.id, about.is_known FROM dist_event AS event
CROSS JOIN LATERAL (
    SELECT (event.res_model, event.res_id) IN (SELECT * FROM unnest(%(models)s::text[], %(ids)s::integer[]))
        AS is_known) AS about
WHERE event.payload IS NOT NULL AND NOT EXISTS (SELECT FROM dist_message WHERE event_id = event.id)
  AND NOT EXISTS (
    SELECT FROM dist_flow WHERE message_type_id = event.message_type_id
      AND (company_id = event.company_id OR event.is_shared) AND legal_hold)
  AND (about.is_known
    OR EXISTS (
      SELECT FROM unnest(%(terms)s::text[]) AS term WHERE strpos(lower(event.payload), lower(term)) > 0)
    OR EXISTS (
      SELECT FROM unnest(%(numbers)s::text[]) AS plain_number
      WHERE strpos(translate(lower(event.payload), %(gaps)s, ''), plain_number) > 0)
    OR EXISTS (
      SELECT FROM unnest(%(names)s::text[]) AS name, unnest(%(places)s::text[]) AS place
      WHERE strpos(lower(event.payload), lower(name)) > 0 AND strpos(lower(event.payload), lower(place)) > 0))
"""


class DistEvent(models.Model):
    _inherit = "dist.event"

    @api.model
    def _find_personal_alone(self, partners, identifiers):
        """:return: dist.event about a person that no message carries, as of `dist.message._find_personal`"""
        messages = self.env["dist.message"]
        self.env.cr.execute(FIND, messages._get_search_values(partners, identifiers))
        rows = self.env.cr.fetchall()
        person = messages._get_person(partners, identifiers)
        found = [
            event_id
            for event_id, is_known in rows
            if is_known or person.is_in(self.sudo().browse(event_id).payload)
        ]
        return self.search([("id", "in", found)])

    def _erase_personal(self, identifiers):
        """Replace personal values of the payload, which the messages of the event share.

        :param identifiers: list of texts, erased wherever they stand
        """
        for event in self.filtered("payload"):
            paths = event.message_type_id._get_personal_paths()
            values = set(identifiers) | collect(json.loads(event.payload), paths) - {erasure.TOMBSTONE}
            evidence = json.loads(event.evidence or "{}")
            evidence.setdefault("before_erasure", get_evidence(event.payload.encode()))
            event.write(
                {
                    "payload": erasure.erase_document(event.payload, values, paths),
                    **{name: erasure.erase_text(event[name], values) for name in NAMES},
                    "evidence": json.dumps(evidence),
                }
            )
