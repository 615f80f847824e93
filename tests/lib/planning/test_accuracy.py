"""P5: figures of forecasts, against figures worked out by hand."""

import pytest
from dist_integration_planning.lib.accuracy import Accuracy, measure, naive_scale


def test_figures():
    found = Accuracy()
    found.add(12.0, 10.0, naive=7.0, scale=2.0, square_scale=4.0)
    found.add(8.0, 10.0, naive=12.0, scale=1.0, square_scale=1.0)
    found.add(16.0, 10.0, naive=10.0, scale=3.0, square_scale=9.0)
    assert found.wape == pytest.approx(10 / 30)
    assert found.bias == pytest.approx(6 / 30)
    assert found.mase == pytest.approx(10 / 6)
    assert found.tracking_signal == pytest.approx(6 / (10 / 3))
    assert found.value_added == pytest.approx(1 - (9 / 6.25) ** 0.5)
    assert not found.off_centre


def test_always_too_much_is_off_centre():
    """P5: the tracking signal alarms at 4."""
    assert not measure([(11.0, 10.0)] * 4).off_centre
    assert measure([(11.0, 10.0)] * 5).off_centre


def test_groups_add_up():
    one, other = measure([(1.0, 2.0)]), measure([(5.0, 3.0), (2.0, 2.0)])
    one.merge(other)
    assert one == measure([(1.0, 2.0), (5.0, 3.0), (2.0, 2.0)])


def test_without_sales_there_is_no_percentage():
    found = measure([(3.0, 0.0)])
    assert (found.wape, found.bias, found.value_added, found.mase) == (None, None, None, None)
    assert Accuracy().tracking_signal == 0.0


def test_what_seldom_sells_is_not_best_forecast_as_nothing():
    """P5: of demand of 5 in one week of twenty a forecast of its mean adds value, though it is wrong in each week."""
    found = Accuracy()
    for actual in [0.0] * 19 + [5.0]:
        found.add(0.25, actual, naive=0.0, square_scale=2.0)
    assert found.absolute > found.naive
    assert found.value_added == pytest.approx(1 - 0.95**0.5)


def test_naive_scale():
    assert naive_scale([1.0, 3.0, 2.0]) == 1.5
    assert naive_scale([1.0, 3.0, 2.0], power=2) == 2.5
    assert naive_scale([4.0]) == 0.0


def test_an_item_is_scaled_since_it_was_first_sold():
    """P5: a year without it says nothing of how much the sales of a new item change."""
    assert naive_scale([*[0.0] * 46, 24.0, 26.0, 22.0, 26.0, 24.0, 26.0], power=2) == pytest.approx(44 / 5)
    assert naive_scale([0.0, 0.0, 24.0]) == 0.0
