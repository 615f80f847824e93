import logging
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .dist_traffic import CALLS, KEY, SLOT_MINUTES, SOURCES

_logger = logging.getLogger(__name__)

CHUNK = 50_000
WAIT_SECONDS = 5
POLL_SECONDS = 0.1
LOCK = "dist.traffic"
# age from which rows are wider: (width before, width after, unit, age)
WIDENING = (
    (SLOT_MINUTES, 60, "hour", timedelta(hours=6)),
    (60, 1440, "day", timedelta(days=40)),
)
MERGE = f"""
    INSERT INTO dist_traffic ({KEY}, number, seconds)
    SELECT {KEY}, sum(number), sum(seconds)
    FROM (SELECT {KEY}, number, seconds FROM fresh UNION ALL SELECT {KEY}, number, seconds FROM former) AS rows
    GROUP BY {KEY}
"""
ADD = f"""
    WITH fresh ({KEY}, number, seconds) AS ({{selects}}),
    former AS (
        DELETE FROM dist_traffic USING (SELECT DISTINCT slot FROM fresh) AS touched
        WHERE dist_traffic.width = {SLOT_MINUTES} AND dist_traffic.slot = touched.slot
        RETURNING dist_traffic.*)
    {MERGE}
"""
COUNT_CALLS = ADD.format(selects=CALLS.format(calls="calls")).replace(
    "WITH ", "WITH calls AS (DELETE FROM dist_api_call RETURNING *), ", 1
)


class DistTraffic(models.Model):
    """Counting: what is counted is never counted again, and nothing is left out.

    Rows of concurrent transactions do not become visible in the order of their ids. So the end of a run is taken
    from the sequence first, and then waited for: a transaction that drew an id below it held its lock on the table
    before. When those that hold one at that moment are gone, every row up to the end is visible or never will be.
    """

    _inherit = "dist.traffic"

    @api.model
    def _cron_count(self):
        """Count what was stored since the last run; make old rows wider."""
        for table in SOURCES:
            end = self._find_end(table)
            while end and self._count_chunk(table, end):
                pass
        self._in_turn(lambda env: env["dist.traffic"]._count_calls())
        for widening in WIDENING:
            self._in_turn(lambda env, widening=widening: env["dist.traffic"]._widen(*widening))

    @api.model
    def _in_turn(self, work):
        return self.env["dist.message"]._in_serial_transaction(LOCK, work)

    @api.model
    def _find_end(self, table):
        """:return: id up to which every row of a table is visible to a transaction that starts now; None while a
        transaction that may hold earlier ones goes on
        """
        with self.env.registry.cursor() as cr:
            sequence = SQL.identifier(f"{table}_id_seq")
            cr.execute(SQL("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM %s", sequence))
            (end,) = cr.fetchone()
            writers = _get_writers(cr, table)
        deadline = time.monotonic() + WAIT_SECONDS
        while writers:
            if time.monotonic() > deadline:
                _logger.info("Traffic of %s is counted later: a long transaction writes it", table)
                return None
            time.sleep(POLL_SECONDS)
            with self.env.registry.cursor() as cr:
                writers &= _get_writers(cr, table)
        return end

    @api.model
    def _count_chunk(self, table, end):
        """Count the next rows of a table.

        :return: True when there are more up to the end
        """

        def count(env):
            positions = env["dist.traffic.position"]
            low = positions._get_all().get(table, 0)
            high = min(low + CHUNK, end)
            if high <= low:
                return False
            prefix, selects = SOURCES[table]
            env.cr.execute(
                ADD.format(selects=" UNION ALL ".join(selects)),
                {f"{prefix}_low": low, f"{prefix}_high": high},
            )
            positions._move(table, high)
            return high < end

        return self._in_turn(count)

    @api.model
    def _count_calls(self):
        """Add the API calls to the traffic; their rows have done their work."""
        self.env.cr.execute(COUNT_CALLS)

    @api.model
    def _widen(self, narrow, wide, unit, age):
        """Merge rows of an age into wider ones."""
        columns = KEY.replace("slot, width", "date_trunc(%(unit)s, slot) AS slot, %(wide)s AS width")
        statement = f"""
            WITH fresh AS (
                DELETE FROM dist_traffic WHERE width = %(narrow)s AND slot < date_trunc(%(unit)s, %(limit)s)
                RETURNING {columns}, number, seconds),
            former AS (
                DELETE FROM dist_traffic USING (SELECT DISTINCT slot FROM fresh) AS touched
                WHERE dist_traffic.width = %(wide)s AND dist_traffic.slot = touched.slot
                RETURNING dist_traffic.*)
            {MERGE}
        """
        self.env.cr.execute(
            statement,
            {"narrow": narrow, "wide": wide, "unit": unit, "limit": fields.Datetime.now() - age},
        )


def _get_writers(cr, table):
    """:return: set of the virtual transactions of others that write a table"""
    cr.execute(
        """
        SELECT virtualtransaction FROM pg_locks
        WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND pid <> pg_backend_pid()
        """,
        (table,),
    )
    return {row[0] for row in cr.fetchall()}
