"""Forecasts of the built-in planner: how long 30,490 series of 104 weeks take, and how good they are.

The number of series is that of the M5 competition. They are generated with a known structure, as many of each class
and with each of a few seeds. The last weeks are kept from the planner; `series.quality` says what is compared. Beside
them stand public series, the ends of which are forecast from several periods.
"""

import statistics
from collections.abc import Iterable

from harness.bench import Bench
from harness.result import Result
from harness.sampling import say, timed
from series import public
from series.generated import AHEAD, CLASSES, LENGTH, YEAR, generate
from series.quality import Quality, first_sale

SERIES = 30_490
SEEDS = 5
LEAD_TIME = 4
ROUNDS = 3
# how often the end of a public series is forecast, each time from one period earlier
ORIGINS = 24


def run(bench: Bench) -> list[Result]:
    """Measure `forecast_30490_s` and, for each class of series, `forecast_<class>_vs_naive`."""
    # only now: the addons are on the path
    from odoo.addons.dist_integration_planning.lib import planner
    from odoo.addons.dist_integration_planning.lib.demand import History

    groups = _make(bench.size(SERIES))
    rows = [row for members in groups.values() for row in members]
    settings = planner.Settings(horizon=AHEAD, lead_time=LEAD_TIME, season=YEAR)
    say(f"forecasts: {len(rows):,} series, {ROUNDS} rounds")
    found: list = []

    def forecast() -> None:
        # what a history has computed once is not to help the next round
        histories = [History(row[:LENGTH], first_bucket=first_sale(row)) for row in rows]
        found[:] = planner.forecast(histories, settings)

    seconds = [timed(forecast) for _round in range(ROUNDS)]
    note = f"{len(rows):,} series of {LENGTH} weeks, {AHEAD} ahead with five quantiles, one process"
    return [
        Result("forecast_30490_s", statistics.median(seconds), (min(seconds), max(seconds)), note),
        *_compare(groups, iter(found)),
        *(_compare_public(planner, History, name) for name in public.NAMES),
    ]


def _make(count: int) -> dict[tuple[str, int], list[list[float]]]:
    """:return: class and seed to series"""
    keys = [(name, seed) for name in CLASSES for seed in range(SEEDS)]
    return {
        (name, seed): generate(name, len(range(position, count, len(keys))), seed)
        for position, (name, seed) in enumerate(keys)
    }


def _compare(groups, found) -> Iterable[Result]:
    """:return: a figure for each class: the mean over the seeds, from the best to the worst of them"""
    qualities: dict[str, list[Quality]] = {name: [] for name in CLASSES}
    for (name, _seed), members in groups.items():
        quality = Quality(LEAD_TIME)
        for row, one in zip(members, found):
            quality.add(row[:LENGTH], row[LENGTH:], one)
        qualities[name].append(quality)
    return [_figure(name, seeds, f"{SEEDS} seeds") for name, seeds in qualities.items()]


def _compare_public(planner, history, name: str) -> Result:
    """:return: a figure for a file: the mean over its series, from the best to the worst of them"""
    season, series = public.read(name)
    settings = planner.Settings(horizon=LEAD_TIME, lead_time=LEAD_TIME, season=season)
    qualities = []
    for _title, values in series:
        quality = Quality(LEAD_TIME)
        for end in range(len(values), len(values) - ORIGINS, -1):
            before, actual = values[: end - LEAD_TIME], values[end - LEAD_TIME : end]
            quality.add(before, actual, planner.forecast([history(before)], settings)[0])
        qualities.append(quality)
    return _figure(name, qualities, f"{len(series)} public series")


def _figure(name: str, qualities: list[Quality], over: str) -> Result:
    """Figure of a class, to the three digits that are printed: the fourth is chance, of random walks above all."""

    def mean(values: Iterable[float]) -> float:
        return round(statistics.fmean(values), 3)

    ratios = [quality.ratio for quality in qualities]
    note = (
        f"{sum(quality.count for quality in qualities):,} forecasts over {over}; absolute errors "
        f"{mean(quality.absolute_ratio for quality in qualities):.2f} of naive, bias "
        f"{100 * mean(quality.bias for quality in qualities):+.1f} % of the demand, "
        f"{100 * mean(quality.coverage for quality in qualities):.0f} % of the buckets in the 90 % band"
    )
    return Result(f"forecast_{name}_vs_naive", mean(ratios), (min(ratios), max(ratios)), note)
