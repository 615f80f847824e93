"""One Odoo series, ready to run the suite: the way in for tests and the demonstration.

from suite.environment import Environment

env = Environment.prepare()
db = env.create_database("orders")
with env.server(db, workers=2) as server:
    ...
env.drop_database(db)
"""

import os
import shlex

from . import configuration, locks, notes, paths, port, postgres, pythons, query, sources
from .console import Console, SetupError
from .databases import Databases, base_key
from .server import Server

# Odoo's path must come first: the environment has packages below `odoo` too.
LAUNCHER = """\
import os
import sys

os.environ["TZ"] = "UTC"
sys.path[0] = {path!r}

import odoo.cli  # noqa: E402

if __name__ == "__main__":
    odoo.cli.main()
"""


class Environment:
    """Everything one series needs; made by `prepare`.

    series: "17.0" or "19.0"
    source: the Source of Odoo
    python: path of the Python that runs Odoo
    odoo_command: list to start Odoo with
    environ: environment variables that Odoo needs
    addons_path: text, comma separated
    addons_dir: folder of our addons for this series (a ported copy for 19.0)
    pg_environment: PG* variables that reach PostgreSQL as Odoo's role
    postgres: the server, with `restart(mode)` when it is private
    filestore: folder of the databases' files
    exchange: folder below which partners exchange files with the servers
    run: folder of this checkout's state for this series
    """

    def __init__(self, source, console):
        self.source = source
        self.series = source.series
        self.console = console
        self.requirements = paths.SETUP / f"requirements-{self.series}.txt"
        self.run = paths.run_folder(self.series)
        self.filestore = self.run / "data" / "filestore"
        self.exchange = self.run / "exchange"
        self.environ = {"PYTHONPATH": str(source.import_path), "TZ": "UTC"}
        self.databases = Databases(self)

    @classmethod
    def prepare(cls, series=None, quiet=False, console=None):
        """Return a ready Environment; whatever is already made is used as it is.

        :param series: "17.0", "19.0", or None for ODOO_SERIES or the first available
        :param quiet: print nothing
        :raises SetupError: something is missing; the message says what to do
        """
        console = console or Console(quiet)
        source = sources.find(series or os.environ.get("ODOO_SERIES") or None, console)
        self = cls(source, console)
        self._make_python()
        with locks.exclusive(self.run / "prepare.lock"):
            self._write_launcher()
            self._port_addons()
        self._find_postgres()
        return self

    # ---- databases

    def create_database(self, name, demo=False, modules=None):
        """Return the name of a fresh database with addons installed.

        :param name: told apart from other checkouts' databases by a prefix
        :param demo: with demonstration data
        :param modules: names of our addons; None for all of them
        """
        full = f"{self.databases.prefix}_{name}"
        self.databases.copy(self.databases.template(demo, modules), full)
        return full

    def drop_database(self, database):
        """Drop a database made by `create_database`, and its files."""
        self.databases.drop(database)

    def connect(self, database):
        """Return a psycopg2 connection; only inside the series' own Python.

        :raises SetupError: this Python has no psycopg2
        """
        try:
            import psycopg2
        except ImportError as error:
            raise SetupError(f"Run this with {self.python}: it has psycopg2.") from error
        return psycopg2.connect(**query.target(self.pg_environment, database))

    def sql(self, database, *statements):
        """Run SQL from any Python; return the last statement's rows as lists.

        :param statements: SQL texts, or pairs of SQL and its parameters
        """
        return query.execute(self.python, self.pg_environment, database, *statements)

    # ---- Odoo

    def server(
        self,
        database,
        workers=0,
        jobs=configuration.DEFAULT_JOBS,
        options=None,
        environ=None,
        server_wide="base,web,queue_job,dist_integration_base",
        port=None,
    ):
        """Return a Server for a database, not started yet; see there."""
        return Server(self, database, workers, jobs, options, environ, server_wide, port)

    def demo_options(self, demo):
        """Return the command line options that load demonstration data or do not."""
        if self.series == "17.0":
            return [] if demo else ["--without-demo=all"]
        return ["--with-demo"] if demo else []

    @property
    def script_path(self):
        """Return the folders a script of ours needs in PYTHONPATH."""
        return [paths.SETUP, paths.ROOT / "tests", self.source.import_path]

    def write_configuration(self, path, options, jobs, port, pg_environment=None):
        """Write Odoo's configuration file for this environment.

        :param options: values of [options], over the ones every file gets
        """
        target = query.target(pg_environment or self.pg_environment, None)
        common = {
            "addons_path": self.addons_path,
            "data_dir": self.run / "data",
            "db_host": target.get("host"),
            "db_port": target.get("port"),
            "db_user": target.get("user"),
            "db_password": target.get("password"),
            "admin_passwd": "admin",
            "running_env": "test",
        }
        self.exchange.mkdir(parents=True, exist_ok=True)
        integration = {
            "encryption_keys": configuration.encryption_key(self.run / "encryption.key"),
            "folder_base": str(self.exchange),
        }
        configuration.write(path, {**common, **options}, jobs, port, integration)

    # ---- preparation

    def _make_python(self):
        folder = pythons.environment(f"odoo-{self.series}", self.requirements, self.console)
        self.python = str(folder / "bin" / "python")
        self._packages = pythons.site_packages(folder) / "odoo" / "addons"

    def _write_launcher(self):
        launcher = self.run / "odoo-bin"
        launcher.write_text(LAUNCHER.format(path=str(self.source.import_path)))
        self.odoo_command = [self.python, str(launcher)]

    def _port_addons(self):
        source = paths.addons_source()
        self.addons_dir = source
        if self.series != "17.0":
            self.addons_dir = port.ported(source, self.run, self.python, self.console)
        folders = [*self.source.addons, self._packages, self.addons_dir]
        # Odoo refuses a path without any addon in it
        folders = [f for f in folders if next(f.glob("*/__manifest__.py"), None)]
        self.addons_path = ",".join(map(str, folders))

    def _find_postgres(self):
        # the golden cluster is filled before the checkout's own one is there
        self.postgres = postgres.find(self.series, base_key(self), self.databases.build_base, self.console)
        self.pg_environment = self.postgres.environment
        named = None if self.postgres.private else self.postgres.name
        notes.environment(self.series, self.python, self.databases.prefix, named)

    def __repr__(self):
        return f"<Environment {self.series} {shlex.join(self.odoo_command)}>"
