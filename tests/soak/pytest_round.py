"""One round of pytest as a part of the endurance test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suite import pytest_stage
from suite.console import Console
from suite.results import Result

from soak.outcome import Outcome, Soak


def run(
    soak: Soak,
    name: str,
    arguments: Sequence[Any],
    seed: int,
    environ: Mapping[str, str] | None = None,
) -> Outcome:
    """Run pytest without Odoo's plug-in and count.

    :param name: of the round, for its log
    :param arguments: paths and options
    """
    result = Result(soak.environment.series, f"soak-{name}")
    variables = _get_variables(soak, seed, environ)
    pytest_stage.run(
        soak.environment, result, ["-p", "no:odoo", *arguments], variables, Console(prefix=f"{name} ")
    )
    return _get_outcome(result, name, seed)


def run_in_odoo(
    soak: Soak, name: str, arguments: Sequence[Any], seed: int, environ: Mapping[str, str]
) -> Outcome:
    """Run tests of an addon, on a database of their own, and count."""
    result = Result(soak.environment.series, f"soak-{name}")
    variables, console = _get_variables(soak, seed, environ), Console(prefix=f"{name} ")
    pytest_stage.run_in_odoo(soak.environment, result, f"soak_{name}", arguments, variables, console)
    return _get_outcome(result, name, seed)


def _get_variables(soak: Soak, seed: int, environ: Mapping[str, str] | None) -> dict[str, str]:
    return {
        "PYTHONPATH": ":".join(map(str, soak.environment.script_path)),
        "ODOO_SERIES": soak.environment.series,
        "SOAK_SEED": str(seed),
        **(environ or {}),
    }


def _get_outcome(result: Result, name: str, seed: int) -> Outcome:
    problems = [f"{problem}\n(repeat with --only {name} --seed {seed})" for problem in result.problems]
    return Outcome(result.passed, result.failed, problems)
