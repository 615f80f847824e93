from functools import lru_cache

from odoo import api, fields, models
from odoo.tools import split_every

from .dist_endpoint_delivery import get_enqueue_text

BATCH = 100
STATEMENT = """
    WITH numbered AS (
        INSERT INTO dist_event_sequence AS known (res_model, res_id, last_number)
        VALUES {counts}
        ON CONFLICT (res_model, res_id)
        DO UPDATE SET last_number = known.last_number + EXCLUDED.last_number
        RETURNING res_model, res_id, last_number
    ), event AS (
        INSERT INTO dist_event ({event_columns}, sequence) VALUES {events} RETURNING id, uuid
    ){messages}{drains}
    SELECT uuid, id FROM event {enqueued}
"""
MESSAGES = """, message AS (
        INSERT INTO dist_message ({columns}, event_id) VALUES {rows}
    )
"""
DRAIN = """, drain_{number} AS ({enqueue} RETURNING identity_key)
"""
ENQUEUED = "UNION ALL SELECT identity_key, NULL FROM drain_{number}"
NUMBER = "(SELECT last_number - %s FROM numbered WHERE res_model = %s AND res_id = %s)"
EVENT = "(SELECT id FROM event WHERE uuid = %s)"


class DistEvent(models.Model):
    """Writing events and the messages of their subscriptions: numbers, events, messages and the jobs that deliver them
    in one statement, because the transaction of every document that is told pays for it.
    """

    _inherit = "dist.event"

    @api.model
    def _insert(self, items):
        """Store new events with their messages.

        :param items: list of (event row, list of message rows); each event row gets its ``id``
        """
        messages = [message for _row, messages in items for message in messages]
        drains = self._prepare_drains(messages)
        for batch in split_every(BATCH, items, list):
            self._insert_batch(batch, drains)
            drains = {}
        self._tell_failed([row for row, _messages in items])

    @api.model
    def _prepare_drains(self, messages):
        """:return: as of the endpoint's `_prepare_drains`, for the lanes of those that are to be delivered"""
        pending = [message for message in messages if message["state"] == "pending"]
        lanes = self.env["dist.message"]._get_lanes_of(pending)
        return self.env["dist.endpoint"]._prepare_drains(lanes)

    @api.model
    def _insert_batch(self, items, drains):
        rows = [row for row, _messages in items]
        messages = [(row["uuid"], message) for row, messages in items for message in messages]
        event_columns = tuple(rows[0])
        message_columns = tuple(name for name in messages[0][1] if name != "event_id") if messages else ()
        counts, behind = _count(rows)
        params = [value for count in counts for value in count]
        for row, following in zip(rows, behind, strict=True):
            params += [row[name] for name in event_columns]
            params += [following, row["res_model"], row["res_id"]]
        for event_uuid, message in messages:
            params += [message[name] for name in message_columns]
            params.append(event_uuid)
        for row in drains.values():
            params += [*row.values(), row["identity_key"]]
        self.env.cr.execute(
            _get_statement(
                len(counts),
                event_columns,
                len(rows),
                message_columns,
                len(messages),
                tuple(map(tuple, drains.values())),
            ),
            params,
            # the statement holds what leaves, which is nothing for the log
            log_exceptions=False,
        )
        ids = dict(self.env.cr.fetchall())
        for row in rows:
            row["id"] = ids[row["uuid"]]
        waiting = {lane for lane, row in drains.items() if row["identity_key"] not in ids}
        self.env["dist.message"]._schedule_wake("lanes", waiting)

    @api.model
    def _stamp(self, rows):
        """Note on new event rows when, and in whose name, they come about."""
        now = fields.Datetime.now()
        for row in rows:
            row.update(occurred_at=now, create_date=now, create_uid=self.env.uid)


def _count(rows):
    """Count the events of each document.

    :return: (list of (model, id, number of events), sorted, so that two transactions lock the documents' sequences in
        the same order; list parallel to rows, how many events of the same document follow)
    """
    counts, behind = {}, []
    for row in reversed(rows):
        key = row["res_model"], row["res_id"]
        behind.append(counts.get(key, 0))
        counts[key] = behind[-1] + 1
    return sorted((*key, count) for key, count in counts.items()), behind[::-1]


@lru_cache(maxsize=256)
def _get_statement(documents, event_columns, events, message_columns, messages, drains):
    """:return: SQL text for numbers of documents, and of events and messages with these columns, and jobs of which each
    has its own
    """
    message_part = ""
    if messages:
        message_part = MESSAGES.format(
            columns=", ".join(message_columns), rows=_get_values(message_columns, EVENT, messages)
        )
    return STATEMENT.format(
        counts=", ".join(["(%s, %s, %s)"] * documents),
        event_columns=", ".join(event_columns),
        events=_get_values(event_columns, NUMBER, events),
        messages=message_part,
        drains="".join(
            DRAIN.format(number=number, enqueue=get_enqueue_text(columns))
            for number, columns in enumerate(drains)
        ),
        enqueued=" ".join(ENQUEUED.format(number=number) for number in range(len(drains))),
    )


def _get_values(columns, last, number):
    """:return: that many rows of placeholders, with `last` as the value of the last column"""
    row = ", ".join(["%s"] * len(columns) + [last])
    return ", ".join([f"({row})"] * number)
