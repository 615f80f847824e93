"""A server process of a test."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

START_SECONDS = 60


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def listens(port: int) -> bool:
    """Tell whether somebody listens on a port of this machine."""
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A program in a process group of its own, ended with all its children.

    :param command: program and arguments
    :param log: file for its output
    """

    def __init__(self, command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._log = log
        self._environ = {**os.environ, **(environ or {})}
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, None when it does not run."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start it."""
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environ,
                start_new_session=True,
            )
        atexit.register(self.stop)

    def until_listening(self, port: int, seconds: float = START_SECONDS) -> None:
        """Wait until it listens.

        :raises RuntimeError: it ended, or takes too long
        """
        deadline = time.monotonic() + seconds
        while not listens(port):
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self._command[0]} did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.1)

    def send(self, number: int) -> None:
        """Send a signal to the whole group."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                return

    def stop(self, number: int = signal.SIGKILL) -> None:
        """End it; by force, unless *number* says otherwise."""
        if self._process is None:
            return
        self.send(signal.SIGCONT)
        self.send(number)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self._process.wait()
        self.send(signal.SIGKILL)
        atexit.unregister(self.stop)
        self._process = None
