"""What a stage of the tests found, and the table at the end."""

import dataclasses
import time


@dataclasses.dataclass
class Result:
    """Counts of one stage for one series.

    problems: texts for a person, one for each thing that failed
    """

    series: str
    stage: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    problems: list = dataclasses.field(default_factory=list)

    def check(self, name, problems):
        """Count one check: it passed when there are no problems."""
        if problems:
            self.failed += 1
            self.problems += [f"{name}: {problem}" for problem in problems]
        else:
            self.passed += 1

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


class Timed:
    """Measures how long a stage takes: `with Timed(result): ...`."""

    def __init__(self, result):
        self.result = result

    def __enter__(self):
        self._start = time.monotonic()
        return self.result

    def __exit__(self, *_exception):
        self.result.seconds += time.monotonic() - self._start


def total(results):
    """Return the sum of several results."""
    return Result(
        series="",
        stage="total",
        passed=sum(result.passed for result in results),
        failed=sum(result.failed for result in results),
        skipped=sum(result.skipped for result in results),
        seconds=sum(result.seconds for result in results),
    )


def table(results):
    """Return the lines of a table of results."""
    row = "{:<8}{:<12}{:>8}{:>8}{:>9}{:>10}".format
    lines = [row("series", "stage", "passed", "failed", "skipped", "seconds")]
    for result in results:
        counts = (result.passed, result.failed, result.skipped)
        lines.append(row(result.series, result.stage, *counts, f"{result.seconds:.1f}"))
    return lines
