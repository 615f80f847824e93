"""How good forecasts were: error, bias, and what a forecast adds to having none.

Forecast and actual are compared at one fixed lag: what was said that many buckets before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import dropwhile, pairwise

# a tracking signal from here on says that the forecast is no longer centred
ALARM = 4.0


@dataclass
class Accuracy:
    """Sums over pairs of forecast and actual, so that figures of groups add up.

    :ivar count: pairs
    :ivar actual: sum of actuals
    :ivar error: sum of forecast less actual
    :ivar absolute: sum of absolute errors
    :ivar naive: sum of absolute errors of the naive forecast
    :ivar scale: sum of absolute one-bucket naive errors in the history before, for MASE
    :ivar square: sum of squared errors, each over the mean squared one-bucket naive error in the history before
    :ivar naive_square: the same of the naive forecast
    """

    count: int = 0
    actual: float = 0.0
    error: float = 0.0
    absolute: float = 0.0
    naive: float = 0.0
    scale: float = 0.0
    square: float = 0.0
    naive_square: float = 0.0

    def add(
        self,
        forecast: float,
        actual: float,
        naive: float | None = None,
        scale: float = 0.0,
        square_scale: float = 0.0,
    ) -> None:
        """Take in one pair.

        :param naive: what the naive forecast of the same lag said
        :param scale: mean absolute one-bucket naive error of the item's history, see `naive_scale`
        :param square_scale: mean squared one-bucket naive error of the same
        """
        self.count += 1
        self.actual += actual
        self.error += forecast - actual
        self.absolute += abs(forecast - actual)
        self.naive += abs(naive - actual) if naive is not None else 0.0
        self.scale += scale
        if naive is not None and square_scale > 0.0:
            self.square += (forecast - actual) ** 2 / square_scale
            self.naive_square += (naive - actual) ** 2 / square_scale

    def merge(self, other: Accuracy) -> None:
        """Take in the pairs of another group."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    @property
    def wape(self) -> float | None:
        """Weighted absolute percentage error, sum |e| / sum a; None without sales."""
        return self.absolute / self.actual if self.actual > 0.0 else None

    @property
    def bias(self) -> float | None:
        """Sum (f - a) / sum a: above zero, too much was forecast; None without sales."""
        return self.error / self.actual if self.actual > 0.0 else None

    @property
    def mase(self) -> float | None:
        """Mean absolute scaled error (Hyndman, Koehler 2006); None for a history that never changed."""
        return self.absolute / self.scale if self.scale > 0.0 else None

    @property
    def tracking_signal(self) -> float:
        """Running sum of errors over the mean absolute deviation; beyond +-4 the forecast is off centre."""
        return self.error * self.count / self.absolute if self.absolute > 0.0 else 0.0

    @property
    def off_centre(self) -> bool:
        """Whether the tracking signal raises an alarm."""
        return abs(self.tracking_signal) > ALARM

    @property
    def value_added(self) -> float | None:
        """How much less the root mean squared scaled error is than that of naive: below zero, the forecast does harm.

        Squares are least for the mean, which is what stock is planned for; of items that seldom sell, absolute errors
        of single buckets are least for a forecast of nothing. Scaled, large items do not outweigh the others, as in M5
        (Makridakis et al. 2022).
        """
        return 1.0 - (self.square / self.naive_square) ** 0.5 if self.naive_square > 0.0 else None


def naive_scale(history: Sequence[float], power: int = 1) -> float:
    """Mean absolute change from one bucket to the next, or that of its powers, since the first sale.

    Before an item is sold naive makes no error: counted, those buckets would let what is new outweigh all else.
    """
    sold = list(dropwhile(lambda value: value <= 0.0, history))
    changes = [abs(after - before) ** power for before, after in pairwise(sold)]
    return sum(changes) / len(changes) if changes else 0.0


def measure(pairs: Iterable[tuple[float, float]]) -> Accuracy:
    """Accuracy of (forecast, actual) pairs."""
    found = Accuracy()
    for forecast, actual in pairs:
        found.add(forecast, actual)
    return found
