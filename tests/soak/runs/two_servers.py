"""Two servers on one database, killed in turn while RabbitMQ stops and starts."""

from __future__ import annotations

from soak import two_servers
from soak.outcome import Outcome, Soak

MINUTES_FOR_EACH_SCALE = 3


def once(soak: Soak, seed: int) -> Outcome:
    """Run it once; every disagreement between the books of both sides is a failure."""
    figures = two_servers.run(MINUTES_FOR_EACH_SCALE * soak.scale, seed, soak.environment)
    problems = [f"{text}\n(repeat with --only two_servers --seed {seed})" for text in figures.problems]
    return Outcome(int(not problems), len(problems), problems)
