"""A private PostgreSQL cluster: made, started, restarted, copied and removed.

It listens on a Unix socket in a folder only this user can enter, and nowhere else.
"""

import os
import pathlib
import pwd
import shutil
import signal

from . import locks, paths, processes
from .commands import CommandError, run
from .console import SetupError

ROLE = "odoo"  # not `postgres`: Odoo refuses that name
ADMINISTRATOR = "dist_admin"
PORT = 5432  # only names the socket's file
START_TIMEOUT = 90
UNPRIVILEGED = ("postgres", "nobody")
LOG_LINES = 10

# Made for tests.  `fsync = off` gives up safety against a crash of the machine only:
# what a committed transaction wrote survives the server's own death, because the
# kernel has it.  That is why synchronous_commit stays on: the fault tests kill the
# server and expect every committed row back.  A cluster that was running when the
# machine went down is thrown away (see `sound`).
SETTINGS = """
listen_addresses = ''
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
fsync = off
synchronous_commit = on
full_page_writes = off
max_wal_size = 2GB
checkpoint_timeout = 15min
autovacuum_naptime = 20s
wal_level = minimal
max_wal_senders = 0
log_min_duration_statement = -1
timezone = 'UTC'
lc_messages = 'C'
"""


class Cluster:
    """One data folder and the server on it.

    :param folder: where the cluster lives (data, log, users' lock)
    :param programs: folder of PostgreSQL's programs; not needed to stop or remove it
    """

    def __init__(self, folder, programs=None):
        self.folder = folder
        self.programs = programs
        self.data = folder / "data"
        self.log = folder / "postgres.log"
        self.sockets = paths.socket_folder(paths.digest(str(folder))[:10])
        self._share = None

    # ---- life

    @property
    def environment(self):
        """The PG* variables that reach this server as Odoo's role."""
        return {"PGHOST": str(self.sockets), "PGPORT": str(PORT), "PGUSER": ROLE}

    def create(self):
        """Make the data folder, unless it is there and sound."""
        if self.data.exists() and self.sound():
            return
        self.remove()
        self._own_folder(self.folder)
        self._run(
            "initdb", "-D", self.data, "-U", ADMINISTRATOR, "-A", "trust",
            "--locale=C", "--encoding=UTF8", "--no-sync",
        )  # fmt: skip
        # single-user mode needs no client program
        self._run(
            "postgres", "--single", "-D", self.data, "postgres",
            stdin=f"CREATE ROLE {ROLE} LOGIN CREATEDB\n",
        )  # fmt: skip

    def copy_from(self, other):
        """Become a copy of another cluster, which must not run."""
        self.remove()
        self._own_folder(self.folder)
        run(["cp", "-a", "--reflink=auto", other.data, self.data])
        self._mark_boot()

    def start(self):
        """Start the server unless it runs; it then stays until `stop`."""
        with locks.exclusive(self._lock_path("start")):
            self._own_folder(self.sockets)
            if self.running():
                return
            self._clear_stale_pid()
            self._write_settings()
            self._run(
                "pg_ctl", "start", "-D", self.data, "-l", self.log,
                "-w", "-t", START_TIMEOUT, "-s",
            )  # fmt: skip

    def stop(self, number=signal.SIGINT):
        """Stop the server if it runs.

        :param number: SIGINT to end its sessions, SIGQUIT to drop everything at once
        """
        pid = self._pid()
        if pid and _is_postgres(pid):
            since = processes.started(pid)
            processes.send(pid, number)
            processes.wait_gone(pid, since, START_TIMEOUT)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def restart(self, mode="fast"):
        """Restart the server; `immediate` is what a crash looks like to its clients."""
        with locks.exclusive(self._lock_path("start")):
            self._run(
                "pg_ctl", "restart", "-D", self.data, "-l", self.log,
                "-m", mode, "-w", "-t", START_TIMEOUT, "-s",
            )  # fmt: skip

    def running(self):
        """Tell whether the server of this data folder runs."""
        pid = self._pid()
        return bool(pid) and _is_postgres(pid)

    def remove(self):
        """Stop the server and delete the cluster with all its databases."""
        if self.data.exists():
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- who uses it

    def use(self):
        """Mark the cluster as used by this process, until it ends."""
        if self._share is None:
            self._share = locks.share(self._lock_path("users"))

    def release(self):
        """Take this process's mark away; tell whether nobody else uses the cluster."""
        if self._share is not None:
            self._share.close()
            self._share = None
        return not locks.in_use(self._lock_path("users"))

    # ---- inside

    def _lock_path(self, name):
        return paths.cache() / "locks" / f"{self.sockets.name}-{name}.lock"

    def _pid(self):
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _clear_stale_pid(self):
        """Forget a server that died with its machine or was killed."""
        pid = self._pid()
        if pid and not _is_postgres(pid):
            (self.data / "postmaster.pid").unlink()

    def sound(self):
        """Tell whether the data can be trusted: see SETTINGS on fsync."""
        if not (self.data / "PG_VERSION").exists():
            return False
        try:
            boot = (self.folder / "boot").read_text()
        except OSError:
            return False
        if boot == _boot_id():
            return True
        state = run([self.programs / "pg_controldata", self.data], env={"LC_ALL": "C"})
        return "shut down\n" in state

    def _mark_boot(self):
        (self.folder / "boot").write_text(_boot_id())

    def _write_settings(self):
        self._mark_boot()
        text = SETTINGS.format(port=PORT, sockets=self.sockets)
        (self.data / "postgresql.auto.conf").write_text(text)

    def _own_folder(self, folder):
        """Make a folder that only the user the server runs as can enter (and root)."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = server_user()
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        elif folder.stat().st_uid != os.geteuid():
            raise SetupError(f"{folder} belongs to another user: have it removed.")
        folder.chmod(0o700)

    def _run(self, program, *arguments, stdin=None):
        """Run one of PostgreSQL's programs as the user that owns the cluster."""
        environment = {"LC_ALL": "C", "PGHOST": str(self.sockets), "PGDATABASE": ""}
        command = [self.programs / program, *arguments]
        try:
            return run(command, cwd="/", env=environment, stdin=stdin, owner=server_user())
        except CommandError as error:
            raise SetupError(f"PostgreSQL: {error}\n{self._log_tail()}") from error

    def _log_tail(self):
        """Return the end of the server's log."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-LOG_LINES:])


def server_user():
    """Return who runs the server when this process is root, else None."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SetupError("PostgreSQL cannot run as root and no user `nobody` is here.")


def _is_postgres(pid):
    """Tell whether a process is a PostgreSQL server."""
    try:
        return b"postgres" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _boot_id():
    """Return a text that changes when the machine is started anew."""
    return pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
