import math
import re

import pytest
from dist_integration_base.lib.errors import ConfigurationError
from dist_integration_base.lib.ratelimit import TokenBucket, rate_limit_headers
from hypothesis import given
from hypothesis import strategies as st

BUCKET = TokenBucket(10, 2)


def test_new_bucket_is_full():
    assert BUCKET.take(1, None, None, 100) == (True, 9, 0)
    assert BUCKET.take(10, None, None, 100) == (True, 0, 0)


def test_refused_call_says_when():
    assert BUCKET.take(1, 0, 100, 100) == (False, 0, 0.5)
    assert BUCKET.take(5, 0.5, 100, 101) == (False, 2.5, 1.25)
    assert BUCKET.take(1, 0, 100, 100.5) == (True, 0, 0)


def test_refill_stops_at_the_capacity():
    assert BUCKET.take(1, 0, 0, 10**9) == (True, 9, 0)


def test_more_than_the_capacity_is_never_allowed():
    assert BUCKET.take(11, None, None, 0) == (False, 10, math.inf)


def test_clock_that_steps_back():
    assert BUCKET.take(1, 5, 100, 50) == (True, 4, 0)


def test_level_below_zero_counts_as_empty():
    assert BUCKET.take(1, -50, 100, 100.5) == (True, 0, 0)


@pytest.mark.parametrize("tokens", [0, -1])
def test_cost_is_positive(tokens):
    with pytest.raises(ValueError):
        BUCKET.take(tokens, 5, 0, 0)


@pytest.mark.parametrize(
    ("capacity", "rate"), [(0, 1), (0.5, 1), (5, 0), (5, -1), (math.inf, 1), (5, math.nan)]
)
def test_policy_is_checked(capacity, rate):
    with pytest.raises(ConfigurationError):
        TokenBucket(capacity, rate)


@given(
    st.floats(1, 100),
    st.floats(0.01, 100),
    st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 3)), min_size=1, max_size=100),
)
def test_never_more_than_burst_plus_rate(capacity, rate, calls):
    bucket, level, updated, now, taken = TokenBucket(capacity, rate), None, None, 1000.0, 0.0
    for pause, cost in calls:
        now += pause
        allowed, level, wait = bucket.take(cost, level, updated, now)
        updated = now
        assert 0 <= level <= capacity
        taken += cost if allowed else 0
        assert taken <= capacity + rate * (now - 1000) + 1e-6
        if not allowed and math.isfinite(wait):
            assert bucket.take(cost, level, updated, now + wait * (1 + 1e-9) + 1e-9)[0]


def test_headers():
    assert rate_limit_headers(TokenBucket(100, 2), 37.9, name="orders", now=1_700_000_000.2) == {
        "RateLimit-Policy": '"orders";q=100;w=50',
        "RateLimit": '"orders";r=37;t=32',
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "37",
        "X-RateLimit-Reset": "1700000033",
    }


def test_retry_after_is_rounded_up_and_left_out_when_senseless():
    assert rate_limit_headers(BUCKET, 0, 0.01)["Retry-After"] == "1"
    assert rate_limit_headers(BUCKET, 0, 1.2)["Retry-After"] == "2"
    assert "Retry-After" not in rate_limit_headers(BUCKET, 0, 0)
    assert "Retry-After" not in rate_limit_headers(BUCKET, 0, math.inf)


def test_partition_key_is_a_byte_sequence():
    headers = rate_limit_headers(BUCKET, 5, partition_key="client 7")
    assert headers["RateLimit"].endswith(";pk=:Y2xpZW50IDc=:")


def test_name_is_quoted():
    assert rate_limit_headers(BUCKET, 5, name='a"b\\c')["RateLimit"].startswith('"a\\"b\\\\c";')
    for name in ("é", "a\r\nX: y"):
        with pytest.raises(ValueError):
            rate_limit_headers(BUCKET, 5, name=name)


@given(st.floats(1, 1e6), st.floats(0.001, 1e4), st.floats(-5, 2e6), st.floats(0, 1e6))
def test_headers_are_well_formed(capacity, rate, level, retry_after):
    headers = rate_limit_headers(TokenBucket(capacity, rate), level, retry_after)
    assert re.fullmatch(r'"default";q=\d+;w=[1-9]\d*', headers["RateLimit-Policy"])
    assert re.fullmatch(r'"default";r=\d+;t=\d+', headers["RateLimit"])
