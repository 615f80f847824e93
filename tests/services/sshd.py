"""A private OpenSSH server on a port of the loopback interface, for SFTP only."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from pathlib import Path

from suite.services import SSHD

from services.process import Process, free_port

CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile {folder}/pid
# the account may be locked for passwords; PAM lets its key in all the same
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
PermitRootLogin yes
LogLevel VERBOSE
PerSourceMaxStartups none
Subsystem sftp internal-sftp
# no shell: one cut off in the middle of its start-up files may leave a lock that holds up the next ones
ForceCommand internal-sftp
"""


class Sshd:
    """An OpenSSH server; its user is the one who runs the tests.

    :param folder: for keys and configuration; `files` in it is what partners exchange
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir(parents=True)
        self.port = free_port()
        self.user = getpass.getuser()
        self.make_host_key()
        self._make_key("user_key")
        shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
        (folder / "sshd_config").write_text(CONFIGURATION.format(port=self.port, folder=folder))
        self._process = Process([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], folder / "sshd.log")

    def _make_key(self, name: str) -> None:
        path = self.folder / name
        path.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=30)

    def make_host_key(self) -> None:
        """Give the server a new host key, as after a new installation or with somebody in between."""
        self._make_key("host_key")

    @property
    def url(self) -> str:
        """Address of the folder `files`."""
        return f"sftp://127.0.0.1:{self.port}{self.files}"

    @property
    def host_key(self) -> str:
        """The public host key, without its comment."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    @property
    def private_key(self) -> str:
        """The user's private key."""
        return (self.folder / "user_key").read_text()

    def start(self) -> Sshd:
        """Start, or start again."""
        if os.geteuid() == 0:
            # where the server's unprivileged part is locked in
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._process.start()
        self._process.until_listening(self.port)
        return self

    def stop(self) -> None:
        """End the server and every connection at once."""
        pids = self._sessions()
        self._process.stop()
        for pid in pids:
            _kill(pid)

    def cut(self) -> int:
        """Cut every connection; return how many there were."""
        pids = self._sessions()
        for pid in pids:
            _kill(pid)
        return len(pids)

    def _sessions(self) -> list[int]:
        """Return the server's children and theirs: one sshd, maybe two, for each connection."""
        from suite import processes

        main = self._process.pid
        found, todo = [], [main] if main else []
        while todo:
            children = processes.children(todo.pop())
            found += children
            todo += children
        return found

    def __enter__(self) -> Sshd:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return
