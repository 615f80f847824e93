"""`make demo`: Odoo with demonstration data, two partners, and a day of their business.

The partners are `tests/partners/shop.py` and `tests/partners/warehouse.py`, started with
`--port`, `--odoo`, `--database` and `--state-dir`.  The day is `tests/day/play.py`, run with `--odoo`,
`--database`, `--shop` and `--warehouse`; what it prints is shown.
"""

import os
import signal
import socket
import subprocess
import time

from . import notes, paths, processes
from .console import Console, SetupError
from .environment import Environment
from .server import free_port

PORT = 8069
LOGIN = "admin"
PARTNERS = ("shop", "warehouse")
PARTNER_TIMEOUT = 30
CLOSING = """
Odoo is at {url}
    login {login}, password {login}

Look at
 1. Integration > Dashboard: what moved today, what waits, and what that puts at risk
 2. Integration > Exceptions: what a person must decide, the most urgent first
 3. Sales > Orders, any order: its Integration button shows the document's way

Logs are in {logs}/
"""


def run(series, serve=True):
    """Prepare and start everything, play the day, and keep serving.

    :param serve: False to stop after the day
    :return: exit code
    """
    # `make clean` ends the demonstration by this signal
    signal.signal(signal.SIGTERM, _interrupt)
    show = Demonstration(Environment.prepare(series))
    note = notes.process(show.environment.series, "demo", os.getpid())
    try:
        show.start()
        show.play()
        show.close(serve)
    except KeyboardInterrupt:
        pass
    finally:
        show.stop()
        note.unlink(missing_ok=True)
    return 0


def _interrupt(_number, _frame):
    raise KeyboardInterrupt


class Demonstration:
    """The processes of the demonstration."""

    def __init__(self, environment):
        self.environment = environment
        self.console = environment.console or Console()
        self.partners = {}
        self.notes = []
        self.server = None
        self.database = None

    def start(self):
        """Start Odoo on a fresh database, and the partners."""
        self.database = self.environment.create_database("demo", demo=True)
        port = PORT if _is_free(PORT) else free_port()
        self.server = self.environment.server(self.database, port=port)
        self.console.say("starting Odoo")
        self.server.start()
        for name in PARTNERS:
            self._start_partner(name)

    def play(self):
        """Play the day; its output is shown as it comes."""
        script = paths.ROOT / "tests" / "day" / "play.py"
        if not script.exists():
            raise SetupError(f"{script.relative_to(paths.ROOT)} is missing: is the checkout complete?")
        self.console.say("playing a day of business")
        arguments = ["--odoo", self.server.url, "--database", self.database]
        for name, (_process, url) in self.partners.items():
            arguments += [f"--{name}", url]
        done = subprocess.run(
            [self.environment.python, str(script), *arguments], env=self._variables(), check=False
        )
        if done.returncode:
            raise SetupError(f"The day ended early ({done.returncode}): see above, and {self.server.log}.")

    def close(self, serve):
        """Say where to look; then serve until interrupted."""
        text = CLOSING.format(url=self.server.url, login=LOGIN, logs=self.server.log.parent)
        self.console.plain(text)
        if serve:
            self.console.plain("Ctrl-C stops.")
        while serve:
            self._check_alive()
            time.sleep(1)

    def stop(self):
        """Stop everything that was started."""
        for process, _url in self.partners.values():
            processes.end(process.pid, processes.started(process.pid))
        for note in self.notes:
            note.unlink(missing_ok=True)
        if self.server:
            self.server.stop()
        self.console.plain("stopped")
        self.environment.postgres.release()

    def _start_partner(self, name):
        """Start one partner and wait until it listens."""
        script = paths.ROOT / "tests" / "partners" / f"{name}.py"
        if not script.exists():
            raise SetupError(f"{script.relative_to(paths.ROOT)} is missing: is the checkout complete?")
        port = free_port()
        arguments = ["--port", str(port), "--odoo", self.server.url, "--database", self.database]
        arguments += ["--state-dir", str(self.environment.run / "partners" / name)]
        log = self.environment.run / "logs" / f"partner-{name}.log"
        self.console.say(f"starting the {name}")
        with open(log, "wb") as file:
            process = subprocess.Popen(
                [self.environment.python, str(script), *arguments],
                env=self._variables(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.notes.append(notes.process(self.environment.series, f"partner-{name}", process.pid))
        self.partners[name] = (process, f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + PARTNER_TIMEOUT
        while _is_free(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SetupError(f"The {name} did not start: see {log}.")
            time.sleep(0.1)

    def _check_alive(self):
        """Raise when a process has ended by itself."""
        if not self.server.running():
            raise SetupError(f"Odoo has ended: see {self.server.log}.")
        for name, (process, _url) in self.partners.items():
            if process.poll() is not None:
                raise SetupError(f"The {name} has ended: see the logs.")

    def _variables(self):
        environment = self.environment
        return {
            **os.environ,
            **environment.environ,
            "PYTHONPATH": os.pathsep.join(map(str, environment.script_path)),
            "ODOO_SERIES": environment.series,
        }


def _is_free(port):
    """Tell whether nobody listens on a local port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
