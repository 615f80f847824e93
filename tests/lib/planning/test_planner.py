"""P4: forecasts of the built-in planner, with numpy and without."""

import math
import random

import pytest
from dist_integration_planning.lib import backend, planner
from dist_integration_planning.lib.demand import History
from dist_integration_planning.lib.planner import Settings, forecast
from hypothesis import given
from hypothesis import strategies as st

YEAR = 52


def noise(seed, mean=0.0, deviation=1.0):
    """Return an endless supply of normal numbers."""
    source = random.Random(seed)
    while True:
        yield source.gauss(mean, deviation)


def smooth(seed, level=40.0, deviation=6.0, length=104):
    return [max(0.0, value) for value, _index in zip(noise(seed, level, deviation), range(length))]


def seasonal(seed, length=156):
    wave = [40.0 * (1 + 0.6 * math.sin(2 * math.pi * index / YEAR)) for index in range(length)]
    return [max(0.0, value + error) for value, error in zip(wave, noise(seed, 0.0, 4.0))]


def lumpy(seed, length=104):
    source = random.Random(seed)
    return [float(source.randint(1, 9)) if source.random() < 0.2 else 0.0 for _index in range(length)]


def walk(seed, length=104):
    level, values = 60.0, []
    for step, _index in zip(noise(seed, 0.0, 8.0), range(length)):
        level = max(0.0, level + step)
        values.append(level)
    return values


def error_of(found, actual):
    return sum(abs(value - real) for value, real in zip(found, actual))


@pytest.mark.skipif(backend.numpy is None, reason="numpy is not installed")
@given(
    st.lists(
        st.lists(st.integers(0, 30), min_size=30, max_size=30),
        min_size=1,
        max_size=5,
    ),
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=30, max_size=30),
)
def test_batches_and_single_series_agree(rows, stock_out):
    """P4: the fallback without numpy computes the same numbers."""
    histories = [History([float(value) for value in row], stock_out=stock_out) for row in rows]
    settings = {"season": 12, "horizon": 4, "lead_time": 3, "test": 6}
    fast = forecast(histories, Settings(**settings))
    slow = forecast(histories, Settings(**settings, plain=True))
    for one, other in zip(fast, slow, strict=True):
        assert one.method == other.method
        assert one.values == pytest.approx(other.values, abs=1e-6)
        assert one.lead_time_deviation == pytest.approx(other.lead_time_deviation, abs=1e-6)
        for level, band in one.quantiles.items():
            assert band == pytest.approx(other.quantiles[level], abs=1e-6)


# of a random walk nobody can say more than where it is: all that can be asked is to do no harm
@pytest.mark.parametrize(("make", "share"), [(smooth, 0.8), (seasonal, 0.9), (lumpy, 0.9), (walk, 1.02)])
def test_never_worse_than_naive_on_a_class(make, share):
    """P4: over many items of a class, no more error than what was sold last, and mostly much less."""
    total = naive = 0.0
    histories, actuals = [], []
    for seed in range(60):
        values = make(seed)
        histories.append(History(values[:-13]))
        actuals.append(values[-13:])
    for history, found, actual in zip(histories, forecast(histories), actuals):
        total += error_of(found.values, actual)
        naive += error_of([history.net[-1]] * 13, actual)
    assert total <= share * naive


def test_season_is_found_where_two_years_show_it():
    """P4: a seasonal index is used when it wins the backtest, and follows the season."""
    values = seasonal(1)
    found = forecast([History(values[:-26])], Settings(horizon=26))[0]
    assert "seasonal" in found.method
    assert found.seasonality > 0.5
    assert error_of(found.values, values[-26:]) < 0.5 * error_of(
        [sum(values) / len(values)] * 26, values[-26:]
    )


def test_noise_is_no_season():
    """P4: of items without a season few get one, and a weak one."""
    found = forecast([History(smooth(seed)) for seed in range(40)])
    assert sum("seasonal" in one.method for one in found) < 10


def test_one_year_is_no_season():
    """P4: with less than two seasons of history there is no seasonal index."""
    found = forecast([History(seasonal(1)[: 2 * YEAR - 1])])[0]
    assert found.seasonality == 0.0


def test_stock_outs_do_not_pull_the_forecast_down():
    """P4: buckets out of stock say nothing about demand."""
    values = [40.0] * 60
    values[-10:] = [0.0] * 10
    shares = [0.0] * 50 + [1.0] * 10
    unaware, aware = forecast([History(values), History(values, stock_out=shares)])
    assert aware.values[0] == pytest.approx(40.0, rel=0.02)
    assert unaware.values[0] < 10.0


@pytest.mark.parametrize("plain", [False, True])
def test_a_random_walk_is_expected_to_stay_where_it_is(plain):
    """P4: smoothing that fits no better than the last value but for chance does not take its place."""
    for seed in range(10):
        values = walk(seed)
        found = forecast([History(values)], Settings(plain=plain))[0]
        assert found.values == [values[-1]] * 13
        assert (found.method, found.notes) == ("last value", ("last_value",))


def test_a_change_of_level_is_followed():
    """P4: parameters that fitted before the change do not hold the forecast where demand was."""
    for seed in range(10):
        values = smooth(seed, length=92) + [value + 40.0 for value in smooth(seed + 50, length=12)]
        assert forecast([History(values)])[0].values[0] == pytest.approx(80.0, abs=12.0)


def test_an_item_launched_lately_starts_at_its_own_level():
    """P4: what was not yet sold is no demand of nothing, and a short history no season and no trend."""
    histories = [History([0.0] * 84 + smooth(seed, length=20), first_bucket=84) for seed in range(40)]
    misses = [abs(found.values[step] - 40.0) for found in forecast(histories) for step in (0, 12)]
    # a single week is off by 4.8 on average
    assert sum(misses) / len(misses) < 3.5
    waves = [40.0 * (2.0 + math.sin(2 * math.pi * index / YEAR)) for index in range(72)]
    assert forecast([History([0.0] * 32 + waves, first_bucket=32)])[0].seasonality == 0.0


def test_nothing_is_forecast_of_what_has_stopped():
    """P4: a gap that going on does not explain ends the forecast, and with it the need for safety."""
    found = forecast([History([*smooth(1, length=98), *[0.0] * 6])])[0]
    assert (found.method, found.notes) == ("demand stopped", ("stopped",))
    assert found.values == found.quantiles[0.95] == [0.0] * 13
    assert found.lead_time_deviation == 0.0
    again = forecast([History([*smooth(1, length=97), *[0.0] * 6, 40.0])])[0]
    assert again.values[0] > 10.0


def test_demand_in_long_runs_goes_on_for_a_while():
    """P4: where demand comes in runs what is next depends on whether there is one."""
    values = ([30.0] * 15 + [0.0] * 15) * 3
    within, between = (forecast([History(past)])[0] for past in (values + [30.0] * 10, values[:-5]))
    assert within.values[0] > 20.0
    assert between.values[0] < 5.0


def test_demand_that_ended_fades():
    """P4: an intermittent item that is no longer asked for does not keep its forecast for ever."""
    values = lumpy(3, 60) + [0.0] * 60
    before, after = forecast([History(lumpy(3, 120)), History(values)])
    assert after.values[0] < 0.5 * before.values[0]


def test_ending_item_has_no_forecast_beyond_its_end():
    """P4: nothing is forecast after the last bucket in which an item is sold."""
    found = forecast([History(smooth(1), last_bucket=106)])[0]
    assert all(value > 0 for value in found.values[:3])
    assert found.values[3:] == [0.0] * 10
    assert found.quantiles[0.95][3:] == [0.0] * 10
    assert "ended" in found.notes
    now = forecast([History(smooth(1), last_bucket=100)])[0]
    assert now.lead_time_deviation == 0.0


def test_new_item_follows_the_expectation_until_it_has_a_history():
    """P4: few buckets of its own count as much as they are many."""
    values = [0.0] * 98 + [10.0] * 6
    alone, expected = forecast([History(values, first_bucket=98)] * 2, priors=[None, 22.0])
    assert alone.values[0] == pytest.approx(10.0)
    assert alone.notes == ("short",)
    assert expected.values[0] == pytest.approx((6 * 10 + 6 * 22) / 12)
    assert expected.notes == ("prior",)


def test_item_without_demand():
    """P4: nothing sold, nothing forecast."""
    found = forecast([History([0.0] * 104)])[0]
    assert found.values == [0.0] * 13
    assert found.notes == ("no_demand",)


def test_quantiles_hold_what_they_say():
    """P4: the 5 % to 95 % band of many items holds about nine in ten of what came."""
    inside = total = 0
    histories, actuals = [], []
    for seed in range(80):
        values = smooth(seed, length=130)
        histories.append(History(values[:-13]))
        actuals.append(values[-13:])
    for found, actual in zip(forecast(histories), actuals):
        for low, value, high in zip(found.quantiles[0.05], actual, found.quantiles[0.95]):
            inside += low <= value <= high
            total += 1
    assert 0.8 < inside / total < 0.97


def test_quantiles_are_in_order():
    """P4: a higher quantile is never below a lower one."""
    for found in forecast([History(make(1)) for make in (smooth, lumpy, walk)]):
        bands = [found.quantiles[level] for level in sorted(found.quantiles)]
        assert all(low <= high for one, other in zip(bands, bands[1:]) for low, high in zip(one, other))


@given(st.lists(st.integers(0, 50), min_size=20, max_size=60))
def test_forecast_lies_in_its_range(values):
    """P4: what is expected lies in the range that is given with it, whatever was sold."""
    found = forecast([History(list(map(float, values)))], Settings())[0]
    for level, band in found.quantiles.items():
        for limit, value in zip(band, found.values):
            assert limit >= value - 1e-9 if level > 0.5 else limit <= value + 1e-9


def test_histories_of_different_length_are_refused():
    """P4: a batch has one calendar."""
    with pytest.raises(ValueError, match="same number of buckets"):
        forecast([History([1.0] * 20), History([1.0] * 21)])


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_any_history_gets_a_forecast(values):
    """P4: whatever was sold, the forecast is a number that is not below zero."""
    found = forecast([History(values)], Settings(season=12))[0]
    numbers = [*found.values, *(value for band in found.quantiles.values() for value in band)]
    assert len(found.values) == planner.Settings().horizon
    assert all(math.isfinite(value) and value >= 0.0 for value in numbers)
