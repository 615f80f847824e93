from dataclasses import asdict

import pytest
from dist_integration_base.lib.breaker import CLOSED, HALF_OPEN, OPEN, Breaker, BreakerPolicy
from hypothesis import given
from hypothesis import strategies as st

POLICY = BreakerPolicy(
    consecutive_failures=3, failure_ratio=0, open_seconds=10, open_factor=2, max_open_seconds=60
)


def failed(breaker, times, policy=POLICY):
    for now in times:
        breaker = breaker.on_failure(now, policy)
    return breaker


def test_opens_after_failures_in_a_row():
    breaker = failed(Breaker(), [1, 2])
    assert breaker.state == CLOSED
    breaker = breaker.on_failure(3, POLICY)
    assert (breaker.state, breaker.opened_at, breaker.open_until) == (OPEN, 3, 13)
    assert not breaker.allows(12.9, POLICY)
    assert breaker.allows(13, POLICY)
    assert breaker.next_allowed(5, POLICY) == 13


def test_a_success_in_between_starts_the_count_anew():
    breaker = failed(Breaker(), [1, 2]).on_success(3, POLICY)
    assert failed(breaker, [4, 5]).state == CLOSED


def test_one_probe_at_a_time():
    breaker = failed(Breaker(), [1, 2, 3]).on_probe(13)
    assert breaker.state == HALF_OPEN
    assert not breaker.allows(14, POLICY)
    assert breaker.next_allowed(14, POLICY) == 13 + POLICY.probe_timeout_seconds
    # The worker that probed was killed.
    assert breaker.allows(13 + POLICY.probe_timeout_seconds, POLICY)


def test_probe_that_succeeds_closes():
    breaker = failed(Breaker(), [1, 2, 3]).on_probe(13).on_success(14, POLICY)
    assert breaker.state == CLOSED
    assert breaker.allows(14, POLICY)
    assert (breaker.failures, breaker.open_count, breaker.open_until) == (0, 0, None)


def test_several_probes_may_be_asked_for():
    policy = BreakerPolicy(consecutive_failures=1, failure_ratio=0, successes_to_close=2)
    breaker = Breaker().on_failure(0, policy).on_probe(30).on_success(31, policy)
    assert breaker.state == HALF_OPEN
    assert breaker.allows(31, policy)
    assert breaker.on_probe(32).on_success(33, policy).state == CLOSED
    assert breaker.on_probe(32).on_failure(33, policy).state == OPEN


def test_pause_grows_to_its_limit_and_starts_over_once_closed():
    breaker, now, pauses = failed(Breaker(), [0, 0, 0]), 0.0, []
    for _ in range(5):
        pauses.append(breaker.open_until - now)
        now = breaker.open_until
        breaker = breaker.on_probe(now).on_failure(now, POLICY)
    assert pauses == [10, 20, 40, 60, 60]
    now = breaker.open_until
    breaker = failed(breaker.on_probe(now).on_success(now, POLICY), [now] * 3)
    assert breaker.open_until - now == 10


def test_years_of_failing_do_not_overflow():
    breaker = Breaker(state=HALF_OPEN, open_count=10**9)
    assert breaker.on_failure(0, POLICY).open_until == 60


def test_late_results_do_not_move_an_open_breaker():
    breaker = failed(Breaker(), [1, 2, 3])
    assert breaker.on_success(5, POLICY) == breaker
    assert breaker.on_failure(5, POLICY).open_until == breaker.open_until


def test_ratio_in_the_window():
    policy = BreakerPolicy(consecutive_failures=0, failure_ratio=0.5, minimum_calls=10, window_seconds=60)
    breaker = Breaker()
    for number in range(9):
        call = breaker.on_failure if number % 2 else breaker.on_success
        breaker = call(number, policy)
    assert breaker.state == CLOSED
    assert breaker.on_failure(9, policy).state == OPEN
    assert breaker.on_success(9, policy).state == CLOSED
    # A minute later those calls no longer count.
    assert breaker.on_failure(70, policy).state == CLOSED
    assert breaker.on_failure(70, policy).window_calls == 1


def test_a_clock_that_steps_back_starts_a_new_window():
    policy = BreakerPolicy(consecutive_failures=0, failure_ratio=0.5, minimum_calls=2)
    breaker = Breaker().on_failure(1000, policy)
    assert breaker.on_failure(10, policy).window_calls == 1


def test_forced_open():
    breaker = Breaker().forced_open(100, 50)
    assert not breaker.allows(149, POLICY)
    assert breaker.allows(150, POLICY)
    assert breaker.forced_open(100, 10).open_until == 150
    assert breaker.forced_open(120, 100).open_until == 220
    assert breaker.on_probe(150).on_success(151, POLICY).state == CLOSED


def test_probe_of_a_closed_breaker_changes_nothing():
    assert Breaker().on_probe(5) == Breaker()


def test_fields_are_plain_and_come_back():
    breaker = failed(Breaker(), [1, 2, 3]).on_probe(13)
    assert Breaker(**asdict(breaker)) == breaker
    with pytest.raises(AttributeError):
        breaker.state = CLOSED


@given(
    st.lists(
        st.tuples(st.sampled_from(["success", "failure", "probe", "call"]), st.floats(0, 100)), max_size=60
    )
)
def test_it_can_always_recover(steps):
    breaker, now = Breaker(), 0.0
    for step, pause in steps:
        now += pause
        if step == "call" and breaker.allows(now, POLICY):
            breaker = breaker.on_probe(now)
        elif step == "probe":
            breaker = breaker.on_probe(now)
        elif step == "success":
            breaker = breaker.on_success(now, POLICY)
        elif step == "failure":
            breaker = breaker.on_failure(now, POLICY)
        assert breaker.state in (CLOSED, OPEN, HALF_OPEN)
    moment = breaker.next_allowed(now, POLICY)
    assert now <= moment <= now + max(POLICY.max_open_seconds, POLICY.probe_timeout_seconds)
    assert breaker.allows(moment, POLICY)
    assert breaker.on_probe(moment).on_success(moment, POLICY).state == CLOSED
