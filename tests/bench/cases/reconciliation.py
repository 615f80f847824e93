"""What reconciling a warehouse's stock of a million lines costs beside the bare comparison.

One database, a million quants of lots, a file of a million lines of which one in a thousand differs. Bare SQL
copies the file to a temporary table and lists the differences, with the same joins from quant to item number and
lot. The engine does all of its work: the job's code, resolving numbers and units, what is in flight, tolerance,
accuracy, storing and describing the variances, superseding those of the run before, and the commit. The door does that
and what is before it: spooling the body, storing file and message, and processing the message.
"""

import datetime
import io
import time
from typing import Any

from harness.bench import Bench
from harness.connection import make_flow
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed
from harness.session import Session

LINES = 1_000_000
LOTS = 20
ROUNDS = 5
WARMUPS = 1
DIFFERS = 1_000

PRODUCTS = """
    INSERT INTO {table} ({columns}) SELECT {values} FROM {table} sample, generate_series(1, %(count)s) AS number
    WHERE sample.id = %(sample)s
"""
LOT_ROWS = """
    INSERT INTO stock_lot (name, product_id, company_id, create_uid, create_date, write_uid, write_date)
    SELECT 'LOT-' || number, product.id, %(company)s, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
    FROM product_product product, generate_series(1, %(lots)s) AS number WHERE product.default_code LIKE 'REC-%%'
"""
QUANTS = """
    INSERT INTO stock_quant (product_id, lot_id, location_id, company_id, quantity, reserved_quantity, in_date,
                             create_uid, create_date, write_uid, write_date)
    SELECT product_id, id, %(location)s, %(company)s, 1 + mod(id, 97), 0, now() AT TIME ZONE 'UTC', 1,
           now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
    FROM stock_lot WHERE name LIKE 'LOT-%%'
"""
SNAPSHOT = """
    COPY (SELECT product.default_code AS sku, lot.name AS lot,
                 quant.quantity + CASE WHEN mod(quant.id, {differs}) = 0 THEN 1 ELSE 0 END AS quantity
          FROM stock_quant quant JOIN product_product product ON product.id = quant.product_id
          JOIN stock_lot lot ON lot.id = quant.lot_id WHERE lot.name LIKE 'LOT-%') TO STDOUT WITH (FORMAT csv, HEADER)
"""
BARE_TABLE = "CREATE TEMP TABLE bare (sku varchar, lot varchar, quantity numeric) ON COMMIT DROP"
BARE_COPY = "COPY bare FROM STDIN WITH (FORMAT csv, HEADER)"
BARE_DIFFERENCE = """
    SELECT count(*) FROM (
        SELECT COALESCE(bare.sku, ours.sku), COALESCE(bare.lot, ours.lot), bare.quantity, ours.quantity
        FROM bare FULL JOIN (
            SELECT product.default_code AS sku, lot.name AS lot, sum(quant.quantity) AS quantity
            FROM stock_quant quant JOIN product_product product ON product.id = quant.product_id
            JOIN stock_lot lot ON lot.id = quant.lot_id
            JOIN stock_location location ON location.id = quant.location_id
            WHERE location.parent_path LIKE %(path)s
            GROUP BY product.default_code, lot.name
        ) AS ours ON ours.sku = bare.sku AND ours.lot = bare.lot
        WHERE bare.quantity IS DISTINCT FROM ours.quantity
    ) AS differing
"""


class Warehouse:
    """The database, and both ways to compare."""

    def __init__(self, session: Session, lines: int) -> None:
        self._session = session
        with session.transaction() as env:
            self._make(env, lines)
        session.vacuum()
        self._snapshot = self._read_snapshot()
        self._expected = self._count_differing()

    def _make(self, env: Any, lines: int) -> None:
        system = env["dist.system"].create({"name": "Warehouse", "code": "warehouse", "state": "active"})
        self._message = _agree(env, system)
        warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
        warehouse.dist_system_id = system
        self._code = warehouse.code
        self._path = warehouse.view_location_id.parent_path + "%"
        self._profile_id = (
            env["dist.reconciliation.profile"]
            .create({"name": "Stock", "domain_code": "stock", "system_id": system.id})
            .id
        )
        storable = (
            {"detailed_type": "product"}
            if "detailed_type" in env["product.product"]._fields
            else {"is_storable": True}
        )
        sample = env["product.product"].create(
            {"name": "Sample", "default_code": "SAMPLE", "tracking": "lot", "standard_price": 4.0, **storable}
        )
        env.flush_all()
        products = max(1, lines // LOTS)
        values = {"default_code": "'REC-' || number", "combination_indices": "number::varchar"}
        _clone(env, "product_product", sample.id, products, values)
        for statement in (LOT_ROWS, QUANTS):
            env.cr.execute(
                statement,
                {"company": env.company.id, "lots": LOTS, "location": warehouse.lot_stock_id.id},
            )

    def _read_snapshot(self) -> bytes:
        with self._session.sql() as cursor:
            stream = io.BytesIO()
            cursor.copy_expert(SNAPSHOT.format(differs=DIFFERS), stream)
            return stream.getvalue()

    def _count_differing(self) -> int:
        with self._session.sql() as cursor:
            cursor.execute(
                "SELECT count(*) FROM stock_quant JOIN stock_lot lot ON lot.id = lot_id "
                f"WHERE lot.name LIKE 'LOT-%' AND mod(stock_quant.id, {DIFFERS}) = 0"
            )
            return cursor.fetchone()[0]

    def compare_bare(self) -> float:
        """Return the seconds of COPY and the bare SQL difference."""
        connection = self._session.environment.connect(self._session.database)
        with connection, connection.cursor() as cursor:
            seconds = timed(lambda: self._compare_bare(cursor))
        connection.close()
        return seconds

    def _compare_bare(self, cursor: Any) -> None:
        cursor.execute(BARE_TABLE)
        cursor.copy_expert(BARE_COPY, io.BytesIO(self._snapshot))
        cursor.execute("ANALYZE bare")
        cursor.execute(BARE_DIFFERENCE, {"path": self._path})
        self._check(cursor.fetchone()[0])

    def reconcile(self) -> float:
        """Return the seconds of a run, from the stored file to the commit."""
        with self._session.transaction() as env:
            profile = env["dist.reconciliation.profile"].browse(self._profile_id)
            run = profile.run_ids._make(profile, self._snapshot, "snapshot.csv")
            run._enqueue()
        with self._session.transaction() as env:
            run = env["dist.reconciliation"].browse(run.id)
            seconds = timed(run._job_run)
        self._finish(run.id)
        return seconds

    def hand_over(self) -> float:
        """Return the seconds from the first byte of the file to the commit of what was found."""
        # a snapshot of the same second is the same snapshot
        time.sleep(1.0 - time.time() % 1.0)
        with self._session.transaction() as env:
            started = time.perf_counter()
            message_id = self._receive(env)
            env["dist.message"]._process([message_id])
        with self._session.transaction() as env:
            run = env["dist.reconciliation"].browse(env["dist.message"].browse(message_id).res_id)
            run._job_run()
            seconds = time.perf_counter() - started
        self._finish(run.id)
        return seconds

    def _receive(self, env: Any) -> int:
        """Store the file as the API does; return the id of its message."""
        from odoo.addons.dist_integration_base.lib import strict_json, upload

        received = upload.receive(upload.read_blocks(io.BytesIO(self._snapshot)), len(self._snapshot))
        now = datetime.datetime.now(datetime.timezone.utc)
        described = {"type": "text/csv", "packed": False, "size": received.size, "sha256": received.sha256}
        body = {"warehouse": self._code, "taken_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "file": described}
        vals = {**self._message, "idempotency_key": f"bench {now.timestamp()}", "payload": None}
        message_id, _is_new = env["dist.message"]._receive(vals, strict_json.dumps(body), received)
        received.close()
        return message_id

    def _finish(self, run_id: int) -> None:
        """Check what a run found and clear its job away."""
        with self._session.transaction() as env:
            run = env["dist.reconciliation"].browse(run_id)
            if run.state != "done":
                raise RuntimeError(f"The run is {run.state}: {run.error}")
            self._check(run.variance_count)
        with self._session.sql() as cursor:
            cursor.execute("DELETE FROM queue_job")

    def _check(self, found: int) -> None:
        """:raises RuntimeError: a contender found something else"""
        if found != self._expected:
            raise RuntimeError(f"{found} lines differ, expected {self._expected}")


def _agree(env: Any, system: Any) -> dict[str, Any]:
    """Let a system send snapshots; return the columns of its messages."""
    from odoo.addons.dist_integration_base.lib import trace

    message_type = env["dist.message.type"]._get_by_code("stock.snapshot")
    client = env["dist.api.client"].create({"name": "Warehouse", "system_id": system.id})
    flow = make_flow(env, system, "stock.snapshot")
    current = trace.new()
    return {
        "client_id": client.id,
        "system_id": system.id,
        "company_id": system.company_id.id,
        "flow_id": flow.id,
        "message_type_id": message_type.id,
        "version_id": message_type._get_default_version().id,
        "request_hash": None,
        "trace_id": current.trace_id,
        "traceparent": current.header,
    }


def _clone(env: Any, table: str, sample: int, count: int, values: dict[str, str]) -> None:
    """Repeat a row, by SQL: products by the ten thousand take Odoo minutes."""
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'",
        (table,),
    )
    columns = [row[0] for row in env.cr.fetchall()]
    chosen = [values.get(column, f"sample.{column}") for column in columns]
    env.cr.execute(
        PRODUCTS.format(table=table, columns=", ".join(columns), values=", ".join(chosen)),
        {"count": count, "sample": sample},
    )
    env.invalidate_all()


def run(bench: Bench) -> list[Result]:
    """Measure `reconcile_1m_vs_sql` and `snapshot_1m_vs_sql`."""
    lines = bench.size(LINES)
    with bench.session("reconciliation") as session:
        say(f"reconciliation: making {lines:,} quants")
        warehouse = Warehouse(session, lines)
        say("reconciliation: comparing")
        contenders = {
            "reconcile_1m_vs_sql": warehouse.reconcile,
            "snapshot_1m_vs_sql": warehouse.hand_over,
            "bare": warehouse.compare_bare,
        }
        samples = interleave(contenders, ROUNDS, WARMUPS)
    bare = samples.pop("bare")
    return [
        Result.of(
            name,
            ratio(ours, bare),
            f"{milliseconds(ours)} against {milliseconds(bare)}, {lines:,} lines, {len(bare)} rounds",
        )
        for name, ours in samples.items()
    ]
