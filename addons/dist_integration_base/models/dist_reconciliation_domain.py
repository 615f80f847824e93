import io

from odoo import _, models
from odoo.tools import SQL

from ..lib.snapshot import Column, open_stream


class DistReconciliationDomain(models.AbstractModel):
    """What is compared in a reconciliation, and how.

    One abstract model a domain, named ``dist.reconciliation.domain.<code>``. The partner's rows are in the temporary
    table ``dist_theirs`` with the columns of `_get_columns`; both sides are brought to rows of a key and an amount by
    queries, so that the database compares a million of them at once.
    """

    _name = "dist.reconciliation.domain"
    _description = "Domain of reconciliation"

    # an amount of 0 and no row at all are the same
    _missing_is_zero = False
    # approved variances can be posted in Odoo
    _is_posted = False

    def _get_scope_model(self):
        """:return: name of the model that a profile's filter is about; None when there is nothing to filter"""
        return None

    def _get_line_model(self):
        """:return: name of the model of which ``res_id`` is an id; None when there are no documents"""
        return None

    def _get_columns(self):
        """:return: list of Column of the partner's snapshot"""
        return [Column("key", is_key=True), Column("amount", is_number=True)]

    def _open_external(self, run):
        """The partner's snapshot: the file of the run, or whatever else an addon has received for it.

        It is opened again when the first reading fails.

        :return: io.BufferedReader of CSV or JSON lines; `lib.snapshot.RowFile` makes one of rows
        """
        attachment = run._get_snapshot()
        path = attachment.store_fname and attachment._full_path(attachment.store_fname)
        if path:
            return open_stream(open(path, "rb"))
        return open_stream(io.BufferedReader(io.BytesIO(attachment.raw or b"")))

    def _can_fetch(self, profile):
        """:return: True when a run gets the partner's snapshot by itself, without a file"""
        return False

    def _prepare(self, run):
        """Temporary tables that the queries need; dropped at the end of the transaction."""

    def _create_table(self, definition, rows):
        """Make a temporary table of a few rows.

        :param definition: name and columns
        :param rows: list of tuples
        """
        name = definition.split()[0]
        self.env.cr.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")  # pylint: disable=sql-injection
        self.env.cr.execute(f"CREATE TEMP TABLE {definition} ON COMMIT DROP")  # pylint: disable=sql-injection
        if rows:
            self.env.cr.execute(SQL("INSERT INTO %s VALUES %s", SQL(name), SQL(", ").join(rows)))
        self.env.cr.execute(f"ANALYZE pg_temp.{name}")  # pylint: disable=sql-injection

    def _get_theirs(self, run):
        """:return: SQL that selects ``key``, ``amount``, ``class_code``, ``res_id`` and ``problem`` (why a row cannot
        be compared) from ``dist_theirs``
        """
        return SQL(
            "SELECT key, amount, NULL::varchar AS class_code, NULL::integer AS res_id, NULL::varchar AS problem "
            "FROM dist_theirs"
        )

    def _get_ours(self, run):
        """:return: SQL that selects ``key``, ``amount``, ``class_code`` and ``res_id``; a key may come several times"""
        raise NotImplementedError

    def _get_in_flight(self, run):
        """What the ledger has to be corrected by to be that of the moment of the run: movements that happened after it
        are taken back, those that happened before it and wait in messages are added.

        :return: SQL that selects ``key``, ``amount``, ``class_code``, ``res_id``; a key may come several times. None
            when there is no such thing
        """
        return None

    def _get_place(self, run):
        """Where a record is: accuracy is counted by it as well as by class.

        :return: SQL expression (text, not null) of ``key``
        """
        return SQL("''::varchar")

    def _get_covered(self, run):
        """Which records the partner's snapshot speaks of, apart from what a cycle count names.

        :return: SQL condition on ``former``, a row of dist_reconciliation_line
        """
        return SQL("TRUE")

    def _get_received_as(self, run):
        """What the partner calls the records of the stored lines, where its words were translated.

        :return: SQL that selects ``key`` and ``received_as`` from ``dist_theirs``; None when nothing is translated
        """
        return None

    def _describe(self, run):
        """Name the stored lines of a run in the words of whoever reads them, and say what they are worth."""
        self.env.cr.execute(
            "UPDATE dist_reconciliation_line SET name = key, value_at_risk = abs(variance) WHERE run_id = %s",
            (run.id,),
        )

    def _get_raw_keys(self, keys):
        """Rows of ``dist_theirs`` that came to the same keys.

        :return: SQL that selects the key columns
        """
        return SQL("SELECT key FROM dist_theirs WHERE key IN %s", tuple(keys))

    def _is_line_postable(self, line):
        """:return: True when there is something in Odoo that a correction could be made of"""
        return bool(line.res_id)

    def _post_variance(self, lines):
        """Correct the ledger by the variances of approved lines.

        The caller holds the lines' locks and marks them posted in the same transaction.

        :return: dict, line id to the record that was made
        """
        raise NotImplementedError

    def _get_document(self, line):
        """:return: business document of a line; None when there is none"""
        return self.env[line.res_model].browse(line.res_id).exists() if line.res_id else None

    def _get_messages_domain(self, line):
        """:return: domain on dist.message: what was said about a line"""
        name = line.res_model and line.res_id and (line.res_model, line.res_id)
        if not name:
            return [("system_id", "=", line.system_id.id), ("business_key", "=", line.key)]
        return [("res_model", "=", name[0]), ("res_id", "=", name[1])]

    def _get_help(self):
        """:return: sentence on the form: what the file holds"""
        names = [column.name if column.required else f"[{column.name}]" for column in self._get_columns()]
        return _(
            "CSV with a first line, or JSON lines, in UTF-8. Columns, [optional] ones in brackets: %s",
            ", ".join(names),
        )
