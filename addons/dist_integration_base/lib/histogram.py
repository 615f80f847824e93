"""Durations counted in buckets, and what can be read from them."""

from collections.abc import Mapping

# upper bounds in seconds; what is above the last one falls into one more bucket
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400)


def quantile(share: float, counts: Mapping[int, int]) -> float | None:
    """Return the duration in seconds that a share of all did not exceed.

    Linear between the bounds of a bucket, as Prometheus' ``histogram_quantile``; what lies above the last bound
    counts as that bound.

    :param share: between 0 and 1
    :param counts: number of durations by bucket; bucket ``n`` ends at ``BOUNDS[n]``
    :return: None when there are none
    """
    total = sum(counts.values())
    if not total:
        return None
    rank, below = share * total, 0
    for bucket in sorted(counts):
        count = counts[bucket]
        if count and below + count >= rank:
            lower, upper = _get_bounds(bucket)
            return lower + (upper - lower) * max(0.0, rank - below) / count
        below += count
    return float(BOUNDS[-1])


def _get_bounds(bucket: int) -> tuple[float, float]:
    last = len(BOUNDS) - 1
    return BOUNDS[min(bucket, last + 1) - 1] if bucket else 0.0, BOUNDS[min(bucket, last)]


def cumulate(counts: Mapping[int, int]) -> list[tuple[str, int]]:
    """Return the buckets as Prometheus wants them: (upper bound as text, number up to it), ``+Inf`` at the end."""
    result, total = [], 0
    for bucket, bound in enumerate(BOUNDS):
        total += counts.get(bucket, 0)
        result.append((f"{bound:g}", total))
    return [*result, ("+Inf", sum(counts.values()))]


def count_within(seconds: float, counts: Mapping[int, int]) -> int:
    """Return how many durations are not above one of the bounds."""
    return sum(number for bucket, number in counts.items() if bucket <= BOUNDS.index(seconds))
