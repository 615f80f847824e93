"""What a benchmark found, as a table and as a file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .goals import GOALS
from .sampling import Ratio

HEAD = ("name", "value", "spread", "goal", "ok")


@dataclass(frozen=True)
class Result:
    """One figure; `value` is None when it could not be measured.

    :param name: key of GOALS
    :param spread: the interval that holds the value with 90 %
    :param note: medians of what the ratio compares, or why there is none
    """

    name: str
    value: float | None
    spread: tuple[float, float] | None = None
    note: str = ""

    @classmethod
    def of(cls, name: str, ratio: Ratio, note: str) -> "Result":
        """Make a result of a ratio."""
        return cls(name, ratio.value, (ratio.low, ratio.high), note)

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.value is not None and GOALS[self.name].met_by(self.value)

    def to_row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        goal = str(GOALS[self.name])
        if self.value is None or self.spread is None:
            return self.name, "-", "-", goal, "FAILED"
        low, high = self.spread
        return self.name, f"{self.value:.3f}", f"{low:.3f} .. {high:.3f}", goal, "yes" if self.met else "NO"

    def to_json(self) -> dict[str, object]:
        """Return the object of the file."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": "s" if self.name.endswith("_s") else "ratio",
            "goal": str(GOALS[self.name]),
            "ok": self.met,
            "spread": self.spread,
            "meaning": GOALS[self.name].meaning,
            "note": self.note,
        }


def print_table(results: Sequence[Result]) -> None:
    """Print the figures, and below them the medians of what they compare."""
    rows = [HEAD, *(result.to_row() for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()
    for result in results:
        print(f"{result.name}: {GOALS[result.name].meaning}: {result.note}")


def write_json(results: Sequence[Result], path: Path) -> None:
    """Write the figures to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([result.to_json() for result in results], indent=2) + "\n")
