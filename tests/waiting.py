"""Waiting for something that happens in another process."""

import time


def until(condition, timeout=30, pause=0.1, what="the condition"):
    """Return the first true value of `condition()`.

    :raises AssertionError: it does not come true in time
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true in {timeout} s")
        time.sleep(pause)
