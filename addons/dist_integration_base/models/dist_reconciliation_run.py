import logging
import time

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.tools import SQL

from odoo.addons.queue_job.exception import RetryableJobError

from ..lib import snapshot
from ..lib.errors import IntegrationError
from .dist_message_inbound import CONFLICTS
from .transaction import is_connection_lost

_logger = logging.getLogger(__name__)

BUSY_SECONDS = 5
NOTE_SECONDS = 2
SHOWN_DUPLICATES = 20
WORK_MEM = "256MB"
BLOCK = 1024 * 1024
# how much smaller a packed snapshot is, roughly: for the progress alone
PACKING = 5
# what nobody could settle is a mistake in the file: the wrong numbers, units or warehouse
MAX_VARIANCES = 100_000
# amounts are compared as far as that behind the point
DIGITS = 6
NOTHING = SQL(
    "SELECT NULL::varchar AS key, 0 AS amount, NULL::varchar AS class_code, 0 AS res_id WHERE FALSE"
)


class DistReconciliation(models.Model):
    """The comparison itself: both sides in one snapshot of the database, by a handful of statements.

    All that a run finds becomes visible with its end, in one commit. A run that was killed left nothing and starts
    again; one that fails says why.
    """

    _inherit = "dist.reconciliation"

    def _get_identity_key(self):
        return f"dist-reconciliation:{self.id}"

    def _get_run_lock(self):
        return f"dist.reconciliation/{self.profile_id.id}"

    def _run(self):
        try:
            with self.env.registry.cursor() as cr:
                run = api.Environment(cr, SUPERUSER_ID, {})[self._name].browse(self.id)
                run.with_company(run.company_id)._compare()
                run.env.flush_all()
                cr.commit()  # pylint: disable=invalid-commit  # what was found becomes visible at once
        except Exception as error:  # pylint: disable=broad-except
            if is_connection_lost(error):
                raise
            if isinstance(error, psycopg2.Error) and error.pgcode in CONFLICTS:
                raise RetryableJobError(
                    "Somebody settled a former variance meanwhile", seconds=BUSY_SECONDS
                ) from error
            if not isinstance(error, IntegrationError):
                _logger.exception("Reconciliation %s failed", self.id)
            self._record_failure(error)

    def _compare(self):
        self._check_in_order()
        domain = self.profile_id._get_domain()
        self.env.flush_all()
        # the keys are expressions whose number nobody can estimate: compiling for them takes longer than they do
        self.env.cr.execute(
            "SELECT set_config('work_mem', %s, true), set_config('jit', 'off', true)", (WORK_MEM,)
        )
        self._note(_("Reading their side"), 0)
        their_count = self._load(domain)
        self._note(_("Comparing"), 60)
        domain._prepare(self)
        self._note_named(domain)
        totals = self._store_lines(domain)
        self._check_duplicates(domain)
        self._note(_("Describing the variances"), 90)
        domain._describe(self)
        self._note_received_as(domain)
        self._take_over_former(domain)
        self.env.invalidate_all()
        self._finish(totals, their_count)

    def _check_in_order(self):
        """:raises SnapshotError: a later snapshot overtook this one while it waited"""
        later = self._find_later()
        if later:
            raise snapshot.SnapshotError(_("A later snapshot was compared already: %s", later.name))

    def _note_named(self, domain):
        """Keep which records a cycle count names, equal ones included."""
        if self.coverage == "part":
            self.env.cr.execute("DROP TABLE IF EXISTS pg_temp.dist_named")
            self.env.cr.execute(
                SQL(
                    "CREATE TEMP TABLE dist_named ON COMMIT DROP AS SELECT DISTINCT key FROM (%s) AS theirs",
                    domain._get_theirs(self),
                )
            )
            self.env.cr.execute("ANALYZE pg_temp.dist_named")

    def _note(self, stage, percent):
        self.env["dist.reconciliation.progress"]._note(self.id, stage, percent)

    # their side

    def _load(self, domain):
        """Bring the partner's snapshot into the temporary table `dist_theirs`.

        :return: number of rows
        :raises SnapshotError: it cannot be used
        """
        columns = domain._get_columns()
        with domain._open_external(self) as stream:
            if not snapshot.is_json(stream):
                count = self._load_as_is(stream, columns)
                if count is not None:
                    return count
        with domain._open_external(self) as stream:
            self._create_theirs([(column.name, column) for column in columns])
            rows = (row for _number, row in snapshot.read_rows(stream, columns))
            source = snapshot.CopyStream(self._watched(rows))
            try:
                return self._copy(columns, ",", source)
            except psycopg2.Error as error:
                raise source.error or error from error

    def _load_as_is(self, stream, columns):
        """Have the database read a CSV file itself.

        :return: number of rows; None when something is wrong with it and it has to be read line by line
        """
        head = snapshot.read_head(stream, columns)
        known = {column.name: column for column in columns}
        names = [(name or f"ignored_{number}", known.get(name)) for number, name in enumerate(head.names)]
        source = None
        try:
            with self.env.cr.savepoint(flush=False):
                self._create_theirs(names)
                source = snapshot.CheckedStream(stream, self._get_watcher())
                count = self._copy(names, head.delimiter, source)
        except psycopg2.Error as error:
            if source is not None and source.error:
                raise source.error from error
            if isinstance(error, psycopg2.DataError | psycopg2.IntegrityError):
                return None
            raise
        for column in columns:
            if column.name not in head.names:
                self.env.cr.execute(
                    SQL("ALTER TABLE dist_theirs ADD COLUMN %s varchar", SQL.identifier(column.name))
                )
        return None if source.has_end_mark else count

    def _create_theirs(self, names):
        """:param names: list of (name, Column or None where nobody reads it)"""
        parts = []
        for name, column in names:
            if column is not None and column.is_number:
                limit = SQL("CHECK (%s > -1e12 AND %s < 1e12)", SQL.identifier(name), SQL.identifier(name))
                parts.append(SQL("%s numeric %s", SQL.identifier(name), limit))
            elif column is not None:
                size = SQL(
                    "CHECK (length(%s) <= %s AND %s = btrim(%s))",
                    SQL.identifier(name),
                    snapshot.MAX_TEXT,
                    SQL.identifier(name),
                    SQL.identifier(name),
                )
                parts.append(SQL("%s varchar %s", SQL.identifier(name), size))
            else:
                parts.append(SQL("%s varchar", SQL.identifier(name)))
            if column is not None and column.required:
                parts[-1] = SQL("%s NOT NULL", parts[-1])
        self.env.cr.execute("DROP TABLE IF EXISTS pg_temp.dist_theirs")
        self.env.cr.execute(SQL("CREATE TEMP TABLE dist_theirs (%s) ON COMMIT DROP", SQL(", ").join(parts)))

    def _copy(self, names, delimiter, stream):
        """:return: number of rows that were copied"""
        columns = ", ".join(f'"{name[0]}"' for name in names)
        self.env.cr.copy_expert(
            f"COPY pg_temp.dist_theirs ({columns}) FROM STDIN WITH (FORMAT csv, DELIMITER '{delimiter}')",
            stream,
            size=BLOCK,
        )
        count = self.env.cr.rowcount
        self.env.cr.execute("ANALYZE pg_temp.dist_theirs")
        return count

    def _watched(self, rows):
        """The same rows; tells now and then how many there were."""
        noted = time.monotonic()
        for number, row in enumerate(rows):
            if number % 1000 == 0 and time.monotonic() > noted + NOTE_SECONDS:
                noted = time.monotonic()
                self._note(_("Reading their side: %s rows", number), min(59, 5 + number / 20_000))
            yield row

    def _get_watcher(self):
        """:return: function that is told the bytes read so far"""
        attachment = self._get_snapshot()
        size = max(1, attachment.file_size or 1)
        if attachment.mimetype == "application/gzip":
            size *= PACKING
        noted = [time.monotonic()]

        def watch(done):
            if time.monotonic() > noted[0] + NOTE_SECONDS:
                noted[0] = time.monotonic()
                self._note(_("Reading their side"), min(59, 60 * done / size))

        return watch

    # comparison

    def _store_lines(self, domain):
        """Compare, store what differs, count the rest.

        :return: list of dicts, what was counted of each class and place
        :raises SnapshotError: far too much differs
        """
        self.env.cr.execute(self._get_statement(domain))
        totals = self.env.cr.dictfetchall()
        if totals and totals[0]["differing"] > MAX_VARIANCES:
            raise snapshot.SnapshotError(
                _(
                    "%(differing)s of %(counted)s records differ, more than anybody could settle. Compare the numbers, "
                    "units and places that the file names with those of Odoo.",
                    differing=totals[0]["differing"],
                    counted=sum(row["counted"] for row in totals),
                )
            )
        return totals

    def _get_statement(self, domain):
        return SQL(
            """
            WITH tolerance (class_code, absolute, percent) AS (
                VALUES %(tolerances)s
            ), named AS (
                SELECT 'theirs' AS side, key, amount::float AS amount, class_code, res_id, problem
                FROM (%(theirs)s) AS t
                UNION ALL
                SELECT 'ours', key, amount::float, class_code, res_id, NULL FROM (%(ours)s) AS o
                UNION ALL
                SELECT 'flight', key, amount::float, class_code, res_id, NULL FROM (%(in_flight)s) AS f
            ), summed AS (
                SELECT key, sum(amount) FILTER (WHERE side = 'theirs') AS theirs,
                       sum(amount) FILTER (WHERE side = 'ours') AS ours,
                       sum(amount) FILTER (WHERE side = 'flight') AS flight,
                       count(*) FILTER (WHERE side = 'theirs') AS copies, min(problem) AS problem,
                       COALESCE(max(class_code), '') AS class_code, max(res_id) AS res_id
                FROM named GROUP BY key
            ), compared AS MATERIALIZED (
                SELECT key, theirs, ours, NULLIF(flight, 0) AS flight, copies, problem, class_code, res_id,
                       round((COALESCE(theirs, 0) - COALESCE(ours, 0) - COALESCE(flight, 0))::numeric, %(digits)s) AS
                       variance
                FROM summed WHERE %(counts)s
            ), judged AS (
                SELECT compared.*,
                       abs(variance) <= COALESCE(rule.absolute, 'Infinity'::numeric)
                       AND abs(variance) <= COALESCE(
                           abs(COALESCE(ours, 0) + COALESCE(flight, 0))::numeric * rule.percent / 100,
                           'Infinity'::numeric)
                       AND problem IS NULL AND %(present)s AND %(known)s AS is_within
                FROM compared
                LEFT JOIN tolerance own ON own.class_code = compared.class_code
                JOIN tolerance general ON general.class_code = ''
                CROSS JOIN LATERAL (
                    SELECT CASE WHEN own.class_code IS NULL THEN general.absolute ELSE own.absolute END AS absolute,
                           CASE WHEN own.class_code IS NULL THEN general.percent ELSE own.percent END AS percent
                ) rule
                WHERE variance <> 0 OR problem IS NOT NULL OR copies > 1 OR NOT %(present)s
            ), stored AS (
                INSERT INTO dist_reconciliation_line (
                    run_id, profile_id, system_id, company_id, currency_id, moment, key, name, kind, theirs, ledger,
                    in_flight, expected, variance, class_code, res_model, res_id, problem, copies, state,
                    value_at_risk, create_uid, create_date, write_uid, write_date)
                SELECT %(run)s, %(profile)s, %(system)s, %(company)s, %(currency)s, %(moment)s, key, key,
                       CASE WHEN problem IS NOT NULL THEN 'not_comparable' WHEN ours IS NULL AND flight IS NULL
                            THEN 'missing_here' WHEN theirs IS NULL THEN 'missing_there' ELSE 'differs' END,
                       COALESCE(theirs, 0), COALESCE(ours, 0), COALESCE(flight, 0),
                       COALESCE(ours, 0) + COALESCE(flight, 0), variance, class_code, %(model)s, res_id, problem,
                       copies, CASE WHEN is_within THEN 'within' ELSE 'open' END,
                       0, %(uid)s, %(now)s, %(uid)s, %(now)s
                FROM judged WHERE (SELECT count(*) FROM judged) <= %(limit)s
                RETURNING class_code, %(place)s AS place, state, kind
            ), counted AS (
                SELECT class_code, %(place)s AS place, count(*) AS counted, count(ours) AS our_count,
                       count(flight) AS in_flight_count
                FROM compared GROUP BY 1, 2
            ), found AS (
                SELECT class_code, place, count(*) AS stored, count(*) FILTER (WHERE state = 'within') AS tolerated,
                       count(*) FILTER (WHERE kind = 'missing_here') AS missing_here_count,
                       count(*) FILTER (WHERE kind = 'missing_there') AS missing_there_count
                FROM stored GROUP BY class_code, place
            )
            SELECT class_code, place, counted, our_count, in_flight_count, counted - COALESCE(stored, 0) AS matched,
                   counted - COALESCE(stored, 0) + COALESCE(tolerated, 0) AS within,
                   COALESCE(missing_here_count, 0) AS missing_here_count,
                   COALESCE(missing_there_count, 0) AS missing_there_count,
                   (SELECT count(*) FROM judged) AS differing
            FROM counted LEFT JOIN found USING (class_code, place) ORDER BY class_code, place
            """,
            limit=MAX_VARIANCES,
            place=domain._get_place(self),
            theirs=domain._get_theirs(self),
            ours=domain._get_ours(self),
            in_flight=domain._get_in_flight(self) or NOTHING,
            digits=DIGITS,
            counts=self._get_counted(domain),
            tolerances=self.profile_id._get_tolerances(),
            present=SQL("TRUE")
            if domain._missing_is_zero
            else SQL("(theirs IS NOT NULL AND COALESCE(ours, flight) IS NOT NULL)"),
            # nobody can tolerate what nobody knows
            known=SQL("res_id IS NOT NULL") if domain._get_line_model() else SQL("TRUE"),
            run=self.id,
            profile=self.profile_id.id,
            system=self.system_id.id,
            company=self.company_id.id,
            currency=self.currency_id.id,
            moment=self.moment,
            model=domain._get_line_model(),
            uid=self.env.uid,
            now=fields.Datetime.now(),
        )

    def _get_counted(self, domain):
        """:return: SQL condition on which records are compared: what is on neither side is none"""
        expected = SQL("abs(COALESCE(ours, 0) + COALESCE(flight, 0)) > 1e-6")
        if domain._missing_is_zero:
            counted = SQL("(COALESCE(theirs, 0) <> 0 OR %s)", expected)
        else:
            counted = SQL("(theirs IS NOT NULL OR flight IS NULL OR %s)", expected)
        return SQL("theirs IS NOT NULL AND %s", counted) if self.coverage == "part" else counted

    def _check_duplicates(self, domain):
        """:raises SnapshotError: the partner names a record more than once, which cannot be told from a mistake"""
        self.env.cr.execute(
            "SELECT key FROM dist_reconciliation_line WHERE run_id = %s AND copies > 1 ORDER BY key LIMIT %s",
            (self.id, SHOWN_DUPLICATES),
        )
        keys = [row[0] for row in self.env.cr.fetchall()]
        if not keys:
            return
        self.env.cr.execute(domain._get_raw_keys(keys))
        wanted = set(self.env.cr.fetchall())
        with domain._open_external(self) as stream:
            lines = snapshot.find_lines(stream, domain._get_columns(), wanted)
        errors = []
        for key, numbers in lines.items():
            error = _("%s is there more than once", "/".join(filter(None, key)))
            errors += [(number, error) for number in numbers]
        raise snapshot.SnapshotError(
            _("Records are named more than once; nothing was compared."),
            sorted(errors)[: 2 * SHOWN_DUPLICATES],
        )

    def _note_received_as(self, domain):
        """Keep what the partner calls the records of the lines, so that a person finds them again in its file."""
        received = domain._get_received_as(self)
        if received is not None:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE dist_reconciliation_line AS line SET received_as = told.received_as
                    FROM (
                        SELECT key, string_agg(DISTINCT received_as, ', ' ORDER BY received_as) AS received_as
                        FROM (%s) AS their GROUP BY key
                    ) AS told
                    WHERE line.run_id = %s AND line.key = told.key
                    """,
                    received,
                    self.id,
                )
            )

    # end

    def _take_over_former(self, domain):
        """What was said about the same variance stays with it; what former runs left open is superseded.

        A record's former count is the last one that covered it: a cycle count in between says nothing of the others.
        """
        covered = domain._get_covered(self)
        if self.coverage == "part":
            covered = SQL("%s AND former.key IN (SELECT key FROM dist_named)", covered)
        self.env.cr.execute(
            SQL(
                """
                UPDATE dist_reconciliation_line former SET followed_by_id = %s
                WHERE former.profile_id = %s AND former.run_id <> %s AND former.followed_by_id IS NULL AND (%s)
                """,
                self.id,
                self.profile_id.id,
                self.id,
                covered,
            )
        )
        parameters = {"run": self.id, "posts": self.profile_id.can_post}
        self.env.cr.execute(
            """
            UPDATE dist_reconciliation_line line
            SET seen_before = TRUE, reason_id = former.reason_id, explanation = former.explanation,
                explained_by_id = former.explained_by_id,
                state = CASE WHEN line.state = 'open' AND former.explained_by_id IS NOT NULL THEN 'explained'
                             ELSE line.state END
            FROM (
                SELECT DISTINCT ON (key) * FROM dist_reconciliation_line WHERE followed_by_id = %(run)s
                ORDER BY key, moment DESC, id DESC
            ) AS former
            WHERE line.run_id = %(run)s AND former.key = line.key AND former.variance = line.variance
              AND former.state NOT IN ('posted', 'rejected')
            """,
            parameters,
        )
        self.env.cr.execute(
            """
            UPDATE dist_reconciliation_line SET state = 'superseded'
            WHERE followed_by_id = %(run)s
              AND (state IN ('open', 'explained') OR state = 'approved' AND %(posts)s)
            """,
            parameters,
        )

    def _finish(self, totals, their_count):
        accuracies = self.env["dist.reconciliation.accuracy"].create(
            [self._prepare_accuracy(row) for row in totals]
        )
        self.env.cr.execute(
            "SELECT count(*), COALESCE(sum(value_at_risk), 0) FROM dist_reconciliation_line "
            "WHERE run_id = %s AND state <> 'within'",
            (self.id,),
        )
        variance_count, value = self.env.cr.fetchone()
        names = ("counted", "our_count", "in_flight_count", "missing_here_count", "missing_there_count")
        sums = {name: sum(row[name] for row in totals) for name in names}
        within = sum(accuracies.mapped("within"))
        matched = sum(accuracies.mapped("matched"))
        self.write(
            {
                **sums,
                "their_count": their_count,
                "matched_count": matched,
                "within_count": within - matched,
                "variance_count": variance_count,
                "value_at_risk": value,
                "accuracy": 100.0 * within / sums["counted"] if sums["counted"] else 0.0,
                "state": "done",
                "finished_at": fields.Datetime.now(),
            }
        )
        self._tell_variances()
        self._post_small()

    def _prepare_accuracy(self, row):
        return {
            "run_id": self.id,
            "profile_id": self.profile_id.id,
            "system_id": self.system_id.id,
            "company_id": self.company_id.id,
            "moment": self.moment,
            "class_code": row["class_code"],
            "place": row["place"],
            "counted": row["counted"],
            "matched": row["matched"],
            "within": row["within"],
            "accuracy": 100.0 * row["within"] / row["counted"],
        }

    def _record_failure(self, error):
        """State and exception of a run that failed, in a transaction of its own."""
        run_id = self.id
        text = error.detail if isinstance(error, IntegrationError) else f"{type(error).__name__}: {error}"

        def record(env):
            run = env["dist.reconciliation"].browse(run_id)
            run.write(
                {
                    "state": "failed",
                    "error": text[:10_000],
                    "is_refused": isinstance(error, snapshot.SnapshotError),
                    "finished_at": fields.Datetime.now(),
                }
            )
            run._open_exception(run._prepare_failure(isinstance(error, IntegrationError)))

        self.env["dist.message"]._in_own_transaction(record)
