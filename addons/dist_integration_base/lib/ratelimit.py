"""Token bucket as arithmetic on two stored numbers, and the headers that tell a caller where it stands."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass

from .errors import ConfigurationError


@dataclass(frozen=True)
class TokenBucket:
    """A bucket of *capacity* tokens that fills at *refill_per_second*.

    :ivar capacity: largest burst, at least 1
    :ivar refill_per_second: steady rate, above 0
    """

    capacity: float
    refill_per_second: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.capacity) and self.capacity >= 1):
            raise ConfigurationError("A rate limit allows a burst of at least 1.", code="invalid_rate")
        if not (math.isfinite(self.refill_per_second) and self.refill_per_second > 0):
            raise ConfigurationError("A rate limit allows more than 0 per second.", code="invalid_rate")

    def level_at(self, level: float | None, updated_at: float | None, now: float) -> float:
        """Return the tokens in the bucket at *now*; a bucket never used (None) is full."""
        if level is None or updated_at is None:
            return float(self.capacity)
        # A clock that steps back refills nothing, and takes nothing away.
        elapsed = max(now - updated_at, 0.0)
        return min(float(self.capacity), max(level, 0.0) + elapsed * self.refill_per_second)

    def take(
        self, tokens: float, level: float | None, updated_at: float | None, now: float
    ) -> tuple[bool, float, float]:
        """Take *tokens* when there are enough.

        :param tokens: what the call costs, above 0; more than the capacity is never allowed
        :param level: tokens stored after the last call, None when there was none
        :param updated_at: Unix seconds of that call
        :param now: Unix seconds
        :return: ``(allowed, new level to store with now, seconds until it would be allowed)``; the seconds
            are 0 when allowed and infinite when the cost is above the capacity
        """
        if tokens <= 0:
            raise ValueError("A call costs more than 0 tokens.")
        available = self.level_at(level, updated_at, now)
        if tokens <= available:
            return True, available - tokens, 0.0
        if tokens > self.capacity:
            return False, available, math.inf
        return False, available, (tokens - available) / self.refill_per_second


def rate_limit_headers(
    bucket: TokenBucket,
    level: float,
    retry_after: float = 0.0,
    name: str = "default",
    now: float = 0.0,
    partition_key: str | None = None,
) -> dict[str, str]:
    """Return the headers of an answer.

    ``RateLimit-Policy`` and ``RateLimit`` are structured fields (draft-ietf-httpapi-ratelimit-headers-10:
    ``q`` quota and ``w`` window of the policy, ``r`` remaining and ``t`` seconds to the full quota).
    ``X-RateLimit-*`` serve older clients; ``X-RateLimit-Reset`` is in Unix seconds, as GitHub has it.

    :param level: tokens left after this call
    :param retry_after: seconds from :meth:`TokenBucket.take`, ``Retry-After`` is left out when 0
    :param name: of the policy, letters, digits, dash, underscore
    :param now: Unix seconds
    :param partition_key: ASCII text that says whose quota it is, when there are several
    """
    quota = math.floor(bucket.capacity)
    remaining = max(0, math.floor(level))
    window = max(1, math.ceil(bucket.capacity / bucket.refill_per_second))
    reset = max(0, math.ceil((bucket.capacity - level) / bucket.refill_per_second))
    policy_name = _structured_string(name)
    key = f";pk=:{_base64(partition_key)}:" if partition_key else ""
    headers = {
        "RateLimit-Policy": f"{policy_name};q={quota};w={window}{key}",
        "RateLimit": f"{policy_name};r={remaining};t={reset}{key}",
        "X-RateLimit-Limit": str(quota),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(math.ceil(now) + reset),
    }
    if retry_after > 0 and math.isfinite(retry_after):
        # Rounded up: a caller that comes back on time must not be refused again.
        headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    return headers


def _structured_string(text: str) -> str:
    """Write an RFC 9651 string."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("The name of a rate limit policy is printable ASCII.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
