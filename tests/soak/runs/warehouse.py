"""Random sequences of what an office and a warehouse do, against a model of the warehouse's stock."""

from __future__ import annotations

from soak import pytest_round
from soak.outcome import Outcome, Soak

SEQUENCES = 500
TEST = "dist_integration_wms/tests/test_sequences.py"


def once(soak: Soak, seed: int) -> Outcome:
    """Play some sequences; the seed of each follows from the first."""
    environ = {"SOAK_SEED": str(seed * SEQUENCES + 1), "WAREHOUSE_SEQUENCES": str(SEQUENCES)}
    test = soak.environment.addons_dir / TEST
    return pytest_round.run_in_odoo(soak, "warehouse", [test], seed, environ)
