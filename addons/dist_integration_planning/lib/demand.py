"""From what was sold to what was wanted: the history that forecasts are made of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

# from this share of days out of stock on, a bucket says nothing about demand
UNRELIABLE_SHARE = 0.7


@dataclass
class History:
    """Demand of one item at one place, a value per bucket, the oldest first.

    :ivar gross: what was ordered to be delivered, returns not considered
    :ivar returned: what came back of it, in the bucket of the sale it belongs to
    :ivar stock_out: share of the bucket's days without stock, 0 to 1
    :ivar first_bucket: index from which on the item was sold; buckets before it are not usable
    :ivar last_bucket: index of the last bucket in which it is sold; None while it goes on
    """

    gross: Sequence[float]
    returned: Sequence[float] = ()
    stock_out: Sequence[float] = ()
    first_bucket: int = 0
    last_bucket: int | None = None

    @cached_property
    def net(self) -> list[float]:
        """Demand less returns, never below zero: more may come back than was sold in the window."""
        returned = self.returned or (0.0,) * len(self.gross)
        return [max(0.0, sold - back) for sold, back in zip(self.gross, returned, strict=True)]

    @cached_property
    def usable(self) -> list[bool]:
        """Whether each bucket tells something about demand."""
        stock_out = self.stock_out or (0.0,) * len(self.gross)
        return [
            index >= self.first_bucket
            and (self.last_bucket is None or index <= self.last_bucket)
            and share < UNRELIABLE_SHARE
            for index, share in enumerate(stock_out)
        ]

    @cached_property
    def known(self) -> list[float]:
        """Demand of the usable buckets."""
        return [value for value, counts in zip(self.net, self.usable) if counts]


def supersede(old: History, new: History, factor: float = 1.0) -> History:
    """History of an item that took another's place: the old item's demand counts as its own.

    :param factor: how many of the new item one of the old stands for
    :return: the history the new item is forecast from
    """
    if len(old.gross) != len(new.gross):
        raise ValueError("The two histories have not the same buckets.")
    switch = new.first_bucket
    gross = [before * factor + after for before, after in zip(old.net, new.net)]
    old_share = old.stock_out or (0.0,) * len(gross)
    new_share = new.stock_out or (0.0,) * len(gross)
    stock_out = [*old_share[:switch], *new_share[switch:]]
    return History(gross, stock_out=stock_out, first_bucket=min(old.first_bucket, switch))


@dataclass(frozen=True)
class Pattern:
    """How demand comes.

    :ivar interval: mean number of buckets from one demand to the next (ADI)
    :ivar variation: squared coefficient of variation of the sizes of demands (CV2)
    :ivar kind: ``smooth``, ``erratic``, ``intermittent``, ``lumpy``, or ``none`` without any demand
    """

    interval: float
    variation: float
    kind: str


# Syntetos, Boylan, Croston (2005)
INTERMITTENT_INTERVAL = 1.32
ERRATIC_VARIATION = 0.49


def classify(demand: Sequence[float], usable: Sequence[bool]) -> Pattern:
    """Pattern of a history, over its usable buckets."""
    known = [value for value, counts in zip(demand, usable) if counts]
    sizes = [value for value in known if value > 0.0]
    if not sizes:
        return Pattern(float(len(known) or 1), 0.0, "none")
    mean = sum(sizes) / len(sizes)
    variation = sum((size / mean - 1.0) ** 2 for size in sizes) / len(sizes)
    interval = len(known) / len(sizes)
    steady = variation < ERRATIC_VARIATION
    if interval < INTERMITTENT_INTERVAL:
        return Pattern(interval, variation, "smooth" if steady else "erratic")
    return Pattern(interval, variation, "intermittent" if steady else "lumpy")


# shorter gaps may be holidays
LEAST_GAP = 3
# how seldom a gap as long as the last one is to come by chance
STOPPED_CHANCE = 0.001


def has_stopped(demand: Sequence[float]) -> bool:
    """Whether demand has ended: if it went on, the last gap would hardly be as long, and none before it was.

    Buckets with demand come by chance with a constant share (Croston 1972), of which nothing was known before (Bayes'
    uniform prior, as in Laplace's rule of succession): n of m buckets up to the last demand had some, so the next has
    none with a chance of (m - n + 1) / (m + 2), and so on.

    :param demand: that of the usable buckets
    """
    gaps, gap = [], 0
    for value in demand:
        if value > 0.0:
            gaps.append(gap)
            gap = 0
        else:
            gap += 1
    if gap < LEAST_GAP or gap <= max(gaps, default=0):
        return False
    known = len(demand) - gap
    chance = 1.0
    for empty in range(gap):
        chance *= (known - len(gaps) + 1 + empty) / (known + 2 + empty)
    return chance < STOPPED_CHANCE


def has_runs(demand: Sequence[float]) -> bool:
    """Whether buckets with demand follow on each other more often than by chance.

    That the chance of a demand depends on the bucket before is held against that it does not, by the ratio of their
    likelihoods (Anderson, Goodman 1957). It has one parameter more and is to gain twice the penalty of Schwarz (1978)
    for that: demand that becomes seldom looks a little like runs as well.

    :param demand: that of the usable buckets
    """
    followed = [[0, 0], [0, 0]]
    for before, after in itertools.pairwise(demand):
        followed[before > 0.0][after > 0.0] += 1
    (none, started), (ended, lasted) = followed
    if lasted * none <= started * ended:
        return False
    total, gain = len(demand) - 1, 0.0
    for row in followed:
        for after, count in enumerate(row):
            expected = sum(row) * (followed[0][after] + followed[1][after]) / total
            gain += 2.0 * count * math.log(count / expected) if count else 0.0
    return gain > 2.0 * math.log(total)


def abc(values: Sequence[float], limits: Sequence[float] = (0.8, 0.95)) -> list[str]:
    """Class of each item by its share of the whole value: A up to 80 %, B up to 95 %, C the rest.

    The item that crosses a limit still belongs to the class above it.
    """
    total = sum(values)
    classes = ["C"] * len(values)
    running = 0.0
    for index in sorted(range(len(values)), key=lambda index: -values[index]):
        if total > 0.0 and values[index] > 0.0:
            share = running / total
            classes[index] = "A" if share < limits[0] else "B" if share < limits[1] else "C"
            running += values[index]
    return classes


def xyz(variations: Sequence[float], limits: Sequence[float] = (0.5, 1.0)) -> list[str]:
    """Class of each item by the coefficient of variation of its demand: X below .5, Y below 1, Z the rest."""
    return ["X" if value < limits[0] else "Y" if value < limits[1] else "Z" for value in variations]
