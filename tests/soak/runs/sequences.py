"""Random sequences of what partners and people do while workers die and endpoints fail."""

from __future__ import annotations

import traceback

from stack import Stack

from soak.outcome import Outcome, Soak
from soak.sequence import Sequence

STEPS = 60
SEQUENCES = 5


def once(soak: Soak, seed: int) -> Outcome:
    """Play some sequences on one server; the seed of each follows from the first."""
    outcome = Outcome()
    with Stack(soak.environment, "soak_sequences") as stack:
        for number in range(seed * SEQUENCES, (seed + 1) * SEQUENCES):
            try:
                Sequence(stack, number, STEPS * soak.scale).play()
                outcome.passed += 1
            except Exception:
                outcome.failed += 1
                text = f"{traceback.format_exc()}\n(sequence {number}: repeat with --only sequences --seed {seed})"
                outcome.problems.append(text)
                # what it left unfinished would disturb the next one
                break
    return outcome
