"""Forecasting models as recurrences over columns (see `backend`): start, take in a bucket, project.

A bucket that is not usable (the item was out of stock, or not sold yet) moves no level: the model goes on as if
it had been forecast exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

Column = Any
State = tuple
Parameters = tuple

# what the first level is the mean of
START_BUCKETS = 4


class Model:
    """A recurrence with parameters from a grid.

    :cvar name: what people read
    :cvar grid: parameter tuples that are tried
    :cvar flat: whether every bucket ahead gets the same forecast
    """

    name = ""
    grid: Sequence[Parameters] = ()
    flat = True

    def start(self, xp, demand: Sequence[Column], usable: Sequence[Column]) -> State:
        """Return the state before the first bucket."""
        raise NotImplementedError

    def step(self, xp, state: State, value: Column, usable: Column, parameters: Parameters) -> State:
        """Return the state after a bucket with demand `value`."""
        raise NotImplementedError

    def project(self, xp, state: State, ahead: int, parameters: Parameters) -> Column:
        """Return the forecast for the bucket `ahead` (1 is the next one), not below zero."""
        raise NotImplementedError

    def learn(self, xp, state: State, value: Column, usable: Column, parameters: Parameters):
        """Return the state after a bucket, and the error of the forecast for it: what tuning needs."""
        error = xp.where(usable, value - self.project(xp, state, 1, parameters), 0.0)
        return self.step(xp, state, value, usable, parameters), error


class LastValue(Model):
    """The naive forecast: what was sold last is sold again."""

    name = "last value"
    grid = ((),)

    def start(self, xp, demand, usable):
        return (first_mean(xp, demand, usable),)

    def step(self, xp, state, value, usable, parameters):
        return (xp.where(usable, value, state[0]),)

    def project(self, xp, state, ahead, parameters):
        return state[0]


class SimpleExponential(Model):
    """Single exponential smoothing (Brown 1959)."""

    name = "exponential smoothing"
    grid = tuple((alpha,) for alpha in (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0))

    def start(self, xp, demand, usable):
        return (first_mean(xp, demand, usable),)

    def step(self, xp, state, value, usable, parameters):
        (level,), (alpha,) = state, parameters
        return (level + xp.where(usable, alpha * (value - level), 0.0),)

    def project(self, xp, state, ahead, parameters):
        return xp.maximum(state[0], 0.0)


class DampedTrend(Model):
    """Holt's linear trend, damped (Gardner, McKenzie 1985), in error-correction form."""

    name = "damped trend"
    grid = tuple(
        itertools.product(
            (0.05, 0.1, 0.2, 0.3, 0.5, 0.8), (0.01, 0.05, 0.1, 0.2), (0.8, 0.85, 0.9, 0.94, 0.97, 0.99)
        )
    )
    flat = False

    def start(self, xp, demand, usable):
        level = first_mean(xp, demand, usable)
        return level, level * 0.0

    def step(self, xp, state, value, usable, parameters):
        return self.learn(xp, state, value, usable, parameters)[0]

    def learn(self, xp, state, value, usable, parameters):
        (level, trend), (alpha, beta, phi) = state, parameters
        damped = phi * trend
        forecast = level + damped
        # a flag times a number costs a third of a choice between two, and this is the innermost loop
        error = usable * (value - forecast)
        correction = alpha * error
        return (forecast + correction, damped + beta * correction), error

    def project(self, xp, state, ahead, parameters):
        (level, trend), phi = state, parameters[2]
        if ahead == 1:
            return xp.maximum(level + phi * trend, 0.0)
        # phi is below 1 throughout the grid
        return xp.maximum(level + trend * (phi * (1.0 - phi**ahead) / (1.0 - phi)), 0.0)


class Theta(Model):
    """The theta method in the form of Hyndman and Billah (2003): smoothing with half the slope as drift."""

    name = "theta"
    grid = SimpleExponential.grid
    flat = False

    def start(self, xp, demand, usable):
        level = first_mean(xp, demand, usable)
        zero = level * 0.0
        # level, and how many buckets it lags behind a slope; then the regression so far: number, sums of time, demand,
        # time squared, time times demand
        return level, zero, zero, zero, zero, zero, zero, 0

    def step(self, xp, state, value, usable, parameters):
        level, lag, number, sum_t, sum_y, sum_tt, sum_ty, time = state
        alpha = parameters[0]
        time += 1
        one, known = xp.where(usable, 1.0, 0.0), xp.where(usable, value, 0.0)
        return (
            level + alpha * (xp.where(usable, value, level) - level),
            lag + one * (1.0 - alpha * lag),
            number + one,
            sum_t + time * one,
            sum_y + known,
            sum_tt + time * time * one,
            sum_ty + time * known,
            time,
        )

    def project(self, xp, state, ahead, parameters):
        level, lag, number, sum_t, sum_y, sum_tt, sum_ty, _time = state
        divisor = number * sum_tt - sum_t * sum_t
        slope = xp.where(divisor > 0.0, (number * sum_ty - sum_t * sum_y) / xp.maximum(divisor, 1e-12), 0.0)
        return xp.maximum(level + 0.5 * slope * (ahead - 1.0 + lag), 0.0)


class MovingAverage(Model):
    """Mean of the last buckets."""

    name = "moving average"
    grid = ((13,), (26,), (52,))

    def start(self, xp, demand, usable):
        return ()

    def step(self, xp, state, value, usable, parameters):
        length = parameters[0]
        counted, flag = xp.where(usable, value, 0.0), xp.where(usable, 1.0, 0.0)
        if not state:
            return counted, flag, (counted,), (flag,)
        total, number, values, flags = state
        total, number = total + counted, number + flag
        if len(values) == length:
            total, number = total - values[0], number - flags[0]
            values, flags = values[1:], flags[1:]
        return total, number, (*values, counted), (*flags, flag)

    def project(self, xp, state, ahead, parameters):
        # what was added and taken away again leaves a rest of rounding
        return xp.maximum(state[0] / xp.maximum(state[1], 1.0), 0.0)


class TeunterSyntetosBabai(Model):
    """Probability of demand and its size, each smoothed (Teunter, Syntetos, Babai 2011): fades when demand ends."""

    name = "TSB"
    grid = tuple(itertools.product((0.05, 0.1, 0.2), (0.02, 0.05, 0.1)))

    def start(self, xp, demand, usable):
        probability, size, _interval = first_demands(xp, demand, usable)
        return probability, size

    def step(self, xp, state, value, usable, parameters):
        (probability, size), (alpha, beta) = state, parameters
        sold = value > 0.0
        target = xp.where(sold, 1.0, 0.0)
        return (
            probability + xp.where(usable, beta * (target - probability), 0.0),
            size + xp.where(usable & sold, alpha * (value - size), 0.0),
        )

    def project(self, xp, state, ahead, parameters):
        return xp.maximum(state[0] * state[1], 0.0)


class SyntetosBoylan(Model):
    """Croston's size over interval without its bias (Syntetos, Boylan 2005): (1 - alpha / 2) z / p."""

    name = "SBA"
    grid = ((0.05,), (0.1,), (0.2,))

    def start(self, xp, demand, usable):
        _probability, size, interval = first_demands(xp, demand, usable)
        return size, interval, size * 0.0 + 1.0

    def step(self, xp, state, value, usable, parameters):
        (size, interval, since), alpha = state, parameters[0]
        sold = usable & (value > 0.0)
        return (
            size + xp.where(sold, alpha * (value - size), 0.0),
            interval + xp.where(sold, alpha * (since - interval), 0.0),
            xp.where(sold, 1.0, since + xp.where(usable, 1.0, 0.0)),
        )

    def project(self, xp, state, ahead, parameters):
        return xp.maximum((1.0 - parameters[0] / 2.0) * state[0] / xp.maximum(state[1], 1.0), 0.0)


class Aggregated(Model):
    """ADIDA (Nikolopoulos et al. 2011): blocks as long as the mean interval, smoothed, spread over their buckets."""

    name = "ADIDA"
    grid = ((0.1,), (0.2,), (0.3,))

    def start(self, xp, demand, usable):
        probability, size, interval = first_demands(xp, demand, usable)
        # rounded up without a function that plain numbers lack
        block = interval - interval % 1.0 + xp.where(interval % 1.0 > 0.0, 1.0, 0.0)
        return probability * size * block, block, size * 0.0, size * 0.0

    def step(self, xp, state, value, usable, parameters):
        level, block, total, number = state
        total = total + xp.where(usable, value, 0.0)
        number = number + xp.where(usable, 1.0, 0.0)
        full = number >= block
        level = level + xp.where(full, parameters[0] * (total - level), 0.0)
        return level, block, xp.where(full, 0.0, total), xp.where(full, 0.0, number)

    def project(self, xp, state, ahead, parameters):
        return xp.maximum(state[0] / state[1], 0.0)


class MarkovChain(Model):
    """Size of a demand times its chance, which depends on whether the bucket before had one (Willemain et al. 2004).

    The chances are shares of what followed so far, half a bucket each way being known before (Jeffreys' prior).
    Parameters: smoothing of the size, and how much a bucket counts against the one after it.
    """

    name = "Markov chain"
    grid = ((0.1, 0.98),)
    flat = False

    def start(self, xp, demand, usable):
        _probability, size, _interval = first_demands(xp, demand, usable)
        zero = size * 0.0
        # size, whether sold last; then buckets after one without demand and those of them with it, buckets after one
        # with demand and those of them with it
        return size, zero, zero, zero, zero, zero

    def step(self, xp, state, value, usable, parameters):
        size, last, without, started, within, lasted = state
        alpha, keep = parameters
        counts, sold = xp.where(usable, 1.0, 0.0), xp.where(usable & (value > 0.0), 1.0, 0.0)
        return (
            size + alpha * sold * (value - size),
            xp.where(usable, sold, last),
            keep * without + counts * (1.0 - last),
            keep * started + sold * (1.0 - last),
            keep * within + counts * last,
            keep * lasted + sold * last,
        )

    def project(self, xp, state, ahead, parameters):
        size, last, without, started, within, lasted = state
        start, stay = (started + 0.5) / (without + 1.0), (lasted + 0.5) / (within + 1.0)
        share = start / (1.0 - stay + start)
        return xp.maximum(size * (share + (last - share) * (stay - start) ** ahead), 0.0)


def first_mean(xp, demand: Sequence[Column], usable: Sequence[Column]) -> Column:
    """Mean of the first usable buckets, START_BUCKETS of them at most."""
    total = number = xp.where(usable[0], 0.0, 0.0)
    for value, counts in zip(demand, usable):
        counts = counts & (number < START_BUCKETS)
        total = total + xp.where(counts, value, 0.0)
        number = number + xp.where(counts, 1.0, 0.0)
    return total / xp.maximum(number, 1.0)


def first_demands(xp, demand: Sequence[Column], usable: Sequence[Column]) -> tuple[Column, Column, Column]:
    """What intermittent models start from, over all that is given.

    :return: share of buckets with demand, mean size of a demand, mean interval in buckets (1 at least)
    """
    buckets = demands = total = xp.where(usable[0], 0.0, 0.0)
    for value, counts in zip(demand, usable):
        buckets = buckets + xp.where(counts, 1.0, 0.0)
        demands = demands + xp.where(counts & (value > 0.0), 1.0, 0.0)
        total = total + xp.where(counts, value, 0.0)
    share = demands / xp.maximum(buckets, 1.0)
    return share, total / xp.maximum(demands, 1.0), xp.maximum(buckets / xp.maximum(demands, 1.0), 1.0)


def run(
    xp, model: Model, demand: Sequence[Column], usable: Sequence[Column], parameters: Parameters
) -> list[State]:
    """Take in all buckets.

    :return: the state after each bucket
    """
    state = model.start(xp, demand, usable)
    states = []
    for value, counts in zip(demand, usable):
        state = model.step(xp, state, value, counts, parameters)
        states.append(state)
    return states


def fit(xp, model: Model, demand: Sequence[Column], usable: Sequence[Column]) -> Parameters:
    """Parameters of each series with the least squared error one bucket ahead.

    :return: tuple of columns
    """
    if xp.can_widen(demand[0], len(model.grid)):
        return _fit_at_once(xp, model, demand, usable)
    start = model.start(xp, demand, usable)
    least, chosen = None, None
    for parameters in model.grid:
        error = squared_error(xp, model, demand, usable, parameters, start)
        if least is None:
            least = error
            chosen = tuple(xp.constant(error, value) for value in parameters)
            continue
        better = error < least
        least = xp.where(better, error, least)
        chosen = tuple(xp.where(better, new, old) for new, old in zip(parameters, chosen))
    return chosen


def _fit_at_once(xp, model, demand, usable):
    """Try all parameters of a few series in one pass, as if each were a series of its own."""
    times, count = len(model.grid), demand[0].size
    demand, usable = ([xp.widen(column, times) for column in columns] for columns in (demand, usable))
    parameters = tuple(xp.spread(values, count) for values in zip(*model.grid))
    error = squared_error(xp, model, demand, usable, parameters, model.start(xp, demand, usable))
    chosen = xp.least(error, times)
    return tuple(xp.pick(values, chosen) for values in zip(*model.grid))


def squared_error(
    xp,
    model: Model,
    demand: Sequence[Column],
    usable: Sequence[Column],
    parameters: Parameters,
    state: State,
) -> Column:
    """Sum of the squared errors one bucket ahead, without those of the buckets that the start is taken from.

    :param state: that before the first bucket
    """
    warm_up = min(START_BUCKETS, len(demand) // 2)
    total = 0.0
    for index, (value, counts) in enumerate(zip(demand, usable)):
        state, error = model.learn(xp, state, value, counts, parameters)
        if index >= warm_up:
            total = total + error * error
    return total
