"""A day of business with a thousand orders, between real processes; in the evening everybody's books agree."""

from __future__ import annotations

import json

from suite.demo import Demonstration

from soak.outcome import Outcome, Soak

ORDERS = 1_000
OUTAGE = 30


def once(soak: Soak, seed: int) -> Outcome:
    """Play one day; every check of its books is counted."""
    show = Demonstration(soak.environment, "soak_day")
    path = soak.folder / "day.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        show.start()
        show.play("--orders", str(ORDERS), "--seed", str(seed), "--outage", str(OUTAGE), "--json", str(path))
        checks = json.loads(path.read_text())["checks"]
    finally:
        show.stop()
        if show.database:
            soak.environment.drop_database(show.database)
    problems = [
        f"{check['name']}: {check['differences']}\n(repeat with --only day --seed {seed})"
        for check in checks
        if not check["passed"]
    ]
    return Outcome(len(checks) - len(problems), len(problems), problems)
