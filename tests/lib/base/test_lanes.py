from collections import Counter

import pytest
from dist_integration_base.lib.lanes import lane_of
from hypothesis import given
from hypothesis import strategies as st


def test_the_same_in_every_process():
    # Fixed values: they must never change, or messages of one record would stand in two lanes during an
    # update.
    keys = ["sale.order,1", "sale.order,2", "stock.picking,1", "", "é"]
    assert [lane_of(key, 8) for key in keys] == [5, 6, 5, 4, 3]


def test_spread():
    counts = Counter(lane_of(f"sale.order,{number}", 4) for number in range(4000))
    assert set(counts) == {0, 1, 2, 3}
    assert max(counts.values()) < 1.15 * min(counts.values())


@given(st.text(), st.integers(1, 64))
def test_in_range(key, lanes):
    assert 0 <= lane_of(key, lanes) < lanes
    assert lane_of(key, lanes) == lane_of(key, lanes)
    assert lane_of(key, 1) == 0


@pytest.mark.parametrize("lanes", [0, -1])
def test_at_least_one_lane(lanes):
    with pytest.raises(ValueError):
        lane_of("a", lanes)
