from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .dist_message_retention import BATCH, evidence_of

PURGE_EVENTS = f"""
UPDATE dist_event AS event
SET evidence = (COALESCE(event.evidence, '{{}}')::jsonb || jsonb_build_object(
        'content', {evidence_of("convert_to(event.payload, 'UTF8')")}))::text,
    payload = NULL, purged_at = %s
WHERE event.id IN %s AND event.payload IS NOT NULL
  AND NOT EXISTS (SELECT FROM dist_message WHERE event_id = event.id AND purged_at IS NULL)
"""
DUE_EVENTS = """
SELECT event.id FROM dist_event AS event JOIN dist_message_type AS type ON type.id = event.message_type_id
WHERE event.purged_at IS NULL AND event.payload IS NOT NULL AND event.state = 'recorded' AND event.id > %(id)s
  AND COALESCE(NULLIF(type.retention_days, 0), %(days)s) > 0
  AND event.occurred_at
    < %(now)s - make_interval(days => COALESCE(NULLIF(type.retention_days, 0), %(days)s))
  AND NOT EXISTS (SELECT FROM dist_message WHERE event_id = event.id AND purged_at IS NULL)
  AND NOT EXISTS (
    SELECT FROM dist_flow WHERE message_type_id = event.message_type_id
      AND (company_id = event.company_id OR event.is_shared) AND legal_hold)
ORDER BY event.id LIMIT %(limit)s
FOR UPDATE OF event SKIP LOCKED
"""


class DistEvent(models.Model):
    _inherit = "dist.event"

    purged_at = fields.Datetime(string="Content purged", readonly=True)
    evidence = fields.Text(readonly=True, help="Size and SHA-256 of what was purged or erased, as JSON.")

    @api.model
    def _purge_batch(self, days, after):
        """Purge events that no message carries.

        :param after: id of the last event that was looked at
        :return: (the same for the next batch, or None; number of events purged)
        """
        values = {"days": days, "id": after, "now": fields.Datetime.now(), "limit": BATCH}
        self.env.cr.execute(DUE_EVENTS, values)
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.browse(ids)._purge()
        return ids[-1] if len(ids) == BATCH else None, len(ids)

    def _purge(self):
        """Replace content by the evidence of it, where no message needs it any more."""
        if self:
            self.env.cr.execute(PURGE_EVENTS, (fields.Datetime.now(), tuple(self.ids)))
            self.invalidate_model()

    def _check_not_purged(self):
        """:raises UserError: the content of one is not kept any more"""
        for event in self.filtered("purged_at"):
            raise UserError(
                _(
                    "The content of %(event)s was purged on %(date)s: it cannot be sent again.",
                    event=event.display_name,
                    date=fields.Date.to_string(event.purged_at),
                )
            )

    def _get_envelope(self):
        self._check_not_purged()
        return super()._get_envelope()
