"""P1, P4: from what was sold to what was wanted."""

import pytest
from dist_integration_planning.lib.demand import History, abc, classify, has_runs, has_stopped, supersede, xyz


def test_returns_are_netted_and_never_below_zero():
    """P1: a return lowers the bucket of its sale; what came back of older sales makes no negative demand."""
    history = History([10.0, 5.0, 0.0], returned=[4.0, 0.0, 3.0])
    assert history.net == [6.0, 5.0, 0.0]
    assert history.gross == [10.0, 5.0, 0.0]


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError):
        History([1.0, 2.0], returned=[0.0]).net  # noqa: B018


def test_stock_outs_exclude_a_bucket_from_seven_tenths_of_its_days():
    """P1: below that the bucket still counts."""
    assert History([1.0] * 3, stock_out=[0.69, 0.7, 1.0]).usable == [True, False, False]


def test_buckets_before_the_first_sale_and_after_the_last_do_not_count():
    assert History([1.0] * 5, first_bucket=1, last_bucket=3).usable == [False, True, True, True, False]


def test_successor_inherits_with_a_factor():
    """P4: one old pack of ten stands for ten of the new item; stock-outs follow the item that was sold."""
    old = History([4.0, 4.0, 1.0, 0.0], stock_out=[1.0, 0.0, 0.0, 1.0])
    new = History([0.0, 0.0, 30.0, 45.0], stock_out=[0.0, 0.0, 0.5, 0.0], first_bucket=2)
    merged = supersede(old, new, factor=10.0)
    assert merged.net == [40.0, 40.0, 40.0, 45.0]
    assert list(merged.stock_out) == [1.0, 0.0, 0.5, 0.0]
    assert merged.first_bucket == 0


def test_successor_with_another_calendar_is_refused():
    with pytest.raises(ValueError, match="same buckets"):
        supersede(History([1.0]), History([1.0, 2.0]))


@pytest.mark.parametrize(
    ("demand", "kind"),
    [
        ([10, 11, 9, 10, 10, 12], "smooth"),
        ([1, 30, 2, 1, 40, 1], "erratic"),
        ([5, 0, 0, 5, 0, 5], "intermittent"),
        ([1, 0, 0, 30, 0, 1], "lumpy"),
        ([0, 0, 0], "none"),
    ],
)
def test_patterns(demand, kind):
    """P4: Syntetos, Boylan, Croston (2005): ADI from 1.32, CV2 from .49."""
    assert classify(demand, [True] * len(demand)).kind == kind


def test_limits_of_patterns():
    """P4: the limits themselves belong to the harder class."""
    assert classify([1.0, 1.0, 0.0], [True] * 3).interval == 1.5
    almost = [1.0] * 100 + [0.0] * 32
    assert classify(almost, [True] * 132).kind == "intermittent"
    assert classify(almost, [True] * 131 + [False]).kind == "smooth"


@pytest.mark.parametrize(
    ("demand", "stopped"),
    [
        ([5.0] * 60, False),
        # two buckets may be a holiday
        ([5.0] * 60 + [0.0] * 2, False),
        ([5.0] * 60 + [0.0] * 3, True),
        # such a gap was there before
        ([5.0] * 30 + [0.0] * 3 + [5.0] * 30 + [0.0] * 3, False),
        # one bucket in four: twelve in a row are not seldom enough, forty are
        ([5.0, 0.0, 0.0, 0.0] * 15 + [0.0] * 12, False),
        ([5.0, 0.0, 0.0, 0.0] * 15 + [0.0] * 40, True),
        # of a single sale nobody knows how often there is one
        ([5.0] + [0.0] * 30, False),
        ([0.0] * 30, False),
        ([], False),
    ],
)
def test_demand_has_stopped(demand, stopped):
    """P4: where so long a gap would come less than once in a thousand times, and never came before."""
    assert has_stopped(demand) is stopped


@pytest.mark.parametrize(
    ("demand", "runs"),
    [
        (([5.0] * 8 + [0.0] * 12) * 4, True),
        # by chance, always, every fourth, every other bucket
        ([5.0, 0.0, 0.0, 5.0, 5.0, 0.0, 5.0, 0.0, 0.0, 0.0, 5.0, 0.0] * 6, False),
        ([5.0] * 40, False),
        ([5.0, 0.0, 0.0, 0.0] * 20, False),
        ([5.0, 0.0] * 30, False),
        ([0.0] * 10, False),
        ([5.0], False),
        ([], False),
    ],
)
def test_demand_comes_in_runs(demand, runs):
    """P4: where buckets with demand follow on each other more often than by chance."""
    assert has_runs(demand) is runs


def test_abc_keeps_the_item_that_crosses_a_limit():
    """P5: 80/95 of the value."""
    assert abc([70.0, 20.0, 5.0, 5.0, 0.0]) == ["A", "A", "B", "C", "C"]


def test_abc_without_value():
    assert abc([0.0, 0.0]) == ["C", "C"]


def test_xyz():
    """P5: on the coefficient of variation .5 and 1."""
    assert xyz([0.2, 0.5, 0.99, 1.0]) == ["X", "Y", "Y", "Z"]
