import io

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.dist_integration_base.lib import snapshot

from ..lib import plan_file

BLOCK = 1024 * 1024
# a table of the database takes 1600
MOST_COLUMNS = 1000


class DistPlanningBatch(models.Model):
    """The rows of a version on their way in: temporary tables, one a kind, filled by COPY.

    `dist_plan_<kind>` has the columns of `lib.plan_file.COLUMNS`, with the codes as they came, and file and line of
    each row.
    """

    _inherit = "dist.planning.batch"

    @api.model
    def _create_staging(self):
        self.env.cr.execute("DROP SEQUENCE IF EXISTS pg_temp.dist_plan_line CASCADE")
        self.env.cr.execute("CREATE TEMP SEQUENCE dist_plan_line")
        for kind, columns in plan_file.COLUMNS.items():
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", SQL.identifier(f"dist_plan_{kind}")))
            self.env.cr.execute(
                SQL(
                    """
                    CREATE TEMP TABLE %s (
                        file integer, line integer DEFAULT nextval('pg_temp.dist_plan_line'), %s
                    ) ON COMMIT DROP
                    """,
                    SQL.identifier(f"dist_plan_{kind}"),
                    SQL(", ").join(self._get_staged_column(column) for column in columns),
                )
            )

    @api.model
    def _get_staged_column(self, column):
        name = SQL.identifier(column.name)
        types = {
            "text": SQL("varchar CHECK (length(%s) <= %s)", name, plan_file.MAX_TEXT),
            "number": SQL("float8 CHECK (%s > -1e12 AND %s < 1e12)", name, name),
            "json": SQL("jsonb"),
        }
        return SQL("%s %s", name, types.get(column.kind, SQL("varchar")))

    # files

    def _stage_files(self):
        """Bring the files of this version into the temporary tables.

        :return: list of Fault of what could not be read; the other rows are there
        :raises PlanRefused: a file does not fit its mapping
        """
        self._create_staging()
        faults = []
        for file in self.file_ids:
            try:
                faults += self._stage_file(file)
            except snapshot.SnapshotError as error:
                faults.append(plan_file.Fault(file.name, 0, "", "", "unreadable", error.detail))
        return faults

    def _stage_file(self, file):
        """:return: list of the faults found"""
        names, said_json = self.source_id._get_file_names(file.kind), file._is_said_json()
        options = (file.name, file.kind, names, file._get_added_lines(), said_json)
        with file._open() as stream:
            reader = plan_file.Reader(stream, *options)
            if file.kind != "plan" and not plan_file.is_json(stream, said_json):
                if self._stage_as_is(file, stream, reader):
                    return []
                if reader.faults:
                    return reader.faults
        with file._open() as stream:
            reader = plan_file.Reader(stream, *options)
            for kind, rows in reader.read_parts():
                self._copy_rows(kind, file.id, rows)
            return reader.faults

    def _stage_as_is(self, file, stream, reader):
        """Have the database read a CSV file itself.

        :return: False when something is wrong with it, or it is too wide, and it has to be read line by line
        """
        delimiter, names = reader.read_head()
        if reader.faults or len(names) > MOST_COLUMNS:
            return False
        known = {reader.get_name(column): column.name for column in plan_file.COLUMNS[file.kind]}
        table = SQL.identifier(f"dist_plan_{file.kind}")
        source = snapshot.CheckedStream(stream)
        try:
            with self.env.cr.savepoint(flush=False):
                columns = []
                for number, name in enumerate(names):
                    columns.append(known.get(name) or f"ignored_{number}")
                    if name not in known:
                        self.env.cr.execute(
                            SQL(
                                "ALTER TABLE pg_temp.%s ADD COLUMN IF NOT EXISTS %s varchar",
                                table,
                                SQL.identifier(columns[-1]),
                            )
                        )
                self._number_lines(table, file)
                self._copy(file.kind, columns, source, delimiter)
                self._check_required(file.kind)
        except psycopg2.Error as error:
            if source.error:
                raise source.error from error
            if isinstance(error, psycopg2.DataError | psycopg2.IntegrityError):
                return False
            raise
        except _Incomplete:
            return False
        return not source.has_end_mark

    def _number_lines(self, table, file):
        self.env.cr.execute(SQL("ALTER TABLE pg_temp.%s ALTER COLUMN file SET DEFAULT %s", table, file.id))
        # the head is line 1, unless it is ours
        self.env.cr.execute(
            "SELECT setval('pg_temp.dist_plan_line', %s, false)", (2 - file._get_added_lines(),)
        )

    def _check_required(self, kind):
        """:raises _Incomplete: a row lacks a value, or has spaces around one"""
        columns = plan_file.COLUMNS[kind]
        wrong = [SQL("%s IS NULL", SQL.identifier(column.name)) for column in columns if column.required]
        wrong += [
            SQL("%s <> btrim(%s, E' \\t')", *[SQL.identifier(column.name)] * 2)
            for column in columns
            if column.kind == "text"
        ]
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM pg_temp.%s WHERE %s LIMIT 1",
                SQL.identifier(f"dist_plan_{kind}"),
                SQL(" OR ").join(wrong),
            )
        )
        if self.env.cr.rowcount:
            raise _Incomplete

    @api.model
    def _copy_rows(self, kind, file_id, rows):
        """:param rows: list of line number and values in the order of the kind's columns"""
        columns = ["file", "line", *(column.name for column in plan_file.COLUMNS[kind])]
        text = plan_file.to_csv([file_id, *row] for row in rows)
        self._copy(kind, columns, io.BytesIO(text.getvalue().encode()), ",")

    @api.model
    def _copy(self, kind, columns, stream, delimiter):
        names = ", ".join(f'"{name}"' for name in columns)
        self.env.cr.copy_expert(
            f"COPY pg_temp.dist_plan_{kind} ({names}) FROM STDIN "
            f"WITH (FORMAT csv, DELIMITER '{delimiter}', FORCE_NULL ({names}))",
            stream,
            size=BLOCK,
        )

    # rows of a program

    @api.model
    def _stage_rows(
        self, source, reference, forecasts=(), parameters=(), proposals=(), alerts=(), planned_at=None
    ):
        """Make a version of rows of a program, to be put in force by `_activate` in the same transaction.

        Rows are dicts with the names of `lib.plan_file.COLUMNS`, but for ids instead of codes: ``product_id`` and
        ``warehouse_id`` (of proposals also ``source_warehouse_id`` and ``partner_id``) and, where the quantity is not
        in the product's unit, ``uom_id``. Dates are dates or ISO texts.

        :param source: dist.planning.source of the built-in kind
        :param reference: number of the run, unique for the source
        :param planned_at: datetime (UTC), None for now
        :return: dist.planning.batch
        """
        batch = self.sudo().create(source._prepare_batch(reference, planned_at))
        self._create_staging()
        rows_by_kind = {
            "forecast": forecasts,
            "parameter": parameters,
            "proposal": proposals,
            "alert": alerts,
        }
        for kind, rows in rows_by_kind.items():
            part = []
            for number, row in enumerate(rows, 1):
                part.append([number, *self._get_staged_values(kind, row)])
                if len(part) >= plan_file.CHUNK:
                    self._copy_rows(kind, None, part)
                    part = []
            if part:
                self._copy_rows(kind, None, part)
        return batch

    @api.model
    def _get_staged_values(self, kind, row):
        """:return: list of values in the order of the kind's columns, ids in the place of codes"""
        coded = {
            **row,
            "sku": row["product_id"],
            "warehouse": row.get("warehouse_id"),
            "unit": row.get("uom_id"),
            "source_warehouse": row.get("source_warehouse_id"),
            "supplier": row.get("partner_id"),
        }
        values = []
        for column in plan_file.COLUMNS[kind]:
            value = coded.get(column.name)
            if value is None or value is False:
                values.append(None)
            elif column.kind == "json":
                values.append(plan_file.clean(value, column))
            else:
                values.append(str(value))
        return values


class _Incomplete(Exception):
    """A row is not as it should be; reading line by line tells which, and takes spaces away."""
