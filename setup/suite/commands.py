"""Runs other programs; a failure carries the end of what they printed."""

import os
import shutil
import subprocess
from contextlib import nullcontext

from .console import SetupError

TAIL_LINES = 25


class CommandError(SetupError):
    """A program failed; the message holds its name and the end of its output."""


def run(command, *, cwd=None, env=None, stdin=None, timeout=None, log=None, owner=None):
    """Run a program to its end and return its output as text.

    :param env: variables added to this process's own
    :param log: a file that receives the output as it comes
    :param owner: entry of the password database of the user to run it as (root only)
    :raises CommandError: it failed, cannot be started or took longer than `timeout`
    """
    command = [str(part) for part in command]
    identity = {}
    if owner:
        identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    try:
        with log.open("w") if log else nullcontext(subprocess.PIPE) as output:
            done = subprocess.run(
                command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
                **identity,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"{command[0]}: {error}") from error
    printed = log.read_text(errors="replace") if log else done.stdout
    if done.returncode:
        tail = "\n".join(printed.splitlines()[-TAIL_LINES:])
        raise CommandError(f"`{_short(command)}` failed ({done.returncode}):\n{tail}")
    return printed


def _short(command):
    """Return the start of a command for a message; a script in it is left out."""
    return " ".join("..." if "\n" in part else part for part in command[:6])


def works(command, **options):
    """Tell whether a program can be run and succeeds."""
    try:
        run(command, **options)
    except CommandError:
        return False
    return True


def privileged():
    """Return the prefix that runs a command as root, or None when that is not allowed."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and works(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None
