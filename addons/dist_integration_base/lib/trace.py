"""W3C Trace Context level 1, ``traceparent`` only (https://www.w3.org/TR/trace-context/)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_VERSION_00 = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
)
SAMPLED = 0x01


@dataclass(frozen=True)
class Trace:
    """Where a message stands in a trace.

    :ivar trace_id: 32 hexadecimal digits, the same from the first call to the last effect
    :ivar span_id: 16 hexadecimal digits, this step
    :ivar parent_id: span id of the step before, None at the start
    :ivar flags: 0x01 when recorded
    """

    trace_id: str
    span_id: str
    flags: int = SAMPLED
    parent_id: str | None = None

    @property
    def header(self) -> str:
        """The ``traceparent`` value to send on."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"

    def child(self) -> Trace:
        """Return the next step of the same trace, under a new span id."""
        return Trace(self.trace_id, _random_id(8), self.flags, parent_id=self.span_id)


def parse(header: str | None) -> Trace | None:
    """Read a ``traceparent`` header; None when it is absent or invalid, which means: start a new trace.

    A version above 00 is read by its first 55 characters, as the specification asks.
    """
    text = (header or "").strip(" \t")
    match = _VERSION_00.match(text)
    if not match or match["version"] == "ff":
        return None
    rest = text[match.end() :]
    if rest and (match["version"] == "00" or not rest.startswith("-")):
        return None
    if not int(match["trace"], 16) or not int(match["span"], 16):
        return None
    return Trace(match["trace"], match["span"], int(match["flags"], 16) & SAMPLED)


def new() -> Trace:
    """Start a trace."""
    return Trace(_random_id(16), _random_id(8))


def continue_or_new(header: str | None) -> Trace:
    """Return our own step: a child of the caller's trace, a new trace when the header is no good."""
    caller = parse(header)
    return caller.child() if caller else new()


def _random_id(size: int) -> str:
    # All zeros is invalid; the loop is for the specification's sake.
    while True:
        value = secrets.token_bytes(size)
        if any(value):
            return value.hex()
