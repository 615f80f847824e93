"""What the set-up says while it works, and how it fails."""

import sys
import time

STARTED = time.monotonic()


class SetupError(Exception):
    """Something is missing; the message is one sentence that says what to do."""


class Console:
    """Prints progress lines with the time since the start.

    :param quiet: print nothing at all
    :param prefix: put before every line, to tell parallel runs apart
    """

    def __init__(self, quiet=False, prefix=""):
        self.quiet = quiet
        self.prefix = prefix
        # one of several parallel runs: the headline has been printed for all
        self._headlined = bool(prefix)

    def headline(self, text):
        """Print the first line of all; only the first call counts."""
        if not self._headlined:
            self._headlined = True
            self.plain(text)

    def say(self, text):
        """Print one progress line."""
        if not self.quiet:
            elapsed = time.monotonic() - STARTED
            self.plain(f"[{elapsed:6.1f}s] {self.prefix}{text}")

    def plain(self, text):
        """Print one line as it is."""
        if not self.quiet:
            print(text, flush=True)


def fail(error):
    """Print why the command stops; return its exit code."""
    print(f"error: {error}", file=sys.stderr, flush=True)
    return 2
