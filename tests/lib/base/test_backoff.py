import random as random_module

import pytest
from dist_integration_base.lib.backoff import RetrySchedule
from dist_integration_base.lib.errors import ConfigurationError
from hypothesis import given
from hypothesis import strategies as st


def middle():
    return 0.5


def test_the_schedule_of_svix():
    schedule = RetrySchedule.parse("5s, 5m, 30m, 2h, 5h, 10h, 10h")
    assert [schedule.delay(number, middle) for number in range(1, 9)] == [
        5,
        300,
        1800,
        7200,
        18000,
        36000,
        36000,
        None,
    ]
    assert schedule.total == 5 + 300 + 1800 + 7200 + 18000 + 72000


def test_parse_units_and_blanks():
    assert RetrySchedule.parse(" 10 ,1.5s,2M, 3 h,1d,").delays == (10, 1.5, 120, 10800, 86400)
    assert RetrySchedule.parse("").delays == ()
    assert RetrySchedule.parse("").delay(1, middle) is None


@pytest.mark.parametrize("step", ["5 min", "-5s", "s", "5s 5m", "1e3", "inf", "5w", "٥s", "8d", "99999999"])
def test_parse_names_the_bad_step(step):
    with pytest.raises(ConfigurationError) as caught:
        RetrySchedule.parse(f"5s, {step}")
    assert caught.value.code == "invalid_schedule"


def test_too_many_steps():
    with pytest.raises(ConfigurationError):
        RetrySchedule.parse(",".join(["5s"] * 101))
    with pytest.raises(ConfigurationError):
        RetrySchedule.exponential(1, retries=101)


@pytest.mark.parametrize("jitter", [-0.1, 1, 2])
def test_jitter_is_a_share(jitter):
    with pytest.raises(ConfigurationError):
        RetrySchedule.parse("5s", jitter=jitter)


def test_exponential():
    assert RetrySchedule.exponential(30, 2, 200, 5).delays == (30, 60, 120, 200, 200)
    assert RetrySchedule.exponential(30, 2, 200, 0).delays == ()
    # Growth without bound must not overflow.
    assert RetrySchedule.exponential(1, 1e300, 7200, 100).delays[-1] == 7200


def test_retry_after_is_a_floor():
    schedule = RetrySchedule.parse("10s")
    assert schedule.delay(1, middle, retry_after=3) == 10
    assert schedule.delay(1, middle, retry_after=60) == 60
    assert schedule.delay(2, middle, retry_after=60) is None


def test_attempts_count_from_one():
    with pytest.raises(ValueError):
        RetrySchedule.parse("10s").delay(0, middle)


@given(
    st.lists(st.integers(0, 604800), max_size=20),
    st.integers(1, 25),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.floats(0, 86400),
)
def test_delay_stays_within_the_jitter(delays, number, roll, retry_after):
    schedule = RetrySchedule.parse(", ".join(f"{delay}s" for delay in delays))
    assert RetrySchedule.parse(str(schedule)) == schedule
    found = schedule.delay(number, lambda: roll, retry_after)
    if number > len(delays):
        assert found is None
    else:
        base = delays[number - 1]
        assert found >= max(base * 0.8 * 0.999, retry_after or 0)
        assert found <= max(base * 1.2, retry_after or 0)


def test_jitter_spreads():
    schedule, source = RetrySchedule.parse("100s"), random_module.Random(7)
    found = [schedule.delay(1, source.random) for _ in range(500)]
    assert min(found) < 85 and max(found) > 115
