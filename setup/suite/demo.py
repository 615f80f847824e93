"""`make demo`: Odoo with demonstration data, two partners, and a day of their business.

Tests and the documentation's screenshots use the same demonstration.

The partners are `tests/partners/shop.py` and `tests/partners/warehouse.py`, started with
`--port`, `--odoo`, `--database` and `--state-dir`.  The day is `tests/day/play.py`, run with `--odoo`,
`--database`, `--shop` and `--warehouse`; what it prints is shown.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time

from . import locks, notes, paths, processes
from .console import Console, SetupError
from .environment import Environment
from .server import free_port

PORT = 8069
PARTNERS = ("shop", "warehouse")
PARTNER_TIMEOUT = 30
# exit code of the day
BOOKS_DIFFER = 3
CLOSING = """
Odoo is at {url}
    login admin, password admin: sees and configures everything
    login demo,  password demo:  works in the warehouse and on the order desk

Look at
 1. Integration > Dashboard (as admin): what moved, what waits, what is held back and what that puts at risk
 2. Integration > Exceptions: what a person must decide, the most urgent first
 3. Sales > Orders, any order: its button Messages shows the way from the shop's call to the last shipment

Then Integration > Configuration > Endpoints (Test connection, Send test event), and {url}/dist/v1/docs: the API as
partners read it.

Logs are in {logs}/
"""


def run(series, serve=True, day=(), port=PORT):
    """Prepare and start everything, play the day, and keep serving.

    :param serve: False to stop after the day
    :param day: more arguments of the day
    :param port: of Odoo; a free one when somebody else listens there
    :return: exit code, 1 when the books of the day do not agree
    """
    agreed = False
    with started(Environment.prepare(series), port) as show:
        agreed = show.play(*day)
        show.close(serve)
    return 0 if agreed else 1


@contextlib.contextmanager
def started(environment, port=PORT):
    """Yield a Demonstration that runs; it is stopped at the end, by Ctrl-C or by `make clean`."""
    # `make clean` ends the demonstration by this signal
    signal.signal(signal.SIGTERM, _interrupt)
    lock = environment.run / "demo.lock"
    if locks.in_use(lock):
        raise SetupError(
            "A demonstration of this checkout is running already: stop it with Ctrl-C first, or `make clean` ends it."
        )
    held = locks.share(lock)
    show = Demonstration(environment)
    note = notes.process(environment.series, "demo", os.getpid())
    try:
        show.start(port)
        yield show
    except KeyboardInterrupt:
        pass
    finally:
        show.stop()
        note.unlink(missing_ok=True)
        environment.console.plain("stopped")
        environment.postgres.release()
        held.close()


def _interrupt(_number, _frame):
    raise KeyboardInterrupt


class Demonstration:
    """The processes of the demonstration.

    :param name: of its database, and of its files
    """

    def __init__(self, environment, name="demo"):
        self.environment = environment
        self.name = name
        self.console = environment.console or Console()
        self.partners = {}
        self.notes = []
        self.server = None
        self.database = None
        self.claimed = None

    def start(self, port=None):
        """Start Odoo on a fresh database, and the partners.

        :param port: of Odoo, when nobody listens there; None for any free one
        """
        # the addons of a distributor: those for tests would show in the API
        databases = self.environment.databases
        modules = [name for name in databases.modules(None) if not name.startswith("test_")]
        self.database = self.environment.create_database(self.name, demo=True, modules=modules)
        # asked late: making the database takes a while
        free = port if port and self._claim(port) else None
        self.server = self.environment.server(self.database, port=free)
        self.console.say("starting Odoo")
        self.server.start()
        for name in PARTNERS:
            self._start_partner(name)

    def _claim(self, port):
        """Take a port, unless somebody listens there or another demonstration is about to.

        :return: whether it is ours
        """
        lock = paths.cache() / "locks" / f"port-{port}.lock"
        if not _is_free(port) or locks.in_use(lock):
            return False
        self.claimed = locks.share(lock)
        return True

    def play(self, *options):
        """Play the day; its output is shown as it comes.

        :param options: more arguments of the day
        :return: whether the books agree in the evening
        :raises SetupError: the day ended early
        """
        self.console.say(
            f"playing a day of business; {self.server.url} answers already (admin, admin): look around, but change "
            "nothing before its books are counted"
        )
        command = [self.environment.python, _existing("tests/day/play.py"), *self._addresses(), *options]
        done = subprocess.run([str(part) for part in command], env=self._variables(), check=False)
        if done.returncode == BOOKS_DIFFER:
            self.console.plain(f"\nThe books do not agree, see above; what Odoo did is in {self.server.log}.")
        elif done.returncode:
            raise SetupError(
                f"The day ended early: see above, {self.server.log} and the logs beside it. "
                "Start it again; `make clean` first makes everything anew."
            )
        return not done.returncode

    def _addresses(self):
        """Return the arguments that tell the day where everything is."""
        partners = [(f"--{name}", url) for name, (_process, url) in self.partners.items()]
        places = [("--odoo", self.server.url), ("--database", self.database), *partners]
        return [word for place in places for word in place]

    def close(self, serve):
        """Say where to look; then serve until interrupted."""
        text = CLOSING.format(url=self.server.url, logs=self.server.log.parent)
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
        if self.claimed:
            self.claimed.close()

    def _start_partner(self, name):
        """Start one partner and wait until it listens."""
        script = _existing(f"tests/partners/{name}.py")
        port = free_port()
        arguments = ["--port", str(port), "--odoo", self.server.url, "--database", self.database]
        arguments += ["--state-dir", str(self.environment.run / "partners" / self.name / name)]
        label = f"partner-{self.name}-{name}"
        log = self.environment.run / "logs" / f"{label}.log"
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
        self.notes.append(notes.process(self.environment.series, label, process.pid))
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
                raise SetupError(f"The {name} has ended: see its log in {self.server.log.parent}.")

    def _variables(self):
        environment = self.environment
        return {
            **os.environ,
            **environment.environ,
            "PYTHONPATH": os.pathsep.join(map(str, environment.script_path)),
            "ODOO_SERIES": environment.series,
        }


def _existing(name):
    """Return the path of a script of the checkout.

    :raises SetupError: it is not there
    """
    script = paths.ROOT / name
    if not script.exists():
        raise SetupError(f"{name} is missing: is the checkout complete?")
    return script


def _is_free(port):
    """Tell whether nobody listens on a local port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
