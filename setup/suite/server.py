"""An Odoo server process with its job runner, started and stopped by tests."""

import atexit
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import configuration, notes, paths, processes
from .console import SetupError

POLL = 0.1
# requests that a server of threads works on at once, and its connections: each request may hold three
THREADS = 28
CONNECTIONS = 90
LOG_LINES = 30
# words in a worker's process title
TITLES = {
    "WorkerHTTP": "http",
    "WorkerCron": "cron",
    "WorkerJobRunner": "jobrunner",
    " gevent ": "gevent",
}


def free_port():
    """Return a TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One Odoo server on one database, not started yet.

    url, port: where it answers
    log: its log file, kept over restarts
    config: its configuration file

    :param environment: the Environment it runs in
    :param workers: 0 for threads in one process
    :param jobs: channels of the job runner
    :param options: more values for the section [options]
    :param environ: more environment variables
    :param port: where it listens; None for any free port
    """

    def __init__(self, environment, database, workers, jobs, options, environ, server_wide, port=None):
        self.environment = environment
        self.database = database
        self.workers = workers
        self.environ = {} if workers else {"ODOO_MAX_HTTP_THREADS": str(THREADS)}
        self.environ.update(environ or {})
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folder = paths.run_folder(environment.series)
        self.log = folder / "logs" / f"server-{database}-{self.port}.log"
        self.config = folder / "config" / f"{database}-{self.port}.conf"
        self._process = None
        self._note = None
        settings = {
            "db_name": database,
            "dbfilter": f"^{database}$",
            "list_db": "False",
            "http_interface": "127.0.0.1",
            "http_port": self.port,
            "gevent_port": free_port(),
            "workers": workers,
            "max_cron_threads": 1,
            "db_maxconn": None if workers else CONNECTIONS,
            # a slow machine must not have Odoo start itself anew in the middle of a day
            "limit_time_real": 600,
            "limit_time_cpu": 300,
            "server_wide_modules": configuration.server_wide(environment.series, server_wide),
        }
        environment.write_configuration(self.config, {**settings, **(options or {})}, jobs, self.port)

    def start(self, timeout=120):
        """Start the server and wait until it answers.

        :raises SetupError: it ends, or does not answer in time; with the log's end
        """
        if self.running():
            return self
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = [*self.environment.odoo_command, "-c", self.config]
        # Odoo starts itself anew as `python`, as found in PATH
        path = os.pathsep.join([os.path.dirname(self.environment.python), os.environ.get("PATH", "")])
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                cwd=paths.run_folder(self.environment.series),
                env={**os.environ, "PATH": path, **self.environment.environ, **self.environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # a script that dies must not leave its servers behind
        atexit.register(self.stop)
        name = f"server-{self.database}-{self.port}"
        self._note = notes.process(self.environment.series, name, self._process.pid)
        self._wait(timeout)
        return self

    def running(self):
        """Tell whether the main process lives."""
        return self._process is not None and self._process.poll() is None

    def answers(self, timeout=5):
        """Tell whether the server answers HTTP."""
        try:
            with urllib.request.urlopen(f"{self.url}/web/health", timeout=timeout) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self, timeout=30):
        """Stop the server in an orderly way; by force when that takes too long."""
        if self._process is None:
            return
        processes.send(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            pass
        # whatever of the group is left: workers whose parent did not end them
        processes.send(self._process.pid, signal.SIGKILL, group=True)
        self._forget()

    def kill(self, number=signal.SIGKILL):
        """Send a signal to every process of the server at once, as a crash would."""
        if self._process is None:
            return
        processes.send(self._process.pid, number, group=True)
        if number == signal.SIGKILL:
            self._forget()

    def pids(self):
        """Return the pids: main, and lists of http, cron, jobrunner and gevent.

        With workers=0 everything is threads of the main process and the lists are empty.
        """
        found = {"main": self._process.pid if self.running() else None}
        found.update({kind: [] for kind in TITLES.values()})
        for pid in processes.children(self._process.pid) if self.running() else []:
            title = processes.command_line(pid)
            for word, kind in TITLES.items():
                if word in f"{title} ":
                    found[kind].append(pid)
        return found

    def _wait(self, timeout):
        """Wait until the server answers."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.running():
                raise SetupError(f"Odoo ended at its start:\n{self._log_tail()}")
            if self.answers():
                return
            time.sleep(POLL)
        self.kill()
        raise SetupError(f"Odoo did not answer in {timeout} s:\n{self._log_tail()}")

    def _forget(self):
        """Wait for the main process and drop the note on it."""
        atexit.unregister(self.stop)
        self._process.wait()
        self._process = None
        self._note.unlink(missing_ok=True)

    def _log_tail(self):
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()
