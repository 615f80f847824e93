"""Fills a database with the messages of months, by SQL.

Half of the messages are inbound, half outbound with their events, spread evenly over the given flows. Most are
done; of each flow's, one in 400 waits for a retry that lies ahead, two are dead, one waits for a person and one
is cancelled. Bodies are orders of 1 to 20 lines.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

TABLES = ("dist_message", "dist_event", "dist_event_sequence", "dist_message_attempt")
CHUNK = 250_000

LINES = """
    CREATE TEMP TABLE bench_line AS
    SELECT direction, (row_number() OVER (PARTITION BY direction ORDER BY flow.id) - 1)::integer AS position,
           flow.id AS flow_id, flow.system_id, flow.endpoint_id, client.id AS client_id, flow.company_id,
           flow.message_type_id, version.id AS version_id
    FROM dist_flow flow
    JOIN dist_message_type_version version ON version.message_type_id = flow.message_type_id AND version.number = 1
    LEFT JOIN dist_api_client client ON client.system_id = flow.system_id AND flow.direction = 'in'
    WHERE flow.id = ANY(%(flows)s)
"""

BODIES = """
    CREATE TEMP TABLE bench_body AS
    SELECT number, '{"reference":"WEB-' || number || '","lines":['
           || string_agg('{"line":"' || line || '","item":{"sku":"' || upper(substr(md5((number * line)::text), 1, 10))
                         || '"},"quantity":"' || mod(number, 97) || '","unit_price":"' || mod(number, 89) * line
                         || '.50"}', ',')
           || ']}' AS text
    FROM generate_series(0, 996) AS number, LATERAL generate_series(1, 1 + mod(number, 20)) AS line
    GROUP BY number
"""

# i: number of the message; turn: which of its flow's messages
SERIES = """
    (SELECT i, i / lines.count AS turn, line.*, now() AT TIME ZONE 'UTC' - i * interval '2 seconds' AS moment
     FROM (SELECT count(*)::integer FROM bench_line WHERE direction = {direction}) AS lines
     CROSS JOIN generate_series(%(first)s, %(last)s) AS i
     JOIN bench_line line ON line.direction = {direction} AND line.position = mod(i, lines.count)) AS series
    JOIN bench_body body ON body.number = mod(i, 997)
"""
INBOUND_SERIES = SERIES.format(direction="'in'")
OUTBOUND_SERIES = SERIES.format(direction="'out'")

STATE = """
    CASE mod(turn, 400) WHEN 0 THEN 'retry' WHEN 1 THEN 'dead' WHEN 2 THEN 'dead' WHEN 3 THEN 'error'
                        WHEN 4 THEN 'cancelled' ELSE 'done' END
"""
NEXT = "CASE mod(turn, 400) WHEN 0 THEN now() AT TIME ZONE 'UTC' + interval '6 hours' ELSE moment END"
TRACE = "md5('trace' || i), '00-' || md5('trace' || i) || '-' || substr(md5('span' || i), 1, 16) || '-01'"

INBOUND = f"""
    INSERT INTO dist_message (
        uuid, direction, state, flow_id, system_id, client_id, company_id, message_type_id, version_id, criticality,
        idempotency_key, request_hash, raw, answer, answer_status, trace_id, traceparent, business_key,
        res_model, res_id, attempt_count, next_attempt_at, received_at, done_at, create_date, create_uid)
    SELECT 'msg_in' || md5(i::text), 'in', {STATE}, flow_id, system_id, client_id, company_id, message_type_id,
           version_id, 'normal', 'auto ' || md5(i::text) || md5('key' || i), md5(i::text) || md5('key' || i),
           encode(convert_to(body.text, 'UTF8'), 'base64')::bytea, '{{"status":"accepted","order":"S' || i || '"}}', 200,
           {TRACE}, 'WEB-' || i, 'sale.order', i, 1, {NEXT}, moment, moment, moment, 1
    FROM {INBOUND_SERIES}
"""

EVENTS = f"""
    INSERT INTO dist_event (
        id, uuid, message_type_id, version_id, company_id, res_model, res_id, sequence, business_key, payload,
        trace_id, traceparent, ordering_key, state, occurred_at, create_date, create_uid)
    SELECT i, 'evt_' || md5(i::text), message_type_id, version_id, company_id, 'sale.order', i, 1, 'S' || i, body.text,
           {TRACE}, 'sale.order/' || i, 'recorded', moment, moment, 1
    FROM {OUTBOUND_SERIES}
"""

OUTBOUND = f"""
    INSERT INTO dist_message (
        uuid, direction, state, flow_id, system_id, endpoint_id, company_id, message_type_id, version_id, criticality,
        lane, event_id, answer_status, trace_id, traceparent, ordering_key, business_key, res_model, res_id,
        attempt_count, next_attempt_at, received_at, done_at, create_date, create_uid)
    SELECT 'msg_out' || md5(i::text), 'out', {STATE}, flow_id, system_id, endpoint_id, company_id, message_type_id,
           version_id, 'normal', 0, i, 200, {TRACE}, 'sale.order/' || i, 'S' || i, 'sale.order', i, 1, {NEXT},
           moment, moment, moment, 1
    FROM {OUTBOUND_SERIES}
"""

AFTERWARDS = (
    "SELECT setval('dist_event_id_seq', (SELECT max(id) FROM dist_event))",
    """
    INSERT INTO dist_event_sequence (res_model, res_id, last_number)
    SELECT res_model, res_id, max(sequence) FROM dist_event GROUP BY res_model, res_id ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO dist_message_attempt (message_id, number, started_at, duration_ms, outcome, status_code,
                                      response_excerpt)
    SELECT id, 1, received_at, mod(id, 200), 'success', 200, CASE WHEN direction = 'out' THEN '{"seen": true}' END
    FROM dist_message
    """,
)


def fill(cursor: Any, count: int, flow_ids: Sequence[int]) -> None:
    """Store messages on flows of both directions.

    :param cursor: psycopg2 cursor of a connection in autocommit, on a database without messages
    :param count: number of messages, half of them inbound
    """
    cursor.execute(LINES, {"flows": list(flow_ids)})
    cursor.execute(BODIES)
    with _bare(cursor):
        for first in range(1, count // 2 + 1, CHUNK):
            bounds = {"first": first, "last": min(first + CHUNK - 1, count // 2)}
            for statement in (INBOUND, EVENTS, OUTBOUND):
                cursor.execute(statement, bounds)
        for statement in AFTERWARDS:
            cursor.execute(statement)
    for table in TABLES:
        cursor.execute(f"VACUUM (ANALYZE) {table}")


@contextmanager
def _bare(cursor: Any) -> Iterator[None]:
    """Take foreign keys and plain indexes away while rows come in by the million."""
    cursor.execute(
        """
        SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
               format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
                      pg_get_constraintdef(oid))
        FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%(tables)s::regclass[])
        UNION ALL
        SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
        FROM pg_index WHERE NOT indisunique AND indrelid = ANY(%(tables)s::regclass[])
        """,
        {"tables": list(TABLES)},
    )
    pairs = cursor.fetchall()
    for drop, _make in pairs:
        cursor.execute(drop)
    yield
    for _drop, make in pairs:
        cursor.execute(make)
