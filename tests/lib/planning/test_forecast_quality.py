"""P4: what can be relied on in every forecast, and in those of a class of demand."""

import statistics

import pytest
from bench.series.generated import CLASSES, LENGTH, generate
from bench.series.quality import Quality, first_sale
from dist_integration_planning.lib.demand import History
from dist_integration_planning.lib.planner import Settings, forecast
from hypothesis import given
from hypothesis import strategies as st

SEEDS = (1, 2, 3)
SERIES = 100
SETTINGS = Settings()


@pytest.fixture(scope="module")
def qualities():
    """Name of a class to what came of its forecasts, by seed."""
    found = {}
    for name in CLASSES:
        found[name] = [measure(generate(name, SERIES, seed)) for seed in SEEDS]
    return found


def measure(rows):
    histories = [History(row[:LENGTH], first_bucket=first_sale(row)) for row in rows]
    quality = Quality(SETTINGS.lead_time)
    for row, one in zip(rows, forecast(histories, SETTINGS), strict=True):
        quality.add(row[:LENGTH], row[LENGTH:], one)
    return quality


@pytest.mark.parametrize("name", CLASSES)
def test_no_class_is_forecast_worse_than_naive(qualities, name):
    """P4: squared errors over the lead time are not above those of what was sold last, in the mean over seeds.

    Of a random walk nobody can say more than where it is: of some a chance trend is forecast, which is not to matter.
    """
    assert round(statistics.fmean(quality.ratio for quality in qualities[name]), 2) <= 1.0


@pytest.mark.parametrize(
    ("name", "share"), [("smooth", 0.6), ("seasonal", 0.65), ("erratic", 0.65), ("intermittent", 0.6)]
)
def test_where_there_is_something_to_know_it_is_known(qualities, name, share):
    """P4: demand that keeps to a level, a season or a rate is met far better than by what was sold last."""
    assert statistics.fmean(quality.ratio for quality in qualities[name]) <= share


@pytest.mark.parametrize("name", CLASSES)
def test_bands_hold_what_they_say(qualities, name):
    """P4: nine in ten of the weeks that follow are about within the quantiles of 5 % and 95 %."""
    assert 0.8 <= statistics.fmean(quality.coverage for quality in qualities[name]) <= 0.98


demands = st.lists(st.integers(0, 30).map(float), min_size=1, max_size=60)


@given(demands, st.integers(-6, 12))
def test_the_unit_makes_no_difference(values, power):
    """P4: demand in pieces and in packs of 2, 4, 8 ... is forecast alike. (By powers of two no number is rounded.)"""
    factor = 2.0**power
    settings = Settings(season=12)
    one, other = forecast([History(values), History([value * factor for value in values])], settings)
    assert one.method == other.method
    assert [value * factor for value in one.values] == other.values


@given(st.floats(0.001, 1e6), st.integers(1, 120))
def test_what_never_changes_is_forecast_to_go_on(value, length):
    """P4: constant demand gets that as its forecast, whatever the method."""
    found = forecast([History([value] * length)])[0]
    assert found.values == pytest.approx([value] * 13, rel=1e-6)


@given(demands, st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=60, max_size=60), st.integers(0, 59))
def test_whatever_is_known_a_forecast_is_a_number_not_below_zero(values, stock_out, first):
    """P4: stock-outs and late launches as well; a higher quantile is not below a lower one."""
    history = History(values, stock_out=stock_out[: len(values)], first_bucket=first)
    found = forecast([history], Settings(season=12))[0]
    bands = [found.quantiles[level] for level in sorted(found.quantiles)]
    # neither infinite nor no number
    assert all(0.0 <= value < 1e6 for value in [*found.values, *sum(bands, [])])
    assert 0.0 <= found.lead_time_deviation < 1e6
    assert all(low <= high for one, other in zip(bands, bands[1:]) for low, high in zip(one, other))
