"""P4: forecasts of public series, from several points in time."""

import pytest
from bench.series import public
from dist_integration_planning.lib.demand import History
from dist_integration_planning.lib.planner import Settings, forecast

AHEAD = 4


@pytest.mark.parametrize(("name", "share"), [("monthly", 0.4), ("quarterly", 0.7)])
def test_public_series_are_met_better_than_by_naive(name, share):
    """P4: less error over the next four months or quarters than what was sold last, by far."""
    season, series = public.read(name)
    own = naive = 0.0
    for _title, values in series:
        scale = sum(values) / len(values)
        for end in range(len(values), len(values) - 12, -4):
            history, actual = values[: end - AHEAD], values[end - AHEAD : end]
            found = forecast([History(history)], Settings(horizon=AHEAD, lead_time=AHEAD, season=season))[0]
            own += abs(sum(found.values) - sum(actual)) / scale
            naive += abs(AHEAD * history[-1] - sum(actual)) / scale
    assert own <= share * naive
