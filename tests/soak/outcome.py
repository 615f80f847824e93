"""What one round of a run found, and what every run is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Outcome:
    """
    :ivar problems: texts on what failed; each says how to repeat it
    """

    passed: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Soak:
    """
    :ivar environment: suite.environment.Environment
    :ivar scale: by how much load is multiplied
    :ivar folder: for reports and logs
    """

    environment: Any
    scale: int
    folder: Path
