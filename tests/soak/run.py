#!/usr/bin/env python3
"""Runs the endurance test: each run in turn, again with the next seed, until its share of the time is over.

    python3 setup/run.py soak -- --minutes 60
    python3 setup/run.py soak -- --only sequences --seed 7 --minutes 0

Every run has at least one round.  Rounds are made of their seed: the one that failed is repeated by the
`--seed` that is printed with it.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "e2e"), str(ROOT / "setup")]

from suite.environment import Environment  # noqa: E402

from soak.outcome import Outcome, Soak  # noqa: E402
from soak.runs import RUNS  # noqa: E402


def main(arguments: list[str]) -> int:
    """Run what was asked for; return the exit code."""
    options = _parse(arguments)
    # an orderly end, so that servers stop and databases are dropped
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(143))
    environment = Environment.prepare(options.series)
    soak = Soak(environment, options.scale, environment.run / "soak")
    names = options.only or list(RUNS)
    total = Outcome()
    for name in names:
        _run(soak, name, options.seed, 60 * options.minutes / len(names), total)
    for problem in total.problems:
        print(f"\n--- {problem}")
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed or not total.passed else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", default=os.environ.get("ODOO_SERIES"), help="17.0 or 19.0")
    parser.add_argument("--only", action="append", choices=RUNS, help="only this run")
    parser.add_argument("--minutes", type=float, default=60, help="for all runs together")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000, help="of the first round")
    parser.add_argument("--scale", type=int, default=3, help="by how much load is multiplied")
    return parser.parse_args(arguments)


def _run(soak: Soak, name: str, seed: int, seconds: float, total: Outcome) -> None:
    """Repeat one run until its time is over; a round that fails ends it."""
    started = time.monotonic()
    while True:
        print(f"{name}: seed {seed} starts", flush=True)
        outcome = RUNS[name](soak, seed)
        print(f"{name}: seed {seed}: {outcome.passed} passed, {outcome.failed} failed", flush=True)
        total.passed += outcome.passed
        total.failed += outcome.failed
        total.problems += outcome.problems
        seed += 1
        if outcome.failed or time.monotonic() - started > seconds:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
