"""The end-to-end fault tests, in another order each time and under more load."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from suite import paths

from soak import pytest_round
from soak.outcome import Outcome, Soak

# modules whose tests need each other's order have no place here
PATTERN = "test_*_faults.py"


def once(soak: Soak, seed: int) -> Outcome:
    """Run every fault test; the seed says in which order."""
    shuffle = random.Random(seed)  # repeatable on purpose
    files = sorted((paths.ROOT / "tests" / "e2e").glob(PATTERN))
    shuffle.shuffle(files)
    tests = []
    for file in files:
        own = _collect(soak, file)
        shuffle.shuffle(own)
        tests += own
    if not tests:
        return Outcome(failed=1, problems=[f"no test was found in {PATTERN}"])
    return pytest_round.run(soak, "faults", tests, seed, {"E2E_SCALE": str(soak.scale)})


def _collect(soak: Soak, file: Path) -> list[str]:
    """Return the node ids of a file's tests."""
    command = [soak.environment.python, "-m", "pytest", "-p", "no:odoo", "--collect-only", "-q", str(file)]
    listed = subprocess.run(
        command,
        cwd=paths.ROOT,
        env={"PYTHONPATH": ":".join(map(str, soak.environment.script_path))},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in listed.stdout.splitlines() if "::" in line]
