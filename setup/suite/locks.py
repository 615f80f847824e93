"""Locks between processes, so that several checkouts can be set up at once."""

import contextlib
import fcntl


def _open(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "a")


@contextlib.contextmanager
def exclusive(path):
    """Hold the lock file `path` alone; wait until that is possible."""
    with _open(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def share(path):
    """Take a shared lock on `path` and return its open file: closing it lets go."""
    handle = _open(path)
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def in_use(path):
    """Tell whether any process holds the lock file `path`."""
    with _open(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
