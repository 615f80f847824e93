"""Demand by week that is generated with a known structure: each class holds what its name says."""

import math
import random
from collections.abc import Callable, Iterator

YEAR = 52
# weeks before the forecast, and after it
LENGTH = 104
AHEAD = 13


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
    """Level that moves a little each week, with noise around it."""
    level = source.uniform(50, 300)
    noise = 0.15 * level
    while True:
        yield source.gauss(level, noise)
        level = max(0.0, level + source.gauss(0.0, 0.05 * level))


def stepping(source: random.Random) -> Iterator[float]:
    """Level that changes once, to between a third and three times of it: a customer won or lost."""
    level, noise = source.uniform(20, 400), source.uniform(0.1, 0.3)
    change, factor = source.randrange(YEAR // 2, LENGTH), 3.0 ** source.uniform(-1, 1)
    for week in range(LENGTH + AHEAD):
        yield source.gauss(level, noise * level) * (factor if week >= change else 1.0)


def walk(source: random.Random) -> Iterator[float]:
    """Random walk: of what comes nobody can say more than what was last."""
    level = source.uniform(50, 300)
    step = 0.05 * level
    while True:
        yield level
        level = max(0.0, level + source.gauss(0.0, step))


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


def campaigns(source: random.Random) -> Iterator[float]:
    """Sold for some weeks on end, then not for some."""
    size, change, running = source.uniform(5, 50), source.uniform(0.05, 0.2), True
    while True:
        yield source.gauss(size, 0.2 * size) if running else 0.0
        running = running != (source.random() < change)


def new(source: random.Random) -> Iterator[float]:
    """Launched in the second year; demand comes up to its level over some weeks."""
    level, noise = source.uniform(20, 400), source.uniform(0.1, 0.3)
    launch, delay = source.randrange(YEAR, LENGTH - 3), source.uniform(0.5, 8.0)
    for week in range(LENGTH + AHEAD):
        reached = level * (1.0 - math.exp(-(week - launch + 1) / delay)) if week >= launch else 0.0
        yield source.gauss(reached, noise * reached)


def ending(source: random.Random) -> Iterator[float]:
    """Sold now and then, and less and less often."""
    share, size, fade = source.uniform(0.4, 0.8), source.uniform(2, 20), source.uniform(0.95, 0.98)
    while True:
        yield source.gauss(size, 0.3 * size) if source.random() < share else 0.0
        share *= fade


def stopping(source: random.Random) -> Iterator[float]:
    """Sold every week, until it is not sold any more: a quarter of the items before the forecast is made."""
    level, end = source.uniform(20, 400), source.randrange(YEAR, 5 * YEAR)
    for week in range(LENGTH + AHEAD):
        yield source.gauss(level, 0.2 * level) if week < end else 0.0


CLASSES: dict[str, Callable[[random.Random], Iterator[float]]] = {
    make.__name__: make
    for make in (
        smooth,
        trend,
        shifting,
        stepping,
        walk,
        seasonal,
        erratic,
        intermittent,
        lumpy,
        campaigns,
        new,
        ending,
        stopping,
    )
}


def generate(name: str, count: int, seed: int) -> list[list[float]]:
    """Make series of a class.

    :return: rows of LENGTH weeks of history and AHEAD of what came
    """
    source = random.Random(f"{name} {seed}")
    rows = []
    for _number in range(count):
        supply = CLASSES[name](source)
        rows.append([max(0.0, round(next(supply), 2)) for _week in range(LENGTH + AHEAD)])
    return rows
