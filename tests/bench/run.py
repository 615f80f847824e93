#!/usr/bin/env python3
"""Runs the benchmarks in one go, prints a table and writes build/bench.json.

    python3 tests/bench/run.py --series 17.0
    python3 tests/bench/run.py --only deliveries --only backlog

A goal that is missed is shown, it does not fail the run; a benchmark that cannot run does.
"""

import argparse
import importlib
import os
import signal
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "setup")]

from harness.goals import FORECAST_CLASSES  # noqa: E402
from harness.result import Result, print_table, write_json  # noqa: E402
from harness.sampling import say  # noqa: E402
from suite.environment import Environment  # noqa: E402

# the figures of each case, in the order of the table
CASES = {
    "orders": ("order_single_vs_xmlrpc", "order_bulk_vs_xmlrpc"),
    "availability": (
        "availability_1000_vs_xmlrpc",
        "availability_1000_vs_sql",
        "availability_10000_vs_xmlrpc",
        "availability_10000_vs_sql",
    ),
    "emission": ("emit_order_confirm", "emit_picking_done"),
    "deliveries": ("deliveries_vs_jobs",),
    "reconciliation": ("reconcile_1m_vs_sql", "snapshot_1m_vs_sql"),
    "adjustments": ("adjust_500_vs_odoo",),
    "shipments": ("confirm_50_vs_action_done", "release_1000_share"),
    "edi": ("x12_vs_pyx12", "edifact_vs_pydifact"),
    "edi_orders": ("order850_vs_orm",),
    "forecasts": ("forecast_30490_s", *(f"forecast_{name}_vs_naive" for name in FORECAST_CLASSES)),
    "plan_import": ("import_fresh_vs_orm", "import_unchanged_vs_orm"),
    "plan_export": ("export_vs_copy", "export_vs_search_read"),
    "backlog": ("inbox_2m_vs_10k", "outbox_2m_vs_10k"),
    "dashboard": ("dashboard_1m_s",),
    "isolation": ("isolation_p95_s",),
}


def main(arguments: list[str]) -> int:
    """Run the benchmarks; return the exit code."""
    options = _parse(arguments)
    # an orderly end, so that servers stop and databases are dropped
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(143))
    environment = Environment.prepare(options.series)
    _use_python_of(environment)
    results = _run(environment, options.only or list(CASES), options.scale)
    print_table(results)
    write_json(results, options.output)
    return 1 if any(result.value is None for result in results) else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", default=os.environ.get("ODOO_SERIES"), help="17.0 or 19.0")
    parser.add_argument("--only", action="append", choices=CASES, help="only this case")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="size of the runs; below 1 the figures mean little"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench.json")
    return parser.parse_args(arguments)


def _use_python_of(environment: Environment) -> None:
    """Start again in the Python of the series, unless this is it already."""
    if Path(sys.executable) == Path(environment.python) and environment.environ["PYTHONPATH"] in sys.path:
        return
    variables = {**os.environ, **environment.environ, "ODOO_SERIES": environment.series}
    os.execve(environment.python, [environment.python, *sys.argv], variables)


def _run(environment: Environment, names: list[str], scale: float) -> list[Result]:
    from harness.bench import Bench

    results = []
    with Bench(environment, scale) as bench:
        for name in names:
            say(f"{name} ...")
            try:
                results += importlib.import_module(f"cases.{name}").run(bench)
            except Exception as error:
                traceback.print_exc()
                results += [Result(figure, None, note=_first_line(error)) for figure in CASES[name]]
    return results


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
