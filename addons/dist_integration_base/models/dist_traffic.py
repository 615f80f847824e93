from odoo import api, fields, models

from ..lib.histogram import BOUNDS

COLUMNS = (
    "slot",
    "width",
    "measure",
    "company_id",
    "system_id",
    "flow_id",
    "message_type_id",
    "direction",
    "operation",
    "outcome",
    "bucket",
)
SLOT_MINUTES = 5
WIDTHS = (SLOT_MINUTES, 60, 1440)
KEY = ", ".join(COLUMNS)


def _slot(column):
    return f"to_timestamp(floor(extract(epoch FROM {column}) / 300) * 300) AT TIME ZONE 'UTC'"


def _bucket(seconds):
    # a bound belongs to the bucket that it ends
    return f"width_bucket({seconds} - 0.0000001, ARRAY{list(BOUNDS)!r}::float[])"


TOOK = "attempt.duration_ms / 1000.0"
WAITED = f"extract(epoch FROM attempt.started_at - message.received_at) + {TOOK}"
OF_MESSAGE = (
    "message.company_id, message.system_id, message.flow_id, message.message_type_id, message.direction"
)
FROM_ATTEMPTS = """
    FROM dist_message_attempt attempt JOIN dist_message message ON message.id = attempt.message_id
    WHERE attempt.id > %(attempt_low)s AND attempt.id <= %(attempt_high)s
"""
# what is built in the shadow never leaves, so it moved nowhere
MESSAGES = f"""
    SELECT {_slot("message.received_at")}, {SLOT_MINUTES}, 'message', {OF_MESSAGE},
           NULL, NULL, NULL::integer, count(*), 0.0
    FROM dist_message message WHERE message.id > %(message_low)s AND message.id <= %(message_high)s
      AND NOT (message.direction = 'out' AND COALESCE(message.stage, '') = 'shadow')
    GROUP BY 1, 4, 5, 6, 7, 8
"""
ATTEMPTS = f"""
    SELECT {_slot("attempt.started_at")}, {SLOT_MINUTES}, 'attempt', {OF_MESSAGE},
           NULL, attempt.outcome, {_bucket(TOOK)}, count(*), sum({TOOK})
    {FROM_ATTEMPTS}
    GROUP BY 1, 4, 5, 6, 7, 8, 10, 11
"""
# what is sent again on request says nothing of how long partners wait
LATENCIES = f"""
    SELECT {_slot("attempt.started_at")}, {SLOT_MINUTES}, 'latency', {OF_MESSAGE}, NULL,
           CASE attempt.number WHEN 1 THEN 'first' ELSE 'later' END, {_bucket(WAITED)}, count(*), sum({WAITED})
    {FROM_ATTEMPTS} AND attempt.outcome = 'success' AND message.replay_id IS NULL
    GROUP BY 1, 4, 5, 6, 7, 8, 10, 11
"""
SOURCES = {
    "dist_message": ("message", (MESSAGES,)),
    "dist_message_attempt": ("attempt", (ATTEMPTS, LATENCIES)),
}
CALL_KEY = f"{_slot('called_at')}, {SLOT_MINUTES}"
CALL_OF = "company_id, system_id, NULL::integer, NULL::integer, NULL, operation"
CALLS = f"""
    SELECT {CALL_KEY}, 'call', {CALL_OF}, status::varchar, {_bucket("duration_ms / 1000.0")}, count(*),
           sum(duration_ms / 1000.0)
    FROM {{calls}} GROUP BY 1, 4, 5, 9, 10, 11
    UNION ALL
    SELECT {CALL_KEY}, 'problem', {CALL_OF}, problem, NULL, count(*), 0.0
    FROM {{calls}} WHERE problem IS NOT NULL GROUP BY 1, 4, 5, 9, 10
    UNION ALL
    SELECT {CALL_KEY}, 'replay', {CALL_OF}, NULL, NULL, count(*), 0.0
    FROM {{calls}} WHERE replayed GROUP BY 1, 4, 5, 9
"""


class DistTraffic(models.Model):
    """How much moved, how well and how fast: counted once, so that no figure reads millions of messages.

    Rows are five minutes wide, after six hours an hour and after forty days a day. What was stored since they were
    last brought up to date is counted on top by whoever reads (:meth:`_get_source`), so that every figure
    is exact and never falls.
    """

    _name = "dist.traffic"
    _description = "Traffic"
    _order = "slot desc, id desc"
    _rec_name = "measure"
    _log_access = False

    slot = fields.Datetime(string="From", required=True, readonly=True)
    width = fields.Integer(string="Minutes", required=True, readonly=True)
    measure = fields.Selection(
        [
            ("message", "Messages"),
            ("attempt", "Tries"),
            ("latency", "Time until it got through"),
            ("call", "API calls"),
            ("problem", "Refused API calls"),
            ("replay", "Repeated API calls"),
        ],
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one("res.company", readonly=True)
    system_id = fields.Many2one("dist.system", readonly=True, ondelete="cascade")
    flow_id = fields.Many2one("dist.flow", readonly=True, ondelete="set null", index="btree_not_null")
    message_type_id = fields.Many2one("dist.message.type", readonly=True, ondelete="cascade")
    direction = fields.Selection([("in", "Inbound"), ("out", "Outbound")], readonly=True)
    operation = fields.Char(readonly=True)
    outcome = fields.Char(readonly=True)
    bucket = fields.Integer(readonly=True, help="Number of the duration's bucket.")
    number = fields.Integer(readonly=True)
    seconds = fields.Float(string="Seconds in all", readonly=True)

    def init(self):
        self.env.cr.execute("CREATE INDEX IF NOT EXISTS dist_traffic_slot_idx ON dist_traffic (width, slot)")

    @api.model
    def _get_source(self, since=None):
        """Everything that was counted, and what came since.

        :param since: datetime (UTC); None for all there is
        :return: (SQL of a query with the columns of this model, dict of its parameters)
        """
        tails = [select for _prefix, selects in SOURCES.values() for select in selects]
        tails.append(CALLS.format(calls="dist_api_call"))
        query = f"""
            SELECT {KEY}, number, seconds FROM dist_traffic
            WHERE width IN {WIDTHS!r} AND slot >= %(since)s
            UNION ALL SELECT * FROM ({" UNION ALL ".join(tails)}) AS tail ({KEY}, number, seconds)
            WHERE slot >= %(since)s
        """
        return query, {"since": since or "-infinity", **self._get_tail_bounds()}

    @api.model
    def _get_tail_bounds(self):
        positions = self.env["dist.traffic.position"]._get_all()
        bounds = {}
        for table, (prefix, _selects) in SOURCES.items():
            bounds.update({f"{prefix}_low": positions.get(table, 0), f"{prefix}_high": 2**31 - 1})
        return bounds
