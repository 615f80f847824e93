"""Facts about running processes, read from /proc."""

import os
import pathlib
import signal
import time

PROC = pathlib.Path("/proc")


def started(pid):
    """Return when a process started (ticks since boot), or None when it is gone.

    Together with the pid this names a process for good: pids are used again.
    """
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def parent(pid):
    """Return the parent's pid, or None when the process is gone."""
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def command_line(pid):
    """Return a process's command line as one text, empty when it is gone."""
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def children(pid):
    """Return the pids of a process's living children."""
    pids = [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]
    return sorted(p for p in pids if parent(p) == pid and started(p) is not None)


def send(pid, number, group=False):
    """Send a signal to a process or its group; nothing happens if it is gone."""
    try:
        if group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def wait_gone(pid, since, timeout):
    """Wait until the process that started at `since` is gone; tell whether it is."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if started(pid) != since:
            return True
        time.sleep(0.05)
    return False


def end(pid, since, timeout=15):
    """End a process (its whole group if it leads one) politely, then by force.

    :param since: when the process started; another process of that pid is left alone
    """
    if started(pid) != since:
        return
    leads = os.getpgid(pid) == pid
    send(pid, signal.SIGTERM, group=leads)
    if not wait_gone(pid, since, timeout):
        send(pid, signal.SIGKILL, group=leads)
        wait_gone(pid, since, timeout)
