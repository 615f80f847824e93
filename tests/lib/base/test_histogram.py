import bisect
import math

import pytest
from dist_integration_base.lib import histogram
from hypothesis import given
from hypothesis import strategies as st

durations = st.lists(st.floats(0, 200_000), min_size=1, max_size=300)


def count(values):
    counts = {}
    for value in values:
        bucket = bisect.bisect_left(histogram.BOUNDS, value)
        counts[bucket] = counts.get(bucket, 0) + 1
    return counts


@pytest.mark.parametrize(
    ("share", "counts", "expected"),
    [
        (0.5, {}, None),
        (0.5, {5: 0}, None),
        (0.5, {6: 10}, 0.75),
        (1.0, {6: 10}, 1.0),
        (0.5, {0: 2}, 0.005),
        (0.95, {0: 95, 7: 5}, 0.01),
        (0.96, {0: 95, 7: 5}, 1.2),
        (0.99, {17: 1}, 86400.0),
    ],
)
def test_quantile(share, counts, expected):
    """X4: as Prometheus' histogram_quantile: linear within a bucket."""
    found = histogram.quantile(share, counts)
    assert found is None if expected is None else found == pytest.approx(expected)


@given(durations, st.floats(0.01, 1))
def test_the_quantile_lies_in_the_bucket_of_the_true_one(values, share):
    """X4: the true quantile is in the same bucket."""
    true = sorted(values)[math.ceil(share * len(values) - 1e-9) - 1]
    found = histogram.quantile(share, count(values))
    bucket = bisect.bisect_left(histogram.BOUNDS, true)
    lower = histogram.BOUNDS[bucket - 1] if bucket else 0
    upper = histogram.BOUNDS[min(bucket, len(histogram.BOUNDS) - 1)]
    assert lower - 1e-9 <= found <= upper + 1e-9


@given(durations)
def test_cumulated_buckets_never_fall(values):
    """X4: each bucket holds those below it; the last one all."""
    buckets = histogram.cumulate(count(values))
    numbers = [number for _bound, number in buckets]
    assert numbers == sorted(numbers)
    assert buckets[-1] == ("+Inf", len(values))
    for bound, number in buckets[:-1]:
        assert number == sum(value <= float(bound) for value in values)
