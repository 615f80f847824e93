"""P4, P5: stock targets and risks, against figures worked out by hand."""

import math

import pytest
from dist_integration_planning.lib import inventory
from hypothesis import given
from hypothesis import strategies as st


def test_safety_factor():
    assert inventory.safety_factor(0.95) == pytest.approx(1.645, abs=1e-3)
    assert inventory.safety_factor(0.4) == 0.0


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_impossible_service_levels_are_refused(level):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        inventory.safety_factor(level)


def test_safety_stock_of_demand_and_lead_time():
    """P4: z sqrt(L sd2 + d2 sL2)."""
    deviation = inventory.protection_deviation(10.0, 1.0, 4.0, 0.0)
    assert deviation == 20.0
    expected = 1.6448536 * math.sqrt(20.0**2 + (50.0 * 0.5) ** 2)
    assert inventory.safety_stock(0.95, deviation, 50.0, 0.5) == pytest.approx(expected)


def test_economic_order_quantity():
    assert inventory.economic_order_quantity(1200, 50, 3) == 200.0
    assert inventory.economic_order_quantity(1200, 50, 0) == 0.0


@pytest.mark.parametrize(
    ("need", "minimum", "multiple", "ordered"),
    [
        (0, 10, 5, 0),
        (-3, 10, 5, 0),
        (1, 10, 4, 12),
        (13, 10, 4, 16),
        (7.5, 0, 0, 7.5),
        (2.1, 0, 0.7, 2.1),
        (0.3, 0, 0.1, 0.3),
        (3, 10, 0, 10),
    ],
)
def test_order_quantity(need, minimum, multiple, ordered):
    """P4: ceil(max(need, MOQ) / multiple) x multiple."""
    assert inventory.order_quantity(need, minimum, multiple) == pytest.approx(ordered)


@given(st.floats(0.001, 1e6), st.floats(0, 1e4), st.sampled_from([0.0, 0.1, 0.25, 1, 6, 12, 144]))
def test_orders_cover_the_need_in_whole_multiples(need, minimum, multiple):
    """P4: never less than needed, never a multiple more than it takes."""
    ordered = inventory.order_quantity(need, minimum, multiple)
    wanted = max(need, minimum)
    assert ordered >= wanted - 1e-6
    if multiple:
        assert ordered < wanted + multiple * (1 + 1e-9) + 1e-6
        assert abs(ordered / multiple - round(ordered / multiple)) < 1e-6


def test_target():
    """P4: ROP = d (L + R) + SS; an order fills up what one more review period takes."""
    found = inventory.target([10.0] * 8, 5.0, 1.0, 0.95, lead_time=3, review_time=1)
    assert found.demand == 40.0
    assert found.deviation == 10.0
    assert found.safety_stock == pytest.approx(16.45, abs=0.01)
    assert found.reorder_point == pytest.approx(56.45, abs=0.01)
    assert found.order_up_to == pytest.approx(66.45, abs=0.01)
    assert inventory.target([10.0], 5.0, 1.0, 0.95, 3, 1, lot_size=200).order_up_to == pytest.approx(
        256.45, abs=0.01
    )


def test_expected_demand_of_parts_of_buckets():
    assert inventory.expected_demand([10.0, 20.0], 0.5, 1.5) == 15.0
    assert inventory.expected_demand([10.0, 20.0], 1.0, 4.0) == 60.0
    assert inventory.expected_demand([], 0.0, 3.0) == 0.0


def test_projected_stock_shows_what_cannot_be_met():
    assert inventory.projected_stock(10.0, [0.0, 20.0], [15.0, 5.0]) == [-5.0, 10.0]


def test_days_of_cover():
    """P5: through the forecast, then by its last value."""
    assert inventory.days_of_cover(25.0, [10.0, 10.0], 7.0) == 17.5
    assert inventory.days_of_cover(-5.0, [10.0], 7.0) == 0.0
    assert inventory.days_of_cover(5.0, [0.0, 0.0], 7.0) == math.inf
    assert inventory.days_of_cover(0.0, [0.0, 10.0], 7.0) == 7.0
    assert inventory.days_of_cover(0.0, [0.0, 0.0], 7.0) == 0.0
    assert inventory.days_of_cover(-5.0, [0.0, 0.0], 7.0) == 0.0


def test_risks():
    """P5: chance of a stock-out, money above the target."""
    assert inventory.stock_out_probability(100.0, 100.0, 10.0) == 0.5
    assert inventory.stock_out_probability(120.0, 100.0, 10.0) == pytest.approx(0.0228, abs=1e-4)
    assert inventory.stock_out_probability(99.0, 100.0, 0.0) == 1.0
    assert inventory.overstock(130.0, 100.0, 2.5) == 75.0
    assert inventory.overstock(90.0, 100.0, 2.5) == 0.0
