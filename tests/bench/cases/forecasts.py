"""Forecasts of the built-in planner: how long 30,490 series of 104 weeks take, and how good they are.

The number of series is that of the M5 competition. They are generated with a known structure, one seed for all, so that
every class holds what its name says. The last weeks are kept from the planner; what is compared is the demand over the
lead time, which is what is ordered for: the sum of errors of single weeks would be least for a forecast of nothing
where most weeks have no sale. Beside them stand public series, from the folder `series`.
"""

import csv
import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.bench import Bench
from harness.result import Result
from harness.sampling import say, timed

SERIES = 30_490
LENGTH = 104
AHEAD = 13
LEAD_TIME = 4
ROUNDS = 3
# how often the end of a public series is forecast, each time from one period earlier
ORIGINS = 24
YEAR = 52
PUBLIC = Path(__file__).resolve().parents[1] / "series"


def smooth(source: random.Random) -> Iterator[float]:
    level = source.uniform(20, 400)
    while True:
        yield source.gauss(level, 0.2 * level)


def trend(source: random.Random) -> Iterator[float]:
    level, slope = source.uniform(40, 200), source.uniform(-0.003, 0.008)
    while True:
        yield source.gauss(level, 0.15 * level)
        level *= 1.0 + slope


def shifting(source: random.Random) -> Iterator[float]:
    """Level that moves now and then, with noise around it."""
    level = source.uniform(50, 300)
    noise = 0.15 * level
    while True:
        yield source.gauss(level, noise)
        level = max(0.0, level + source.gauss(0.0, 0.05 * level))


def seasonal(source: random.Random) -> Iterator[float]:
    level, share, phase = source.uniform(40, 300), source.uniform(0.3, 0.7), source.randrange(YEAR)
    week = 0
    while True:
        yield source.gauss(level * (1 + share * math.sin(2 * math.pi * (week + phase) / YEAR)), 0.12 * level)
        week += 1


def erratic(source: random.Random) -> Iterator[float]:
    level = math.log(source.uniform(10, 100))
    while True:
        yield source.lognormvariate(level, 0.9)


def intermittent(source: random.Random) -> Iterator[float]:
    share, size = source.uniform(0.15, 0.5), source.uniform(2, 20)
    while True:
        yield source.gauss(size, 0.2 * size) if source.random() < share else 0.0


def lumpy(source: random.Random) -> Iterator[float]:
    share, size = source.uniform(0.1, 0.4), math.log(source.uniform(3, 30))
    while True:
        yield source.lognormvariate(size, 0.9) if source.random() < share else 0.0


def ending(source: random.Random) -> Iterator[float]:
    """Sold now and then, and less and less often."""
    share, size, fade = source.uniform(0.4, 0.8), source.uniform(2, 20), source.uniform(0.95, 0.98)
    while True:
        yield source.gauss(size, 0.3 * size) if source.random() < share else 0.0
        share *= fade


CLASSES: tuple[Callable[[random.Random], Iterator[float]], ...] = (
    smooth,
    trend,
    shifting,
    seasonal,
    erratic,
    intermittent,
    lumpy,
    ending,
)


def run(bench: Bench) -> list[Result]:
    """Measure `forecast_30490_s` and `forecast_vs_naive`."""
    # only now: the addons are on the path
    from odoo.addons.dist_integration_planning.lib import planner
    from odoo.addons.dist_integration_planning.lib.demand import History

    names, rows = _make(bench.size(SERIES))
    histories = [History(row[:LENGTH]) for row in rows]
    settings = planner.Settings(horizon=AHEAD, lead_time=LEAD_TIME, season=YEAR)
    say(f"forecasts: {len(rows):,} series, {ROUNDS} rounds")
    found: list = []

    def forecast() -> None:
        # what a history has computed once is not to help the next round
        fresh = [History(history.gross) for history in histories]
        found[:] = planner.forecast(fresh, settings)

    seconds = [timed(forecast) for _round in range(ROUNDS)]
    note = f"{len(rows):,} series of {LENGTH} weeks, {AHEAD} ahead with four quantiles, one process"
    return [
        Result("forecast_30490_s", statistics.median(seconds), (min(seconds), max(seconds)), note),
        _compare(names, rows, found, _forecast_public(planner, History)),
    ]


def _make(count: int) -> tuple[list[str], list[list[float]]]:
    source = random.Random(30_490)
    names, rows = [], []
    for number in range(count):
        make = CLASSES[number % len(CLASSES)]
        supply = make(source)
        names.append(make.__name__)
        rows.append([max(0.0, round(next(supply), 2)) for _week in range(LENGTH + AHEAD)])
    return names, rows


def _forecast_public(planner, history) -> list[tuple[str, list[float], object]]:
    """:return: list of (class, series up to the end of the lead time, forecast made before it), from several origins"""
    found = []
    for path in sorted(PUBLIC.glob("*.csv")):
        with path.open(newline="") as stream:
            season = int(next(stream).split("season=")[1].split(";")[0])
            rows = [[float(value) for value in row[1:]] for row in csv.reader(stream)]
        settings = planner.Settings(horizon=AHEAD, lead_time=LEAD_TIME, season=season)
        for values in rows:
            for end in range(len(values), len(values) - ORIGINS, -1):
                one = planner.forecast([history(values[: end - LEAD_TIME])], settings)[0]
                found.append((f"public {path.stem}", values[:end], one))
    return found


def _compare(names, rows, found, public) -> Result:
    """Errors over the lead time by class; the value is the worst class's error over that of naive.

    They are scaled by the mean demand of each series and squared, as in M5: absolute errors would be least for the
    median, which is no sale at all where most weeks have none.
    """
    figures: dict[str, _Figures] = defaultdict(_Figures)
    triples = [
        (name, row[: LENGTH + LEAD_TIME], one) for name, row, one in zip(names, rows, found, strict=True)
    ]
    for name, row, one in [*triples, *public]:
        figures[name].add(row[:-LEAD_TIME], row[-LEAD_TIME:], one)
    say("forecasts:\n  " + "\n  ".join(f"{name}: {one}" for name, one in figures.items()))
    ratios = {name: one.ratio for name, one in figures.items()}
    worst = max(ratios, key=ratios.get)
    note = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()) + f"; worst {worst}"
    return Result("forecast_vs_naive", ratios[worst], (min(ratios.values()), ratios[worst]), note)


class _Figures:
    """What came of a class."""

    def __init__(self) -> None:
        self.count = 0
        self.square = self.naive_square = self.absolute = self.naive = self.error = self.sold = (
            self.inside
        ) = 0.0

    def add(self, history: list[float], actual: list[float], one) -> None:
        total, scale = sum(actual), LEAD_TIME * sum(history) / len(history)
        error, naive = sum(one.values[:LEAD_TIME]) - total, history[-1] * LEAD_TIME - total
        low, high = one.quantiles[0.05], one.quantiles[0.95]
        self.count += 1
        self.square += (error / scale) ** 2
        self.naive_square += (naive / scale) ** 2
        self.absolute += abs(error)
        self.naive += abs(naive)
        self.error += error
        self.sold += total
        self.inside += sum(low[step] <= value <= high[step] for step, value in enumerate(actual)) / LEAD_TIME

    @property
    def ratio(self) -> float:
        return (self.square / self.naive_square) ** 0.5

    def __str__(self) -> str:
        return (
            f"{self.count:,} series, scaled error {(self.square / self.count) ** 0.5:.2f} (naive "
            f"{(self.naive_square / self.count) ** 0.5:.2f}), absolute {100 * self.absolute / self.sold:.0f} % of the "
            f"demand ({100 * self.naive / self.sold:.0f} %), bias {100 * self.error / self.sold:+.1f} %, "
            f"{100 * self.inside / self.count:.0f} % within the 90 % band"
        )
