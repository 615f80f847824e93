"""When to try again: a fixed or exponential schedule with jitter."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .errors import ConfigurationError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_STEP = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,3})?)\s*([smhd]?)")
MAX_STEPS = 100
MAX_DELAY_SECONDS = 7 * 86400
# Svix's figure: enough to spread a herd, small enough for a person to predict the next try.
DEFAULT_JITTER = 0.2


@dataclass(frozen=True)
class RetrySchedule:
    """Delays between attempts.

    :ivar delays: seconds to wait after the first, second, ... failed attempt
    :ivar jitter: share by which a delay is spread, 0.2 meaning 80 % to 120 %
    """

    delays: tuple[float, ...]
    jitter: float = DEFAULT_JITTER

    @classmethod
    def parse(cls, text: str, jitter: float = DEFAULT_JITTER) -> RetrySchedule:
        """Read ``"5s, 5m, 30m, 2h"``; units s, m, h, d, seconds when left out. An empty text means no retry.

        :raises ConfigurationError: names the step that cannot be read
        """
        delays = []
        for step in filter(None, (part.strip() for part in text.split(","))):
            match = _STEP.fullmatch(step.lower())
            if not match:
                raise ConfigurationError(
                    f'"{step[:30]}" is not a delay such as 30s, 5m, 2h or 1d.', code="invalid_schedule"
                )
            delays.append(float(match[1]) * _UNITS[match[2] or "s"])
        return cls._checked(delays, jitter)

    @classmethod
    def exponential(
        cls,
        first: float,
        factor: float = 2.0,
        maximum: float = 7200.0,
        retries: int = 10,
        jitter: float = DEFAULT_JITTER,
    ) -> RetrySchedule:
        """Build *retries* delays: *first* seconds, then *factor* times the one before, up to *maximum*."""
        delays, delay = [], float(first)
        for _ in range(min(retries, MAX_STEPS + 1)):
            delays.append(min(delay, maximum))
            delay = min(delay * factor, maximum)
        return cls._checked(delays, jitter)

    @classmethod
    def _checked(cls, delays: list[float], jitter: float) -> RetrySchedule:
        if len(delays) > MAX_STEPS:
            raise ConfigurationError(f"A schedule has at most {MAX_STEPS} delays.", code="invalid_schedule")
        if not all(0 <= delay <= MAX_DELAY_SECONDS for delay in delays):
            raise ConfigurationError("A delay is between 0 seconds and 7 days.", code="invalid_schedule")
        if not 0 <= jitter < 1:
            raise ConfigurationError(
                "Jitter is a share from 0 up to but not including 1.", code="invalid_schedule"
            )
        return cls(tuple(delays), jitter)

    def delay(
        self, attempt_number: int, random: Callable[[], float], retry_after: float | None = None
    ) -> float | None:
        """Return the seconds to wait after attempt *attempt_number* failed, or None when the schedule is
        exhausted.

        :param attempt_number: attempts made so far, 1 after the first
        :param random: gives a number from 0 up to 1, for instance ``random.random``
        :param retry_after: the other side's wish in seconds; the wait is never shorter
        """
        if attempt_number < 1:
            raise ValueError("Attempts are counted from 1.")
        if attempt_number > len(self.delays):
            return None
        spread = 1 + self.jitter * (2 * random() - 1)
        return max(self.delays[attempt_number - 1] * spread, retry_after or 0.0)

    @property
    def total(self) -> float:
        """Seconds from the first attempt to the last without jitter: how long an outage is survived."""
        return sum(self.delays)

    def __str__(self) -> str:
        return ", ".join(_format_delay(delay) for delay in self.delays)


def _format_delay(delay: float) -> str:
    for unit, seconds in reversed(_UNITS.items()):
        if delay >= seconds and delay % seconds == 0:
            return f"{int(delay // seconds)}{unit}"
    return f"{delay:g}s"
