import json
import logging
import time

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

_logger = logging.getLogger(__name__)

SETTING = "dist_integration.retention_days"
# a hundred years; who wants more keeps it for ever
MAX_DAYS = 36_500
BATCH = 500
PURGE_SECONDS = 240


def check_days(days):
    """:raises ValidationError: nobody keeps content for so many days"""
    if not 0 <= days <= MAX_DAYS:
        raise ValidationError(
            _(
                "Content is kept for 0 to %s days; 0 leaves it to the next policy: that of the message type, then "
                "the settings, where 0 is for ever.",
                MAX_DAYS,
            )
        )


def evidence_of(content):
    """:return: SQL expression of the size and the hash of bytes"""
    return f"jsonb_build_object('bytes', length({content}), 'sha256', encode(sha256({content}), 'hex'))"


PURGE = f"""
UPDATE dist_message AS message
SET evidence = (COALESCE(message.evidence, '{{}}')::jsonb || jsonb_strip_nulls(jsonb_build_object(
        'content', CASE WHEN message.payload IS NOT NULL
            THEN {evidence_of("convert_to(message.payload, 'UTF8')")} END,
        'received', CASE WHEN message.raw IS NOT NULL
            THEN {evidence_of("decode(convert_from(message.raw, 'LATIN1'), 'base64')")} END,
        'answer', CASE WHEN message.answer IS NOT NULL
            THEN {evidence_of("convert_to(message.answer, 'UTF8')")} END,
        'responses', (
            SELECT jsonb_agg({evidence_of("convert_to(response_excerpt, 'UTF8')")} ORDER BY id)
            FROM dist_message_attempt WHERE message_id = message.id AND response_excerpt IS NOT NULL)
    )))::text,
    payload = NULL, raw = NULL, answer = NULL, purged_at = %s
WHERE message.id IN %s
"""
# settled, and nothing about it or its parts waits for anybody
SETTLED = """
{alias}.state IN ('done', 'cancelled', 'dead') AND NOT EXISTS (
    SELECT FROM dist_exception WHERE id = {alias}.exception_id AND state IN ('open', 'in_progress'))
"""
DUE = f"""
SELECT message.id, message.done_at FROM dist_message AS message
JOIN dist_message_type AS type ON type.id = message.message_type_id
LEFT JOIN dist_flow AS flow ON flow.id = message.flow_id
CROSS JOIN LATERAL (
    SELECT COALESCE(NULLIF(flow.retention_days, 0), NULLIF(type.retention_days, 0), %(days)s) AS days
) AS policy
WHERE message.purged_at IS NULL AND message.state IN ('done', 'cancelled', 'dead')
  AND (message.done_at, message.id) > (%(done_at)s, %(id)s)
  AND policy.days > 0 AND message.done_at < %(now)s - make_interval(days => policy.days)
  AND flow.legal_hold IS NOT TRUE
  AND {SETTLED.format(alias="message")}
  AND NOT EXISTS (
    SELECT FROM dist_message AS item WHERE item.parent_id = message.id AND NOT ({SETTLED.format(alias="item")}))
ORDER BY message.done_at, message.id LIMIT %(limit)s
FOR UPDATE OF message SKIP LOCKED
"""
EMPTIED = f"""
SELECT DISTINCT message.id FROM dist_message AS message
JOIN dist_message AS purged ON purged.parent_id = message.id
LEFT JOIN dist_flow AS flow ON flow.id = message.flow_id
WHERE purged.id IN %s AND message.purged_at IS NULL AND flow.legal_hold IS NOT TRUE
  AND {SETTLED.format(alias="message")}
  AND NOT EXISTS (SELECT FROM dist_message WHERE parent_id = message.id AND purged_at IS NULL)
"""


class DistMessage(models.Model):
    """Content is kept as long as its flow says; what it was stays provable by size and SHA-256 (G6)."""

    _inherit = "dist.message"

    purged_at = fields.Datetime(string="Content purged", readonly=True)
    erased_at = fields.Datetime(string="Personal data erased", readonly=True)
    evidence = fields.Text(
        readonly=True, help="Size and SHA-256 of what was purged or erased, as JSON: proves what it was."
    )

    def init(self):
        result = super().init()
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS dist_message_purge_idx ON dist_message (done_at, id) "
            "WHERE purged_at IS NULL AND state IN ('done', 'cancelled', 'dead')"
        )
        return result

    def _check_content_kept(self):
        """:raises UserError: the content of one is not kept any more, or not as it was"""
        for message in self:
            if message.erased_at:
                raise UserError(
                    _(
                        "Personal data was erased from %(message)s on %(date)s: it cannot be processed or sent again.",
                        message=message.display_name,
                        date=fields.Date.to_string(message.erased_at),
                    )
                )
            if message.purged_at or message.sudo().event_id.purged_at:
                moment = message.purged_at or message.sudo().event_id.purged_at
                raise UserError(
                    _(
                        "The content of %(message)s was purged on %(date)s: it cannot be processed or sent again.",
                        message=message.display_name,
                        date=fields.Date.to_string(moment),
                    )
                )

    def _get_purged_text(self):
        """:return: what is shown in place of the content"""
        evidence = json.loads(self.evidence or "{}")
        event = json.loads(self.event_id.evidence or "{}")
        lines = [_("The content was purged on %s.", fields.Date.to_string(self.purged_at)), ""]
        for part in (evidence.get("content"), evidence.get("received"), event.get("content")):
            if part:
                lines.append(_("%(bytes)s bytes, SHA-256 %(sha256)s", **part))
        return "\n".join(lines)

    @api.model
    def _cron_purge(self):
        """Purge what has been kept long enough, in batches of their own; what time does not allow is next day's."""
        deadline = time.monotonic() + PURGE_SECONDS
        days = self._get_default_retention_days()
        position, count = (fields.Datetime.to_datetime("1970-01-01"), 0), 0
        while position and time.monotonic() < deadline:
            position, done = self._in_own_transaction(
                lambda env, position=position: env["dist.message"]._purge_batch(days, position)
            )
            count += done
        last, events = 0, 0
        while last is not None and time.monotonic() < deadline:
            last, done = self._in_own_transaction(
                lambda env, last=last: env["dist.event"]._purge_batch(days, last)
            )
            events += done
        beside = BATCH
        while beside >= BATCH and time.monotonic() < deadline:
            beside = self._in_own_transaction(lambda env: env["dist.message"]._purge_beside(days))
        if count or events:
            self.env["dist.audit.entry"]._add(
                "purged",
                record_name=_("%(messages)s messages, %(events)s events", messages=count, events=events),
                res_model=self._name,
                reason=_("Retention"),
            )
            _logger.info("Purged the content of %s messages and %s events", count, events)

    @api.model
    def _purge_beside(self, days):
        """Purge a batch of what was copied from messages, or belongs to none.

        :return: number of records; a full batch may be followed by more
        """
        return 0

    @api.model
    def _get_default_retention_days(self):
        """:return: days for what neither flow nor type says, 0 for ever"""
        return int(self.env["ir.config_parameter"].sudo().get_param(SETTING) or 0)

    @api.model
    def _purge_batch(self, days, after):
        """
        :param after: (moment, id) of the last message that was looked at
        :return: (the same for the next batch, or None; number of messages purged)
        """
        self.env.cr.execute(
            DUE,
            {
                "days": days,
                "done_at": after[0],
                "id": after[1],
                "now": fields.Datetime.now(),
                "limit": BATCH,
            },
        )
        due = self.env.cr.fetchall()
        purged = self.browse([row[0] for row in due])._filter_purgeable()
        purged._purge()
        return (due[-1][1], due[-1][0]) if len(due) == BATCH else None, len(purged)

    def _filter_purgeable(self):
        """:return: those of settled messages whose content nobody needs any more"""
        return self

    def _purge(self):
        """Replace content by the evidence of it; that of events as soon as none of their messages needs it."""
        if not self:
            return
        now, ids = fields.Datetime.now(), tuple(self.ids)
        self.env.cr.execute(PURGE, (now, ids))
        self.env.cr.execute(
            "UPDATE dist_message_attempt SET response_excerpt = NULL WHERE message_id IN %s", (ids,)
        )
        self.event_id._purge()
        self._purge_around()
        for name in ("dist.message", "dist.event", "dist.message.attempt"):
            self.env[name].invalidate_model()

    def _purge_around(self):
        """Purge the calls and files all of whose items are purged: they hold the same content."""
        self.env.cr.execute(EMPTIED, (tuple(self.ids),))
        self.browse([row[0] for row in self.env.cr.fetchall()])._filter_purgeable()._purge()
