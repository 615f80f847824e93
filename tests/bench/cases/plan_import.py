"""How many rows of forecasts a second come in, beside Odoo's own search and write.

One database, products by the ten thousand, a file of 13 weeks for each of them in CSV. The ORM does what an addon
without a staging table does: it looks for each row's forecast, then writes it; products are read at once. The import
does all of its work: the message's file is read, checked, resolved and put in force, up to the commit; `unchanged` is
the same plan of a later run.
"""

import base64
import datetime
import io
from collections.abc import Iterator
from typing import Any

from harness.bench import Bench
from harness.result import Result
from harness.sampling import interleave, ratio, say, timed
from harness.session import Session

PRODUCTS = 30_490
WEEKS = 13
ROUNDS = 5
WARMUPS = 1
SAMPLE = 1_000
HEAD = "sku,warehouse,bucket_start,unit,baseline,uplift,low,lower,upper,high\n"


class Platform:
    """The database, and the ways to bring forecasts in.

    :param products: how many there are
    """

    def __init__(self, session: Session, products: int) -> None:
        self._session = session
        self._number = 0
        self._base = 1
        self.rows = products * WEEKS
        with session.transaction() as env:
            self._make(env, products)
        session.vacuum()
        self._import(self._base)
        session.vacuum()

    def _make(self, env: Any, products: int) -> None:
        system = env["dist.system"].create({"name": "Platform", "code": "platform", "state": "active"})
        source = env["dist.planning.source"].create(
            {"name": "Platform", "code": "platform", "kind": "external", "system_id": system.id}
        )
        client = env["dist.api.client"].create({"name": "Platform", "system_id": system.id})
        message_type = env["dist.message.type"]._get_by_code("plan.file")
        self._source_id, self._warehouse = source.id, env["stock.warehouse"].search([], limit=1).code
        self._message = {
            "direction": "in",
            "state": "done",
            "client_id": client.id,
            "system_id": system.id,
            "company_id": system.company_id.id,
            "message_type_id": message_type.id,
            "version_id": message_type._get_default_version().id,
        }
        sample = env["product.product"].create({"name": "Sample", "default_code": "SAMPLE"})
        env.flush_all()
        env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'product_product' "
            "AND column_name <> 'id'"
        )
        columns = [row[0] for row in env.cr.fetchall()]
        special = {"default_code": "'PLAN-' || number", "combination_indices": "number::varchar"}
        env.cr.execute(
            f"INSERT INTO product_product ({', '.join(columns)}) "
            f"SELECT {', '.join(special.get(column, 'sample.' + column) for column in columns)} "
            "FROM product_product sample, generate_series(1, %s) AS number WHERE sample.id = %s",
            (products, sample.id),
        )
        env.invalidate_all()

    def _get_lines(self, base: int) -> Iterator[str]:
        start = datetime.date(2030, 1, 7)
        weeks = [str(start + datetime.timedelta(weeks=week)) for week in range(WEEKS)]
        for number in range(1, self.rows // WEEKS + 1):
            for week in weeks:
                value = base + number % 97
                yield (
                    f"PLAN-{number},{self._warehouse},{week},Units,{value},0.5,{value - 1}.25,{value}.125,"
                    f"{value + 1}.5,{value + 2}.75\n"
                )

    def _import(self, base: int) -> float:
        """Bring in a plan; return the seconds from the stored file to the commit.

        :param base: what the plan's quantities begin with
        """
        self._number += 1
        content = (HEAD + "".join(self._get_lines(base))).encode()
        with self._session.transaction() as env:
            batch_id = self._receive(env, content)
        with self._session.transaction() as env:
            batch = env["dist.planning.batch"].browse(batch_id)
            seconds = timed(batch._job_activate)
        self._check(batch_id)
        return seconds

    def _receive(self, env: Any, content: bytes) -> int:
        from odoo.addons.dist_integration_base.lib import strict_json, upload

        received = upload.receive(upload.read_blocks(io.BytesIO(content)), len(content))
        described = received.describe("text/csv", False)
        reference = f"R-{self._number}"
        values = {**self._message, "uuid": f"bench {reference}", "idempotency_key": reference}
        message = env["dist.message"].create(
            {**values, "raw": base64.b64encode(strict_json.dumps({"file": described}))}
        )
        message._attach_upload(received)
        file = {"name": reference, "kind": "forecast", "message_id": message.id, "checksum": received.sha256}
        manifest = {"files": [{"kind": "forecast", "rows": self.rows, "sha256": received.sha256}]}
        moment = datetime.datetime.now().replace(microsecond=0) - datetime.timedelta(days=1)
        moment += datetime.timedelta(minutes=self._number)
        source = env["dist.planning.source"].browse(self._source_id)
        received.close()
        return env["dist.planning.batch"]._receive_part(source, reference, moment, manifest, file).id

    def _check(self, batch_id: int) -> None:
        """:raises RuntimeError: the plan is not in force"""
        with self._session.transaction() as env:
            batch = env["dist.planning.batch"].browse(batch_id)
            if batch.state == "refused":
                raise RuntimeError(f"The plan was refused: {batch.error_ids[:1].message}")
            if (batch.same_as_id or batch).forecast_count != self.rows:
                raise RuntimeError(f"The plan has {batch.forecast_count} rows, expected {self.rows}")
            # an older version is no part of what is measured
            env.cr.execute(
                "DELETE FROM dist_planning_forecast WHERE batch_id NOT IN "
                "(SELECT forecast_batch_id FROM dist_planning_source WHERE forecast_batch_id IS NOT NULL)"
            )
            env.cr.execute("DELETE FROM queue_job")

    def fresh(self) -> float:
        """Return the seconds a row of a plan that differs from the one in force."""
        self._base += 1
        return self._import(self._base) / self.rows

    def unchanged(self) -> float:
        """Return the seconds a row of the plan that is in force already."""
        return self._import(self._base) / self.rows

    def search_and_write(self) -> float:
        """Return the seconds a row that Odoo's ORM takes."""
        rows = [
            line.rstrip().split(",") for _index, line in zip(range(SAMPLE), self._get_lines(1), strict=False)
        ]
        with self._session.transaction() as env:
            return timed(lambda: self._write(env, rows)) / len(rows)

    def _write(self, env: Any, rows: list[list[str]]) -> None:
        batch = env["dist.planning.source"].browse(self._source_id).forecast_batch_id
        warehouse = env["stock.warehouse"].search([("code", "=", self._warehouse)])
        forecasts = env["dist.planning.forecast"]
        numbers = list({row[0] for row in rows})
        products = env["product.product"].search([("default_code", "in", numbers)])
        product_ids = {product.default_code: product.id for product in products}
        for sku, _code, day, _unit, baseline, uplift, *_band in rows:
            found = forecasts.search(
                [
                    ("batch_id", "=", batch.id),
                    ("product_id", "=", product_ids[sku]),
                    ("warehouse_id", "=", warehouse.id),
                    ("bucket_start", "=", day),
                ]
            )
            found.write({"baseline": float(baseline), "uplift": float(uplift)})
        env.flush_all()


def run(bench: Bench) -> list[Result]:
    """Measure `import_fresh_vs_orm` and `import_unchanged_vs_orm`."""
    with bench.session("plan_import") as session:
        say("plan_import: making products and a first plan")
        platform = Platform(session, bench.size(PRODUCTS))
        say("plan_import: importing")
        contenders = {
            "import_fresh_vs_orm": platform.fresh,
            "import_unchanged_vs_orm": platform.unchanged,
            "orm": platform.search_and_write,
        }
        samples = interleave(contenders, ROUNDS, WARMUPS)
    orm = samples.pop("orm")
    return [
        Result.of(
            name,
            ratio(orm, ours),
            f"{_rate(ours)} against {_rate(orm)} rows a second, {platform.rows:,} rows, {len(orm)} rounds",
        )
        for name, ours in samples.items()
    ]


def _rate(samples: list[float]) -> str:
    return f"{len(samples) / sum(samples):,.0f}"
