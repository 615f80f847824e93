"""The properties of the libraries, with many more examples."""

from __future__ import annotations

from soak import pytest_round
from soak.outcome import Outcome, Soak

EXAMPLES = 2000


def once(soak: Soak, seed: int) -> Outcome:
    """Run every test of the libraries that is made of examples."""
    environ = {
        "DIST_INTEGRATION_ADDONS": str(soak.environment.addons_dir),
        "HYPOTHESIS_EXAMPLES": str(EXAMPLES * soak.scale),
    }
    arguments = ["tests/lib", "-m", "hypothesis", f"--hypothesis-seed={seed}"]
    return pytest_round.run(soak, "lib", arguments, seed, environ)
