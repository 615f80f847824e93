from odoo import api, fields, models
from odoo.tools import SQL

READ = ("dist_event", "dist_message_attempt")


class DistEventMark(models.Model):
    """How far the rows of an append-only table were read.

    Ids are given before their transaction commits, so a lower one may appear after a higher one was read. The mark
    therefore only moves up to what was there when every transaction that runs now had ended: rows above it are read
    again until then, which costs little and loses nothing. Whoever reads has to bear rows that come twice.
    """

    _name = "dist.event.mark"
    _description = "Reading mark"
    _log_access = False

    table_name = fields.Char(required=True)
    last_id = fields.Integer(help="Everything up to here was read for good.")
    seen_id = fields.Integer(help="The last one that was there at the former reading.")
    horizon = fields.Char(help="Transactions below this one had begun at the former reading.")

    _sql_constraints = [("table_uniq", "unique(table_name)", "A table has one mark.")]

    @api.model
    def _read_new(self, table):
        """Move the mark of a table.

        :return: (id above which rows are new, id up to which this reading goes)
        """
        if table not in READ:
            raise ValueError(table)
        mark = self.search([("table_name", "=", table)]) or self.create({"table_name": table})
        self.env.cr.execute(
            SQL(
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, "
                "pg_snapshot_xmax(pg_current_snapshot())::text, COALESCE(max(id), 0) FROM %s",
                SQL.identifier(table),
            )
        )
        oldest, following, newest = self.env.cr.fetchone()
        first = mark.last_id
        if not mark.horizon or oldest >= int(mark.horizon):
            # whoever could still have added a lower id when it was seen has ended: this reading finds it
            mark.write({"last_id": mark.seen_id, "seen_id": newest, "horizon": following})
        return first, newest
