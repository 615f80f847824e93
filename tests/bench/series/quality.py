"""How good forecasts are, against the naive one: what was sold last is sold again.

What is compared is the demand over the lead time, which is what is ordered for: the sum of errors of single weeks
would be least for a forecast of nothing where most weeks have no sale. Errors are scaled by the mean demand of each
series since its first sale and squared, as in M5: absolute ones would be least for the median, which is no sale at all
as well.
"""

from collections.abc import Sequence


def first_sale(demand: Sequence[float]) -> int:
    """Return the index of the first bucket with demand: before it there is no history."""
    return next(index for index, value in enumerate(demand) if value > 0.0)


class Quality:
    """What came of the forecasts of a class.

    :param lead_time: buckets over which errors are added up
    """

    def __init__(self, lead_time: int) -> None:
        self.lead_time = lead_time
        self.count = 0
        self.square = self.naive_square = self.absolute = self.naive_absolute = self.inside = 0.0
        self.error = self.sold = 0.0

    def add(self, history: Sequence[float], actual: Sequence[float], forecast) -> None:
        """Count a forecast in.

        :param history: demand before the forecast
        :param actual: demand of the buckets after it, the lead time at least
        :param forecast: lib.planner.Forecast
        """
        buckets = actual[: self.lead_time]
        total = sum(buckets)
        scale = self.lead_time * sum(history) / (len(history) - first_sale(history))
        error = sum(forecast.values[: self.lead_time]) - total
        naive = history[-1] * self.lead_time - total
        low, high = forecast.quantiles[0.05], forecast.quantiles[0.95]
        self.count += 1
        self.square += (error / scale) ** 2
        self.naive_square += (naive / scale) ** 2
        self.absolute += abs(error / scale)
        self.naive_absolute += abs(naive / scale)
        self.error += error / scale
        self.sold += total / scale
        self.inside += sum(low[step] <= value <= high[step] for step, value in enumerate(buckets)) / len(
            buckets
        )

    @property
    def ratio(self) -> float:
        """Root of the mean squared scaled error over that of naive."""
        return (self.square / self.naive_square) ** 0.5

    @property
    def absolute_ratio(self) -> float:
        """Mean absolute scaled error over that of naive."""
        return self.absolute / self.naive_absolute

    @property
    def bias(self) -> float:
        """Share of the demand by which too much was forecast."""
        return self.error / self.sold

    @property
    def coverage(self) -> float:
        """Share of the buckets that fell between the quantiles of 5 % and 95 %."""
        return self.inside / self.count
