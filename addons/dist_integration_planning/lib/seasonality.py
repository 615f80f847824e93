"""Seasonal indices, shrunk towards none (Miller, Williams 2003): two years of a single item are mostly noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Column = Any

# an index near zero would blow up what is divided by it
LEAST_INDEX = 0.1


def seasonal_indices(
    xp, demand: Sequence[Column], usable: Sequence[Column], season: int
) -> tuple[list[Column], Column]:
    """Multiplicative indices by position in the season.

    :param season: buckets in a season, such as 52
    :return: one column per position (their mean is 1), and how much of the raw index was kept, 0 to 1
    """
    ratios = _ratios_to_level(xp, demand, usable, season)
    raw, counts, noise = _means(xp, ratios, usable, season)
    kept = _shrinkage(xp, raw, counts, noise, season)
    indices = [xp.maximum(1.0 + kept * (value - 1.0), LEAST_INDEX) for value in raw]
    mean = sum(indices) / season
    return [value / mean for value in indices], kept


def _ratios_to_level(xp, demand, usable, season):
    """Each value over the mean of the season around it; at the ends the nearest whole season's."""
    zero = xp.where(usable[0], 0.0, 0.0)
    sums, numbers = [zero], [zero]
    for value, counts in zip(demand, usable):
        sums.append(sums[-1] + xp.where(counts, value, 0.0))
        numbers.append(numbers[-1] + xp.where(counts, 1.0, 0.0))
    ratios, length = [], len(demand)
    for index, value in enumerate(demand):
        start = min(max(index - season // 2, 0), length - season)
        total, number = sums[start + season] - sums[start], numbers[start + season] - numbers[start]
        known = total > 0.0
        ratios.append(xp.where(known, value * number / xp.where(known, total, 1.0), 1.0))
    return ratios


def _means(xp, ratios, usable, season):
    """Mean ratio by position, how many values it has, and the sum of squares around it."""
    raw, counts = [], []
    squares = xp.where(usable[0], 0.0, 0.0)
    for position in range(season):
        members = list(zip(ratios[position::season], usable[position::season]))
        number = sum(xp.where(counted, 1.0, 0.0) for _value, counted in members)
        total = sum(xp.where(counted, value, 0.0) for value, counted in members)
        mean = xp.where(number > 0.0, total / xp.maximum(number, 1.0), 1.0)
        for value, counted in members:
            squares = squares + xp.where(counted, (value - mean) * (value - mean), 0.0)
        raw.append(mean)
        counts.append(number)
    return raw, counts, squares


def _shrinkage(xp, raw, counts, squares, season):
    """Share of the variance between positions that is not noise of the few values behind each."""
    centre = sum(raw) / season
    between = sum((value - centre) * (value - centre) for value in raw) / (season - 1)
    number = sum(counts)
    within = squares / xp.maximum(number - season, 1.0)
    noise = within / xp.maximum(number / season, 1.0)
    signal = xp.maximum(between - noise, 0.0)
    return xp.where(between > 0.0, signal / xp.where(between > 0.0, between, 1.0), 0.0)
