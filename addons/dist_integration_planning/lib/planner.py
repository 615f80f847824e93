"""Forecasts of many series: which model, how good it was, what comes, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist

from .backend import batches
from .demand import History, Pattern, classify, has_runs, has_stopped
from .models import (
    START_BUCKETS,
    Aggregated,
    DampedTrend,
    LastValue,
    MarkovChain,
    MovingAverage,
    SimpleExponential,
    SyntetosBoylan,
    TeunterSyntetosBabai,
    Theta,
    fit,
    run,
    squared_error,
)
from .seasonality import seasonal_indices

INTERMITTENT = (MovingAverage(), TeunterSyntetosBabai(), SyntetosBoylan(), Aggregated())
RUNS = (MarkovChain(), LastValue())
SMOOTH = (SimpleExponential(), DampedTrend(), Theta())
# what is said of a forecast by these
NOTES = {LastValue.name: ("last_value",), MarkovChain.name: ("runs",)}
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
# below this many buckets there is nothing to try a model on
SHORT = 12
# how much a bucket of such a history counts against the one after it: what is new mostly still grows
SHORT_MEMORY = 0.7
# how much of the other models' error a seasonal one may make to take their place
SEASONAL_MARGIN = 0.95
# what is kept of a raw seasonal index before it is worth trying
LEAST_SEASONALITY = 0.1
# the same of a random walk, two years of which are alike by chance more often than those of noise: of ten thousand none
# keeps as much, of items that sell mostly in a season 19 in 20 do
LEAST_SEASONALITY_OF_WALK = 0.93
# origins of a backtest below which the spread of errors is taken from a distribution
FEW_ORIGINS = 8
# how much a model's error counts against the one a bucket later, when intermittent ones are compared: of an item that
# is asked for less and less, what fitted two years ago is no longer right
RECENT = 0.99


@dataclass(frozen=True)
class Settings:
    """What is asked of a run.

    :ivar horizon: buckets to forecast
    :ivar lead_time: buckets over which errors are added up to compare models: lead time with review period
    :ivar season: buckets in a year
    :ivar test: buckets at the end of the history on which models are tried; a quarter of it at most
    :ivar levels: quantiles
    :ivar plain: compute without numpy even where it is installed
    """

    horizon: int = 13
    lead_time: int = 4
    season: int = 52
    test: int = 26
    levels: Sequence[float] = LEVELS
    plain: bool = False


@dataclass
class Forecast:
    """Forecast of one series.

    :ivar method: name of the model, for people
    :ivar parameters: its parameters
    :ivar values: one per bucket ahead
    :ivar quantiles: level to one value per bucket ahead
    :ivar lead_time_deviation: standard deviation of the error summed over the lead time
    :ivar error: mean absolute error over the lead time in the backtest; None when the history is too short
    :ivar bias: mean error over the lead time in the backtest, positive when too much was forecast
    :ivar naive_error: the same error of the naive forecast
    :ivar pattern: how demand comes
    :ivar seasonality: share of the raw seasonal index that was kept; 0 for none
    :ivar notes: codes of what was special: ``short``, ``ended``, ``stopped``, ``no_demand``, ``prior``, ``last_value``,
        ``runs``
    """

    method: str
    values: list[float]
    pattern: Pattern
    parameters: tuple[float, ...] = ()
    quantiles: dict[float, list[float]] = field(default_factory=dict)
    lead_time_deviation: float = 0.0
    error: float | None = None
    bias: float | None = None
    naive_error: float | None = None
    seasonality: float = 0.0
    notes: tuple[str, ...] = ()


def forecast(
    histories: Sequence[History], settings: Settings | None = None, priors: Sequence[float | None] = ()
) -> list[Forecast]:
    """Forecast series of the same number of buckets.

    Smooth and erratic demand: mean of simple smoothing, damped trend and theta; the naive forecast where that would
    have been better or demand moves as a random walk; a seasonal index where two seasons of history are there and it
    would have been better. Intermittent and lumpy demand: the model with the least error and bias over the lead time;
    a Markov chain and the naive forecast are those for demand that comes in runs (`demand.has_runs`). Nothing where
    demand has stopped (`demand.has_stopped`).

    :param priors: expected demand per bucket of items without enough history of their own, None for unknown
    :return: one Forecast a history, in the order given
    :raises ValueError: histories of different length
    """
    settings = settings or Settings()
    if len({len(history.gross) for history in histories}) > 1:
        raise ValueError("The histories have not all the same number of buckets.")
    priors = list(priors) or [None] * len(histories)
    results: list[Forecast | None] = [None] * len(histories)
    groups: dict[Callable, list[int]] = defaultdict(list)
    for index, (history, prior) in enumerate(zip(histories, priors, strict=True)):
        pattern = classify(history.net, history.usable)
        special = _forecast_special(history, pattern, prior, settings)
        if special:
            results[index] = special
        else:
            groups[_choose(history, pattern)].append(index)
            results[index] = Forecast("", [], pattern)
    for function, members in groups.items():
        for backend, part in batches(len(members), settings.plain):
            indices = members[part]
            batch = _Batch(backend, [histories[index] for index in indices], settings)
            for index, found in zip(indices, function(batch), strict=True):
                results[index] = replace(found, pattern=results[index].pattern)
    return [_ended(found, history, settings) for found, history in zip(results, histories)]


def _choose(history, pattern):
    """Which function forecasts what comes in a pattern."""
    if pattern.kind in ("smooth", "erratic"):
        return _forecast_smooth
    return _forecast_runs if has_runs(history.known) else _forecast_intermittent


def _forecast_special(history, pattern, prior, settings):
    """Forecast of what no model can be tried on; None for all else."""
    usable = history.known
    if len(usable) >= SHORT and pattern.kind != "none":
        return _forecast_stopped(pattern, settings) if has_stopped(usable) else None
    if prior is not None:
        # the expectation counts as much as SHORT buckets would
        mean = (sum(usable) + prior * (SHORT - min(len(usable), SHORT))) / max(len(usable), SHORT)
        return _flat("expectation and own demand", mean, usable, pattern, settings, ("prior",))
    if pattern.kind == "none":
        return _flat("no demand", 0.0, usable, pattern, settings, ("no_demand",))
    weights = [SHORT_MEMORY**age for age in reversed(range(len(usable)))]
    mean = sum(weight * value for weight, value in zip(weights, usable)) / sum(weights)
    return _flat("weighted mean", mean, usable, pattern, settings, ("short",))


def _forecast_stopped(pattern, settings):
    """Nothing, and with hardly a doubt: the chance that demand has not stopped is less than that of any quantile."""
    nothing = [0.0] * settings.horizon
    quantiles = {level: nothing for level in settings.levels}
    return Forecast("demand stopped", nothing, pattern, quantiles=quantiles, notes=("stopped",))


def _flat(method, mean, usable, pattern, settings, notes):
    """The same forecast for each bucket."""
    values = [mean] * settings.horizon
    bands, deviation = _spread_of_few(values, usable, settings)
    return Forecast(method, values, pattern, quantiles=bands, lead_time_deviation=deviation, notes=notes)


def _spread_of_few(values, usable, settings):
    """Spread where there are too few errors to take it from: that of the demand, at least a Poisson count's.

    :return: (quantiles, standard deviation over the lead time)
    """
    mean = sum(usable) / max(len(usable), 1)
    variance = sum((value - mean) ** 2 for value in usable) / max(len(usable) - 1, 1)
    deviation = max(variance, mean, sum(values) / len(values)) ** 0.5
    bands = {
        level: [max(0.0, value + NormalDist().inv_cdf(level) * deviation) for value in values]
        for level in settings.levels
    }
    return bands, deviation * settings.lead_time**0.5


def _ended(found, history, settings):
    """Nothing is forecast for buckets in which the item is no longer sold."""
    if history.last_bucket is None:
        return found
    left = max(0, history.last_bucket - len(history.gross) + 1)

    def cut(values):
        return [*values[:left], *[0.0] * (settings.horizon - left)]

    return replace(
        found,
        values=cut(found.values),
        quantiles={level: cut(values) for level, values in found.quantiles.items()},
        # what is not expected any more cannot be missed either
        lead_time_deviation=found.lead_time_deviation * min(1.0, left / settings.lead_time) ** 0.5,
        notes=(*found.notes, "ended"),
    )


class _Batch:
    """Series of one group as columns, and what is tried on them."""

    def __init__(self, backend, histories, settings):
        self.xp = backend
        self.settings = settings
        self.histories = histories
        self.demand = backend.columns([history.net for history in histories])
        self.usable = backend.flags([history.usable for history in histories])
        self.length = len(self.demand)
        self.lead_time = min(settings.lead_time, self.length // 4)
        # models are tried on the end of the history
        self.test = min(settings.test + self.lead_time, self.length // 2)
        self.train = self.length - self.test

    def part(self, members):
        """The batch of some of its series."""
        return _Batch(self.xp, [self.histories[index] for index in members], self.settings)

    def tune(self, model, known=None):
        """Parameters that fit the first `known` buckets; the whole history by default."""
        return fit(self.xp, model, self.demand[:known], self.usable[:known])

    def states(self, model, parameters):
        """States after each bucket."""
        return run(self.xp, model, self.demand, self.usable, parameters)


class _Candidate:
    """A way to forecast a batch, with its errors over the lead time at each origin of the test.

    :param members: list of (model, parameters, states); their mean is the forecast
    :param indices: seasonal indices by position, or None
    :param keep: how much an error counts against that of the origin after it
    """

    def __init__(self, batch, name, members, indices=None, origins=None, keep=1.0):
        self.batch = batch
        self.name = name
        self.members = members
        self.indices = indices
        self.origins = origins or range(batch.train - 1, batch.length - batch.lead_time)
        self.errors, self.counted = [], []
        for origin in self.origins:
            error, counts = self._error(origin)
            self.errors.append(error)
            self.counted.append(counts)
        self._summarise(keep)

    def project(self, origin, ahead):
        """Forecast made after bucket `origin` for the one `ahead` of it."""
        xp, total = self.batch.xp, 0.0
        for model, parameters, states in self.members:
            total = total + model.project(xp, states[origin], ahead, parameters)
        value = total / len(self.members)
        if self.indices:
            value = value * self.indices[(origin + ahead) % len(self.indices)]
        return value

    def _error(self, origin):
        """Forecast less demand over the usable buckets of the lead time, and whether there are any."""
        xp, batch = self.batch.xp, self.batch
        flat = not self.indices and all(model.flat for model, _parameters, _states in self.members)
        total = number = xp.where(batch.usable[0], 0.0, 0.0)
        value = self.project(origin, 1) if flat else None
        for ahead in range(1, batch.lead_time + 1):
            counts = batch.usable[origin + ahead]
            forecast = value if flat else self.project(origin, ahead)
            total = total + xp.where(counts, forecast - batch.demand[origin + ahead], 0.0)
            number = number + xp.where(counts, 1.0, 0.0)
        return total, number > 0.0

    def _summarise(self, keep):
        xp = self.batch.xp
        total = absolute = square = number = xp.where(self.batch.usable[0], 0.0, 0.0)
        for error, counts in zip(self.errors, self.counted):
            total = keep * total + error
            absolute = keep * absolute + xp.absolute(error)
            square = keep * square + error * error
            number = keep * number + xp.where(counts, 1.0, 0.0)
        self.number = number
        self.bias = total / xp.maximum(number, 1.0)
        self.error = absolute / xp.maximum(number, 1.0)
        self.deviation = xp.sqrt(square / xp.maximum(number, 1.0))
        # squares: what is least for the mean is what stock is planned for, absolute errors are least for the median
        self.score = self.deviation + xp.absolute(self.bias)

    def spread(self, levels):
        """Quantiles of the error of each bucket ahead.

        :return: list over buckets ahead of lists of columns, one per level
        """
        batch, found = self.batch, []
        for ahead in range(1, batch.settings.horizon + 1):
            # further ahead than the test is long, errors are those of its end
            reach = min(ahead, batch.test // 2)
            errors, counted = [], []
            for origin in range(batch.train - 1, batch.length - reach):
                counts = batch.usable[origin + reach]
                errors.append(batch.demand[origin + reach] - self.project(origin, reach))
                counted.append(counts)
            found.append(batch.xp.quantiles(errors, counted, levels))
        return found


def _combination(batch, indices=None, known=None):
    """Mean of the smooth models, on demand without its season when indices are given.

    Their few parameters are tuned on the whole history: after a change of level, what fitted before it is no longer
    right. Seasonal indices are as many as a year has buckets, and are tried with what was `known` before.
    """
    source = batch
    if indices:
        source = _Batch(batch.xp, batch.histories, batch.settings)
        source.demand = [value / indices[index % len(indices)] for index, value in enumerate(batch.demand)]
    members = []
    for model in SMOOTH:
        parameters = source.tune(model, known)
        members.append((model, parameters, source.states(model, parameters)))
    name = "seasonal smoothing with trend" if indices else "smoothing with trend"
    return _Candidate(batch, name, members, indices)


def _naive(batch):
    model = LastValue()
    return _Candidate(batch, model.name, [(model, (), batch.states(model, ()))])


def _forecast_smooth(batch):
    """The mean of the smooth models, or the last value; a seasonal forecast where that was clearly better."""
    usual, naive = _combination(batch), _naive(batch)
    chosen = _results(batch, usual, naive)
    scores, naive_scores = batch.xp.values(usual.deviation), batch.xp.values(naive.deviation)
    walks = batch.xp.values(_is_walk(batch, usual))
    last = [index for index, walk in enumerate(walks) if walk or naive_scores[index] < scores[index]]
    if last:
        part = batch.part(last)
        naive = _naive(part)
        for index, found in zip(last, _results(part, naive, naive)):
            chosen[index] = found
    limits = [SEASONAL_MARGIN * min(pair) for pair in zip(scores, naive_scores)]
    for index, found in _forecast_seasonal(batch, walks, limits):
        chosen[index] = found
    return chosen


def _is_walk(batch, combination):
    """Whether smoothing fits each series so little better than its last value that chance explains it.

    What is smoothed best is a random walk with noise, what is not is a random walk (Muth 1960). The last value is
    smoothing with a constant of 1; smoothing has two parameters more, its constant and the first level (Hyndman et al.
    2008), and is taken where n ln(SSE of the last value / SSE) is above 2 ln n: the criterion of Schwarz (1978).
    """
    xp, demand, usable = batch.xp, batch.demand, batch.usable
    smoothing, parameters, _states = combination.members[0]
    start = smoothing.start(xp, demand, usable)
    own = squared_error(xp, smoothing, demand, usable, parameters, start)
    naive = squared_error(xp, smoothing, demand, usable, (1.0,), start)
    number = sum(xp.where(counts, 1.0, 0.0) for counts in usable)
    return naive < own * number ** (2.0 / number)


def _forecast_seasonal(batch, walks, limits):
    """Seasonal forecasts of those that have two seasons of history, a season that shows and less error than a limit.

    :param walks: whether each series moves as a random walk
    :return: list of (index in the batch, Forecast)
    """
    season = batch.settings.season
    if batch.length < 2 * season or batch.train < season + 1:
        return []
    _indices, kept = seasonal_indices(batch.xp, batch.demand, batch.usable, season)
    kept = batch.xp.values(kept)
    # who was first sold a few buckets late has two seasons nevertheless
    latest = batch.length - 2 * season + START_BUCKETS
    members = [
        index
        for index, (history, walk) in enumerate(zip(batch.histories, walks))
        if history.first_bucket <= latest
        and kept[index] > (LEAST_SEASONALITY_OF_WALK if walk else LEAST_SEASONALITY)
    ]
    if members:
        part = batch.part(members)
        errors = batch.xp.values(_seasonal(part, part.train).deviation)
        members = [index for index, error in zip(members, errors) if error < limits[index]]
    if not members:
        return []
    part = batch.part(members)
    # tried without what was not known yet, forecast with all of it
    found = _results(part, _seasonal(part), _naive(part), judged_by=_seasonal(part, part.train))
    return [(index, replace(result, seasonality=kept[index])) for index, result in zip(members, found)]


def _seasonal(batch, known=None):
    """The mean of the smooth models times the season of the first `known` buckets, of all by default."""
    indices, _kept = seasonal_indices(
        batch.xp, batch.demand[:known], batch.usable[:known], batch.settings.season
    )
    return _combination(batch, indices, known)


def _forecast_runs(batch):
    return _forecast_by_best(batch, RUNS)


def _forecast_intermittent(batch):
    return _forecast_by_best(batch, INTERMITTENT)


def _forecast_by_best(batch, models):
    """The model with the least error and bias over the lead time, of late above all."""
    xp, best = batch.xp, None
    candidates = []
    tuning = range(min(SHORT, batch.train // 2), batch.length - batch.lead_time)
    for model in models:
        for parameters in model.grid:
            if isinstance(model, MovingAverage) and parameters[0] > batch.train // 2 > model.grid[0][0]:
                continue
            states = batch.states(model, parameters)
            members = [(model, parameters, states)]
            candidate = _Candidate(batch, model.name, members, origins=tuning, keep=RECENT)
            position = xp.constant(candidate.score, float(len(candidates)))
            candidates.append((model, parameters, states))
            if best is None:
                best, choice = candidate.score, position
            else:
                better = candidate.score < best
                best = xp.where(better, candidate.score, best)
                choice = xp.where(better, position, choice)
    return _results_by_choice(batch, candidates, [int(value) for value in xp.values(choice)])


def _results_by_choice(batch, candidates, choices):
    results = [None] * len(choices)
    for position, (model, parameters, _states) in enumerate(candidates):
        members = [index for index, choice in enumerate(choices) if choice == position]
        if not members:
            continue
        part = batch.part(members)
        candidate = _Candidate(part, model.name, [(model, parameters, part.states(model, parameters))])
        for index, result in zip(members, _results(part, candidate, _naive(part))):
            results[index] = result
    return results


def _results(batch, candidate, naive, judged_by=None):
    """Forecasts of a batch by one candidate."""
    judged_by = judged_by or candidate
    xp, settings = batch.xp, batch.settings
    origin = batch.length - 1
    values = [candidate.project(origin, ahead) for ahead in range(1, settings.horizon + 1)]
    spread = judged_by.spread(settings.levels)
    bands = [
        [xp.maximum(value + _beside(xp, step[position], level), 0.0) for value, step in zip(values, spread)]
        for position, level in enumerate(settings.levels)
    ]
    columns = {
        "values": xp.rows(values),
        "bands": [xp.rows(band) for band in bands],
        "number": xp.values(judged_by.number),
        "deviation": xp.values(judged_by.deviation),
        "error": xp.values(judged_by.error),
        "bias": xp.values(judged_by.bias),
        "naive": xp.values(naive.error),
        "parameters": _parameters(xp, candidate, len(batch.histories)),
    }
    return [_result(batch, candidate, columns, index) for index in range(len(batch.histories))]


def _beside(xp, offset, level):
    """Quantile of errors as a limit of a range around the forecast, which lies within it however much it was off."""
    return xp.maximum(offset, 0.0) if level > 0.5 else -xp.maximum(-offset, 0.0)


def _parameters(xp, candidate, count):
    """One tuple of numbers per series."""
    found = [()] * count
    for _model, parameters, _states in candidate.members:
        for parameter in parameters:
            values = [parameter] * count if isinstance(parameter, int | float) else xp.values(parameter)
            found = [(*known, value) for known, value in zip(found, values)]
    return found


def _result(batch, candidate, columns, index):
    settings = batch.settings
    values = columns["values"][index]
    bands = {level: band[index] for level, band in zip(settings.levels, columns["bands"])}
    deviation = columns["deviation"][index]
    if columns["number"][index] < FEW_ORIGINS:
        bands, deviation = _spread_of_few(values, batch.histories[index].known, settings)
    return Forecast(
        candidate.name,
        values,
        None,
        parameters=columns["parameters"][index],
        quantiles=bands,
        lead_time_deviation=deviation,
        error=columns["error"][index],
        bias=columns["bias"][index],
        naive_error=columns["naive"][index],
        notes=NOTES.get(candidate.name, ()),
    )
