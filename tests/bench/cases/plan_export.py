"""What exporting the demand history costs beside the bare COPY of the same query, and beside the ORM.

30,490 items of 104 weeks, as in the M5 competition. Bare COPY writes the lines of the same query to nowhere. The export
does all of its work: naming items and warehouses, writing the file, SHA-256, storing it among the attachments, the list
of files and the commit. The ORM reads the same values by `search_read`, a part of the rows for each sample.
"""

import io
import resource
import statistics
from typing import Any

from harness.bench import Bench
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed
from harness.session import Session

from .reconciliation import _clone

ITEMS = 30_490
WEEKS = 104
READ = 100_000
ROUNDS = 4
WARMUPS = 1

HISTORY = """
    INSERT INTO dist_planning_history (company_id, product_id, warehouse_id, bucket, bucket_start, calendar, uom_id,
                                       gross, returned, net, promotion, stockout_days, usable, version)
    SELECT %(company)s, product.id, %(warehouse)s, 'week', DATE '2024-01-01' + 7 * week, 'week/UTC', template.uom_id,
           mod(product.id * 31 + week * 17, 97) + 0.5, mod(week, 5), mod(product.id * 31 + week * 17, 97) + 0.5, 0,
           mod(week, 4), TRUE, 1
    FROM product_product product JOIN product_template template ON template.id = product.product_tmpl_id,
         generate_series(1, %(weeks)s) AS week
    WHERE product.default_code LIKE 'REC-%%'
"""
FIELDS = [
    "product_id",
    "warehouse_id",
    "bucket_start",
    "bucket",
    "calendar",
    "uom_id",
    "gross",
    "returned",
    "net",
    "promotion",
    "stockout_days",
    "usable",
]


class Sink(io.RawIOBase):
    """Takes lines to nowhere."""

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, block: bytes) -> int:
        """Forget bytes."""
        return len(block)


class History:
    """The database, and the three ways to read it."""

    def __init__(self, session: Session, items: int) -> None:
        self._session = session
        self.rows = items * WEEKS
        with session.transaction() as env:
            self._make(env, items)
        session.vacuum()

    def _make(self, env: Any, items: int) -> None:
        sample = env["product.product"].create({"name": "Sample", "default_code": "SAMPLE"})
        env.flush_all()
        values = {"default_code": "'REC-' || number", "combination_indices": "number::varchar"}
        _clone(env, "product_product", sample.id, items, values)
        warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
        env.cr.execute(HISTORY, {"company": env.company.id, "warehouse": warehouse.id, "weeks": WEEKS})
        env["dist.planning.history.version"].create({"company_id": env.company.id, "number": 1})
        system = env["dist.system"].create({"name": "Platform", "code": "platform", "state": "active"})
        columns = env["dist.planning.dataset.history"]._get_columns()
        mapping = env["dist.planning.mapping"].create(
            {
                "name": "History",
                "file_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "history.csv",
                            "dataset": "history",
                            "column_ids": [
                                (0, 0, {"name": column.name, "field_name": column.name, "sequence": number})
                                for number, column in enumerate(columns)
                            ],
                        },
                    )
                ],
            }
        )
        self._source_id = (
            env["dist.planning.source"]
            .create(
                {"name": "Platform", "code": "platform", "system_id": system.id, "mapping_id": mapping.id}
            )
            .id
        )

    def export(self) -> float:
        """Return the seconds of making an export, from its first statement to the commit."""
        with self._session.transaction() as env:
            export = env["dist.planning.export"].create({"source_id": self._source_id, "kind": "full"})
        with self._session.transaction() as env:
            export = env["dist.planning.export"].browse(export.id)
            seconds = timed(lambda: self._make_files(env, export))
        self._check(export.id)
        return seconds

    def _make_files(self, env: Any, export: Any) -> None:
        export._make()
        env.flush_all()
        env.cr.commit()

    def copy(self) -> float:
        """Return the seconds of the bare COPY of the same lines."""
        with self._session.transaction() as env:
            export = env["dist.planning.export"].create({"source_id": self._source_id, "kind": "full"})
            export._begin()
            export._prepare_tables()
            (plan,) = export.source_id._get_file_plans(export)
            rows = env["dist.planning.dataset.history"]._prepare(export)
            statement = export._get_copy(plan.get_query(rows), plan.get_options())
            buffer = io.BufferedWriter(Sink(), 1024 * 1024)
            seconds = timed(lambda: env.cr.copy_expert(statement, buffer))
            if env.cr.rowcount != self.rows:
                raise RuntimeError(f"{env.cr.rowcount} rows copied, expected {self.rows}")
            env.cr.rollback()
        return seconds

    def read(self) -> float:
        """Return the seconds in which the ORM would read as many rows, from those of a part."""
        count = min(READ, self.rows)
        with self._session.transaction() as env:
            seconds = timed(
                lambda: env["dist.planning.history"].search_read([], FIELDS, limit=count, order="id")
            )
        return seconds * self.rows / count

    def _check(self, export_id: int) -> None:
        """:raises RuntimeError: an export says something else"""
        with self._session.transaction() as env:
            export = env["dist.planning.export"].browse(export_id)
            if (export.state, export.row_count) != ("done", self.rows):
                raise RuntimeError(
                    f"The export is {export.state} with {export.row_count} of {self.rows} rows"
                )
            export._purge()


def run(bench: Bench) -> list[Result]:
    """Measure `export_vs_copy` and `export_vs_search_read`."""
    items = bench.size(ITEMS)
    with bench.session("plan_export") as session:
        say(f"plan_export: making the history of {items:,} items")
        history = History(session, items)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        history.export()
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        say("plan_export: exporting")
        contenders = {"export": history.export, "copy": history.copy, "read": history.read}
        samples = interleave(contenders, ROUNDS, WARMUPS)
    ours = samples["export"]
    rate = history.rows / statistics.median(ours)
    note = f"{history.rows:,} rows, {rate:,.0f} a second, memory + {grown:.0f} MB"
    return [
        Result.of(
            name,
            ratio(samples[other], ours),
            f"{milliseconds(samples[other])} against {milliseconds(ours)}, {note}",
        )
        for name, other in (("export_vs_copy", "copy"), ("export_vs_search_read", "read"))
    ]
