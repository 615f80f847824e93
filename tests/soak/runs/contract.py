"""The contract test with every phase of the generator and many more examples."""

from __future__ import annotations

from contract.generator import generate
from contract.stage import ContractStage

from soak.outcome import Outcome, Soak

EXAMPLES = 25
PHASES = "examples,coverage,fuzzing,stateful"


def once(soak: Soak, seed: int) -> Outcome:
    """Look for an answer that the OpenAPI document does not announce."""
    with ContractStage(soak.environment, "soak_contract", workers=6) as stage:
        found = generate(
            stage.document,
            stage.keys,
            soak.folder / "contract",
            stage.known,
            seed=seed,
            examples=EXAMPLES * soak.scale,
            phases=PHASES,
        )
    if found.failed:
        return Outcome(failed=1, problems=[f"{found.output}\n(repeat with --only contract --seed {seed})"])
    return Outcome(passed=found.operations["tested"])
