"""P4: from forecast to order; P5: what a stock level risks."""

import math
import random

import pytest
from dist_integration_planning.lib import inventory
from dist_integration_planning.lib.replenishment import Stock, Supply, plan

WEEK = 7.0


def test_order_fills_up_to_the_level():
    """P4: below the reorder point the need goes up to the order-up-to level, in whole packs of at least the minimum."""
    supply = Supply(lead_time=14.0, review_time=7.0, minimum=50.0, multiple=12.0)
    found = plan([10.0] * 13, 6.0, 3.0, supply, Stock(on_hand=20.0), WEEK)
    assert found.target.demand == pytest.approx(30.0)
    assert found.target.safety_stock == pytest.approx(1.6449 * 6.0, rel=1e-3)
    assert found.target.reorder_point == pytest.approx(30.0 + found.target.safety_stock)
    assert found.need == pytest.approx(found.target.reorder_point + 10.0 - 20.0)
    assert found.quantity == 60.0


def test_what_is_on_its_way_and_what_is_owed_count():
    """P4: the stock position decides, not the shelf: no order twice for what is ordered, and none forgotten."""
    supply = Supply(lead_time=14.0)
    alone = plan([10.0] * 13, 6.0, 3.0, supply, Stock(on_hand=45.0), WEEK)
    owing = plan([10.0] * 13, 6.0, 3.0, supply, Stock(on_hand=45.0, owed=30.0), WEEK)
    ordered = plan([10.0] * 13, 6.0, 3.0, supply, Stock(45.0, (0.0, 30.0), 30.0), WEEK)
    assert (alone.quantity, ordered.quantity) == (0.0, 0.0)
    assert owing.quantity == pytest.approx(owing.target.order_up_to - 15.0)


def test_when_it_is_needed():
    """P4: the bucket in which the stock falls below its safety stock."""
    supply = Supply(lead_time=7.0)
    found = plan([10.0] * 13, 0.0, 2.0, supply, Stock(on_hand=35.0), WEEK)
    assert found.projected[:4] == [25.0, 15.0, 5.0, -5.0]
    assert found.needed_in == 3
    assert plan([0.0] * 13, 0.0, 2.0, supply, Stock(on_hand=1.0), WEEK).needed_in is None


def test_cover_and_surplus():
    """P5: how long the stock lasts, and what is more than orders would fill up to."""
    supply = Supply(lead_time=7.0)
    found = plan([10.0] * 13, 0.0, 2.0, supply, Stock(on_hand=100.0), WEEK)
    assert found.cover == pytest.approx(70.0)
    assert found.surplus == pytest.approx(70.0)
    assert math.isinf(plan([0.0] * 13, 0.0, 2.0, supply, Stock(on_hand=1.0), WEEK).cover)


def test_costs_make_the_lot():
    """P4: with costs known, an order is at least the economic quantity."""
    supply = Supply(lead_time=7.0, unit_cost=4.0, order_cost=30.0, holding_rate=0.25)
    found = plan([10.0] * 13, 0.0, 2.0, supply, Stock(), WEEK)
    assert found.lot_size == pytest.approx(math.sqrt(2 * 10 * 365.25 / 7 * 30 / 1.0))
    assert found.quantity == pytest.approx(20.0 + found.lot_size)


def test_uncertain_lead_time_needs_more_safety():
    """P4: a supplier who is late now and then costs safety stock (King)."""
    steady = plan([10.0] * 13, 6.0, 3.0, Supply(lead_time=14.0), Stock(), WEEK)
    late = plan([10.0] * 13, 6.0, 3.0, Supply(lead_time=14.0, lead_time_deviation=7.0), Stock(), WEEK)
    assert late.target.safety_stock == pytest.approx(1.6449 * math.hypot(6.0, 10.0), rel=1e-3)
    assert late.shortage > steady.shortage


def test_expected_shortage_is_what_simulation_finds():
    """P5: units that are not met, against a count of drawn demands."""
    source = random.Random(5)
    drawn = [max(0.0, source.gauss(100.0, 20.0) - 110.0) for _index in range(200_000)]
    assert inventory.expected_shortage(110.0, 100.0, 20.0) == pytest.approx(sum(drawn) / len(drawn), rel=0.02)
    assert inventory.expected_shortage(90.0, 100.0, 0.0) == 10.0
