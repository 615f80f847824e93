"""Circuit breaker of one endpoint: pure state in, pure state out, so that a model persists the fields.

Closed: calls pass. Too many failures open it: the queue waits without using up attempts. After a while it is
half open: a few probes pass, one at a time; their success closes it, a failure opens it for longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

CLOSED = "closed"
OPEN = "open"
HALF_OPEN = "half_open"


@dataclass(frozen=True)
class BreakerPolicy:
    """When a breaker opens and for how long.

    :ivar consecutive_failures: failures in a row that open it; 0 turns this rule off
    :ivar failure_ratio: share of failures in the window that opens it, 0 to 1; 0 turns this rule off
    :ivar window_seconds: length of the window
    :ivar minimum_calls: calls the window must hold before the ratio counts
    :ivar open_seconds: how long it stays open the first time
    :ivar open_factor: growth each time a probe fails
    :ivar max_open_seconds: longest time open
    :ivar successes_to_close: probes that must succeed in a row
    :ivar probe_timeout_seconds: after this a probe without a result is taken for lost and another may pass
    """

    consecutive_failures: int = 5
    failure_ratio: float = 0.5
    window_seconds: float = 60.0
    minimum_calls: int = 20
    open_seconds: float = 30.0
    open_factor: float = 2.0
    max_open_seconds: float = 3600.0
    successes_to_close: int = 1
    probe_timeout_seconds: float = 120.0


DEFAULT_POLICY = BreakerPolicy()


@dataclass(frozen=True)
class Breaker:
    """State of a breaker; times are Unix seconds.

    :ivar state: ``closed``, ``open`` or ``half_open``
    :ivar failures: failures in a row
    :ivar successes: probes that succeeded in a row while half open
    :ivar window_start: when the present window began
    :ivar window_calls: calls with a result in the window
    :ivar window_failures: failures among them
    :ivar opened_at: when it last opened, None when it never did
    :ivar open_until: when the next probe may pass
    :ivar open_count: times it opened since it was last closed, for the growing pause
    :ivar probe_at: when the probe under way started, None when there is none
    """

    state: str = CLOSED
    failures: int = 0
    successes: int = 0
    window_start: float = 0.0
    window_calls: int = 0
    window_failures: int = 0
    opened_at: float | None = None
    open_until: float | None = None
    open_count: int = 0
    probe_at: float | None = None

    def allows(self, now: float, policy: BreakerPolicy = DEFAULT_POLICY) -> bool:
        """Whether a call may be made now; unless closed it is a probe, to be noted by :meth:`on_probe`."""
        if self.state == CLOSED:
            return True
        if self.state == OPEN:
            return now >= (self.open_until or 0.0)
        return self.probe_at is None or now >= self.probe_at + policy.probe_timeout_seconds

    def next_allowed(self, now: float, policy: BreakerPolicy = DEFAULT_POLICY) -> float:
        """Return when the next call may be made, *now* when it may be made at once."""
        if self.allows(now, policy):
            return now
        if self.state == OPEN:
            return self.open_until or now
        return (self.probe_at or now) + policy.probe_timeout_seconds

    def on_probe(self, now: float) -> Breaker:
        """Return the state after a probe was let through; unchanged when closed. Save it before calling."""
        if self.state == CLOSED:
            return self
        return replace(self, state=HALF_OPEN, probe_at=now)

    def on_success(self, now: float, policy: BreakerPolicy = DEFAULT_POLICY) -> Breaker:
        """Return the state after a call succeeded."""
        if self.state == CLOSED:
            return replace(self._counted(now, policy, failed=False), failures=0)
        if self.state == OPEN and not self.allows(now, policy):
            # A call from before it opened comes back late: it says little about the endpoint now.
            return self
        successes = self.successes + 1
        if successes >= policy.successes_to_close:
            return Breaker(window_start=now, opened_at=self.opened_at)
        return replace(self, state=HALF_OPEN, successes=successes, probe_at=None)

    def on_failure(self, now: float, policy: BreakerPolicy = DEFAULT_POLICY) -> Breaker:
        """Return the state after a call failed in a way that is the endpoint's (not a refused message)."""
        if self.state == CLOSED:
            counted = self._counted(now, policy, failed=True)
            counted = replace(counted, failures=self.failures + 1)
            return counted._opened(now, policy) if counted._too_many(policy) else counted
        if self.state == OPEN and not self.allows(now, policy):
            return replace(self, failures=self.failures + 1)
        return replace(self, failures=self.failures + 1)._opened(now, policy)

    def forced_open(self, now: float, seconds: float) -> Breaker:
        """Return the state opened for *seconds*, as a ``Retry-After`` asks; never shortens a pause."""
        until = max(now + seconds, self.open_until or 0.0)
        opened_at = self.opened_at if self.state == OPEN else now
        return replace(self, state=OPEN, opened_at=opened_at, open_until=until, successes=0, probe_at=None)

    def _counted(self, now: float, policy: BreakerPolicy, failed: bool) -> Breaker:
        expired = not self.window_start <= now < self.window_start + policy.window_seconds
        calls, failures = (0, 0) if expired else (self.window_calls, self.window_failures)
        return replace(
            self,
            window_start=now if expired else self.window_start,
            window_calls=calls + 1,
            window_failures=failures + int(failed),
        )

    def _too_many(self, policy: BreakerPolicy) -> bool:
        if policy.consecutive_failures and self.failures >= policy.consecutive_failures:
            return True
        if not policy.failure_ratio or self.window_calls < max(policy.minimum_calls, 1):
            return False
        return self.window_failures / self.window_calls >= policy.failure_ratio

    def _opened(self, now: float, policy: BreakerPolicy) -> Breaker:
        pause = policy.open_seconds
        for _ in range(self.open_count):
            # Step by step: a power of the count overflows after some months of failing.
            pause = min(pause * policy.open_factor, policy.max_open_seconds)
            if pause >= policy.max_open_seconds:
                break
        return replace(
            self,
            state=OPEN,
            successes=0,
            window_calls=0,
            window_failures=0,
            opened_at=now,
            open_until=now + min(pause, policy.max_open_seconds),
            open_count=self.open_count + 1,
            probe_at=None,
        )
