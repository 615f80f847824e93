"""What correcting Odoo by 500 approved variances costs beside Odoo's own count of 500 quants.

One database, two sets of 500 products with stock. Both sides move the same quantities in one transaction each: ours
posts the lines that a person approved, marks them and commits; Odoo applies quants whose counted quantity was
entered before, and commits. What leads up to it - comparing, explaining, approving, entering - is not measured.
"""

from typing import Any

from harness.bench import Bench
from harness.result import Result
from harness.sampling import interleave, milliseconds, ratio, say, timed
from harness.session import Session

PRODUCTS = 500
ROUNDS = 8
WARMUPS = 1
STOCK = 10_000
# by how much each product differs, in turn; both ways
STEPS = (3, -2, 1, -4, 2)


class Warehouse:
    """The database, and both ways to correct its stock."""

    def __init__(self, session: Session, count: int) -> None:
        self._session = session
        self._turn = 0
        with session.transaction() as env:
            self._make(env, count)
        session.vacuum()

    def _make(self, env: Any, count: int) -> None:
        system = env["dist.system"].create({"name": "Warehouse", "code": "warehouse", "state": "active"})
        warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
        warehouse.dist_system_id = system
        self._location_id = warehouse.lot_stock_id.id
        self._ours = self._make_products(env, "OURS", count)
        self._theirs = self._make_products(env, "ODOO", count)
        profile = env["dist.reconciliation.profile"].create(
            {
                "name": "Stock",
                "domain_code": "stock",
                "system_id": system.id,
                "scope_domain": "[('default_code', '=like', 'OURS-%')]",
                "approval_limit": 1e9,
            }
        )
        self._profile_id = profile.id

    def _make_products(self, env: Any, prefix: str, count: int) -> dict[str, int]:
        storable = (
            {"detailed_type": "product"}
            if "detailed_type" in env["product.product"]._fields
            else {"is_storable": True}
        )
        products = env["product.product"].create(
            [
                {
                    "name": f"{prefix} {number}",
                    "default_code": f"{prefix}-{number}",
                    "standard_price": 4.0,
                    **storable,
                }
                for number in range(count)
            ]
        )
        location = env["stock.location"].browse(self._location_id)
        for product in products:
            env["stock.quant"]._update_available_quantity(product, location, STOCK)
        return {product.default_code: product.id for product in products}

    def post_ours(self) -> float:
        """Return the seconds of posting approved variances."""
        line_ids = self._approve()
        with self._session.transaction() as env:
            lines = env["dist.reconciliation.line"].browse(line_ids)
            seconds = timed(lambda: (lines._post(), env.cr.commit()))
        self._check(self._ours)
        return seconds

    def _approve(self) -> list[int]:
        """Compare a snapshot in which every product differs; return the ids of the approved lines."""
        self._turn += 1
        wanted = self._get_wanted(self._ours)
        rows = "".join(f"{code},{quantity}\n" for code, quantity in wanted.items())
        with self._session.transaction() as env:
            profile = env["dist.reconciliation.profile"].browse(self._profile_id)
            run = profile.run_ids._make(profile, f"sku,quantity\n{rows}".encode(), "snapshot.csv")
            run._enqueue()
        with self._session.transaction() as env:
            env["dist.reconciliation"].browse(run.id)._job_run()
        with self._session.transaction() as env:
            lines = env["dist.reconciliation"].browse(run.id).line_ids
            lines._explain(env.ref("dist_integration_base.reason_count"), "counted")
            lines.action_approve()
            return lines.ids

    def post_theirs(self) -> float:
        """Return the seconds of Odoo's own application of counted quantities."""
        wanted = self._get_wanted(self._theirs)
        with self._session.transaction() as env:
            quants = self._get_quants(env, self._theirs)
            for quant in quants.with_context(inventory_mode=True):
                quant.inventory_quantity = wanted[quant.product_id.default_code]
        with self._session.transaction() as env:
            quants = self._get_quants(env, self._theirs)
            seconds = timed(lambda: (quants.action_apply_inventory(), env.cr.commit()))
        self._check(self._theirs)
        return seconds

    def _get_quants(self, env: Any, products: dict[str, int]) -> Any:
        return env["stock.quant"].search(
            [("product_id", "in", list(products.values())), ("location_id", "=", self._location_id)]
        )

    def _get_wanted(self, products: dict[str, int]) -> dict[str, float]:
        """Return what is to be in stock next, by item number."""
        with self._session.transaction() as env:
            quantities = {
                quant.product_id.default_code: quant.quantity for quant in self._get_quants(env, products)
            }
        self._wanted = {
            code: quantity + STEPS[(self._turn + number) % len(STEPS)]
            for number, (code, quantity) in enumerate(quantities.items())
        }
        return self._wanted

    def _check(self, products: dict[str, int]) -> None:
        """:raises RuntimeError: a contender left other quantities than it was to"""
        with self._session.transaction() as env:
            found = {
                quant.product_id.default_code: quant.quantity for quant in self._get_quants(env, products)
            }
        wrong = [code for code, quantity in self._wanted.items() if abs(found[code] - quantity) > 1e-6]
        if wrong:
            raise RuntimeError(
                f"{len(wrong)} products have another quantity than they should, {wrong[0]} first"
            )


def run(bench: Bench) -> list[Result]:
    """Measure `adjust_500_vs_odoo`."""
    count = bench.size(PRODUCTS)
    with bench.session("adjustments") as session:
        say(f"adjustments: making stock of {count:,} products each")
        warehouse = Warehouse(session, count)
        say("adjustments: posting")
        samples = interleave({"ours": warehouse.post_ours, "odoo": warehouse.post_theirs}, ROUNDS, WARMUPS)
    ours, odoo = samples["ours"], samples["odoo"]
    note = f"{milliseconds(ours)} against {milliseconds(odoo)}, {count:,} each, {len(ours)} rounds"
    return [Result.of("adjust_500_vs_odoo", ratio(ours, odoo), note)]
