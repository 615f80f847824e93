"""The arithmetic that one implementation of the models needs, for many series at once and for one.

The models are written over *columns*: one value per bucket, which is an array over all series of a batch with
numpy, and a plain number without. So the same code is the fast path and the fallback.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

try:
    import numpy
except ImportError:  # the fallback is slower by two orders of magnitude, not less exact
    numpy = None

Column = Any
# up to this many elements, what is done with an array costs about as much as with one of a few
WIDEST = 2048


class NumpyBackend:
    """Columns are arrays of floats or booleans, one element per series."""

    def __init__(self) -> None:
        self.where = numpy.where
        self.maximum = numpy.maximum
        self.minimum = numpy.minimum
        self.absolute = numpy.absolute
        self.sqrt = numpy.sqrt
        self.logical_not = numpy.logical_not

    def columns(self, rows: Sequence[Sequence[float]]) -> list[Column]:
        """Turn series (one row each, all of one length) into columns."""
        return list(numpy.ascontiguousarray(numpy.asarray(rows, dtype=float).T))

    def flags(self, rows: Sequence[Sequence[bool]]) -> list[Column]:
        """Turn rows of booleans into columns."""
        return list(numpy.ascontiguousarray(numpy.asarray(rows, dtype=bool).T))

    def rows(self, columns: Sequence[Column]) -> list[list[float]]:
        """Turn columns back into one list per series."""
        return numpy.asarray(columns).T.tolist()

    def values(self, column: Column) -> list[float]:
        """Return one Python number per series."""
        return column.tolist()

    def constant(self, like: Column, value: float) -> Column:
        """Return a column of one value."""
        return numpy.full(like.shape, value)

    def can_widen(self, like: Column, times: int) -> bool:
        """Tell whether columns that many times as long are still no slower than short ones."""
        return like.size * times <= WIDEST

    def widen(self, column: Column, times: int) -> Column:
        """Return the series of a column that many times, one after another."""
        return numpy.tile(column, times)

    def spread(self, values: Sequence[float], count: int) -> Column:
        """Return each value for that many series, one after another: what `widen` repeats gets one value each time."""
        return numpy.repeat(numpy.asarray(values, dtype=float), count)

    def least(self, column: Column, times: int) -> Column:
        """Return for each series which of its values in a column made by `widen` is the least; the first of equals."""
        return column.reshape(times, -1).argmin(axis=0)

    def pick(self, values: Sequence[float], positions: Column) -> Column:
        """Return the values at positions."""
        return numpy.asarray(values, dtype=float)[positions]

    def quantiles(
        self, columns: Sequence[Column], usable: Sequence[Column], levels: Sequence[float]
    ) -> list[Column]:
        """Empirical quantiles over the buckets where `usable` is set, linear between order statistics.

        The k-th of n values stands at k / (n + 1) (Weibull): that share of what comes next is below it.

        :return: one column per level; 0 where nothing is usable
        """
        data = numpy.where(numpy.asarray(usable), numpy.asarray(columns), numpy.inf)
        data.sort(axis=0)
        last = numpy.maximum(numpy.asarray(usable).sum(axis=0) - 1, 0)
        series = numpy.arange(data.shape[1])
        found = []
        for level in levels:
            position = numpy.clip(level * (last + 2) - 1.0, 0, last)
            below = numpy.floor(position).astype(int)
            above = numpy.minimum(below + 1, last)
            low, high = data[below, series], data[above, series]
            known = numpy.isfinite(low)
            low, high = numpy.where(known, low, 0.0), numpy.where(known, high, 0.0)
            found.append(low + (position - below) * (high - low))
        return found


class PlainBackend:
    """Columns are plain numbers: a batch holds one series."""

    @staticmethod
    def where(condition: bool, yes: float, no: float) -> float:
        return yes if condition else no

    @staticmethod
    def logical_not(value: bool) -> bool:
        return not value

    @staticmethod
    def can_widen(like: float, times: int) -> bool:
        return False

    maximum = staticmethod(max)
    minimum = staticmethod(min)
    absolute = staticmethod(abs)
    sqrt = staticmethod(math.sqrt)

    def columns(self, rows: Sequence[Sequence[float]]) -> list[Column]:
        """Return the values of the only row."""
        return [float(value) for value in rows[0]]

    def flags(self, rows: Sequence[Sequence[bool]]) -> list[Column]:
        """Return the booleans of the only row."""
        return [bool(value) for value in rows[0]]

    def rows(self, columns: Sequence[Column]) -> list[list[float]]:
        """Return the values as the only row."""
        return [list(columns)]

    def values(self, column: Column) -> list[float]:
        """Return the value as a list of one."""
        return [column]

    def constant(self, like: Column, value: float) -> Column:
        """Return the value."""
        return value

    def quantiles(
        self, columns: Sequence[Column], usable: Sequence[Column], levels: Sequence[float]
    ) -> list[Column]:
        """See NumpyBackend."""
        data = sorted(value for value, counts in zip(columns, usable) if counts)
        if not data:
            return [0.0 for _level in levels]
        found = []
        for level in levels:
            position = min(max(level * (len(data) + 1) - 1.0, 0.0), len(data) - 1.0)
            below = math.floor(position)
            above = min(below + 1, len(data) - 1)
            found.append(data[below] + (position - below) * (data[above] - data[below]))
        return found


def batches(count: int, plain: bool = False, size: int = 4096) -> list[tuple[Any, slice]]:
    """How to cut a number of series into batches.

    :param plain: compute without numpy even where it is installed
    :param size: series in a batch with numpy; columns of this size stay in the processor's cache
    :return: list of (backend, slice of series)
    """
    if plain or numpy is None:
        return [(PlainBackend(), slice(index, index + 1)) for index in range(count)]
    backend = NumpyBackend()
    return [(backend, slice(start, min(start + size, count))) for start in range(0, count, size)]
