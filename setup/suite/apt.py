"""Debian packages: installed where that is allowed."""

import shutil

from .commands import CommandError, privileged, run

TIMEOUT = 900


def install(*packages):
    """Install Debian packages with what they need; tell whether that worked.

    False without apt, without root or passwordless sudo, or when apt fails.
    """
    prefix = privileged()
    if prefix is None or not shutil.which("apt-get"):
        return False
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    for refresh in (False, True):
        try:
            if refresh:
                run([*apt, "update"], timeout=TIMEOUT)
            run([*apt, "install", "-y", "--no-install-recommends", *packages], timeout=TIMEOUT)
            return True
        except CommandError:
            # the lists may be missing or too old: once more with new ones
            continue
    return False
