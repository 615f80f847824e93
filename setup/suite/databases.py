"""Databases: base templates, templates with the suite installed, and copies of those."""

import concurrent.futures
import os
import shutil

from . import configuration, locks, paths, progress, query
from .commands import CommandError, run
from .console import SetupError

# What the addons of the suite depend on, and what an invoice needs to be posted.
BASE_MODULES = (
    "account",
    "product_expiry",
    "purchase_stock",
    "queue_job",
    "sale_management",
    "sale_stock",
    "stock_delivery",
)
BASE_PREFIX = "di_base"
KINDS = {False: "plain", True: "demo"}
INSTALL_TIMEOUT = 1800

# Without a country the company gets no chart of accounts on its own.
LOAD_CHART = """
companies = env['res.company'].search([('chart_template', '=', False)])
for company in companies:
    env['account.chart.template'].try_loading('generic_coa', company, install_demo=False)
env.cr.commit()
"""


def base_key(environment):
    """Return a text that changes when the base templates must be made anew."""
    pinned = environment.requirements.read_text().splitlines()
    queue_job = next(line for line in pinned if line.startswith("odoo-addon-queue_job"))
    return repr((environment.source.version, queue_job, BASE_MODULES, LOAD_CHART))


class Databases:
    """Makes, copies and drops the databases of one Environment."""

    def __init__(self, environment):
        self.environment = environment
        self.prefix = f"di{paths.checkout_id()}"

    # ---- base templates

    def build_base(self, server):
        """Make the base templates that a server lacks, both kinds at once."""
        present = self.existing(server.environment)
        wanted = [demo for demo in KINDS if self.base_name(demo) not in present]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda demo: self._build_base(server, demo), wanted))

    def base_name(self, demo):
        """Return the name of a base template."""
        return f"{BASE_PREFIX}_{paths.digest(base_key(self.environment))}_{KINDS[demo]}"

    def _build_base(self, server, demo):
        name = self.base_name(demo)
        making = f"{name}_making"
        self._drop(server.environment, making)
        self._say(f"installing Odoo's modules ({KINDS[demo]})")
        self._install(server.environment, making, BASE_MODULES, demo)
        self._shell(server.environment, making, LOAD_CHART)
        files = self._filestore(making)
        if files.exists():
            server.filestore.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(server.filestore / name, ignore_errors=True)
            shutil.move(files, server.filestore / name)
        # a complete template is one that bears its final name
        self._sql(server.environment, f'ALTER DATABASE "{making}" RENAME TO "{name}"')
        self._say(f"template {KINDS[demo]} is ready")

    # ---- templates with the suite

    def template(self, demo, modules):
        """Return the name of a database with addons installed, made if needed.

        :param modules: names of our addons; None for all of them
        """
        names = self.modules(modules)
        group = f"{self.prefix}_t_{KINDS[demo]}_{paths.digest(names)[:4]}_"
        name = group + self._content()
        if self._is_made(name):
            return name
        with locks.exclusive(paths.cache() / "locks" / f"{self.prefix}-{group}.lock"):
            if not self._is_made(name):
                for stale in self.existing():
                    if stale.startswith(group):
                        self.drop(stale)
                self._make_template(name, demo, names)
        return name

    def install_log(self, template):
        """Return the path of the log of a template's installation."""
        return self.environment.run / "logs" / f"install-{template}.log"

    def _is_made(self, name):
        """Tell whether a template is there, and what its installation said."""
        return self.install_log(name).exists() and name in self.existing()

    def modules(self, modules):
        """Return a sorted tuple of addons' names, all of the suite's for None.

        :raises SetupError: one is not there
        """
        folder = self.environment.addons_dir
        present = sorted(path.parent.name for path in folder.glob("*/__manifest__.py"))
        missing = set(modules or ()) - set(present)
        if missing:
            raise SetupError(f"No addon {', '.join(sorted(missing))} in {folder}.")
        return tuple(sorted(modules) if modules else present)

    def _content(self):
        """Return a digest of what an installed template depends on."""
        return paths.digest_tree(
            self.environment.addons_dir,
            base_key(self.environment),
            # tests are read from the addons' folder whenever they run
            without=("tests", "readme"),
        )

    def _make_template(self, name, demo, names):
        making = f"{name}_m"
        self.copy(self.base_name(demo), making, self.environment.postgres.filestore)
        if names:
            self._say(f"installing the suite's addons ({KINDS[demo]})")
            self._install(self.environment.pg_environment, making, names, demo)
            self.install_log(making).replace(self.install_log(name))
        if self._filestore(making).exists():
            shutil.move(self._filestore(making), self._filestore(name))
        self._sql(self.environment.pg_environment, f'ALTER DATABASE "{making}" RENAME TO "{name}"')

    # ---- copies

    def copy(self, template, name, filestore=None):
        """Make `name` a fresh copy of a database and its files."""
        self.drop(name)
        self._create_copy(template, name)
        files = (filestore or self.environment.filestore) / template
        if files.exists():
            target = self._filestore(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            # files are named by their content and never change: links will do
            shutil.copytree(files, target, copy_function=_link)

    def _create_copy(self, template, name):
        """Copy a database by its files.

        The other strategy (the default since PostgreSQL 15) logs the pages of sequences
        without the values these have in reserve: a crash of the server right after the
        copy then turns sequences back, and identifiers are given twice.
        """
        version = self._sql(self.environment.pg_environment, "SHOW server_version_num")
        strategy = "STRATEGY file_copy" if int(version[0][0]) >= 150000 else ""
        self._sql(
            self.environment.pg_environment,
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}',
        )

    def drop(self, name):
        """Drop a database of ours and its files; others cannot hold it back."""
        self._drop(self.environment.pg_environment, name)

    def existing(self, pg_environment=None):
        """Return the names of all databases of a server."""
        rows = self._sql(pg_environment or self.environment.pg_environment, "SELECT datname FROM pg_database")
        return {row[0] for row in rows}

    def drop_all(self):
        """Drop every database of this checkout; return their names."""
        names = sorted(n for n in self.existing() if n.startswith(f"{self.prefix}_"))
        for name in names:
            self.drop(name)
        return names

    # ---- Odoo at work

    def _install(self, pg_environment, database, modules, demo):
        """Run Odoo to install modules; its log stays in the logs' folder.

        :raises SetupError: the installation fails
        """
        options = ["-i", ",".join(modules), "--stop-after-init"]
        options += self.environment.demo_options(demo)
        with progress.told(self._say, self.install_log(database)):
            self._odoo(pg_environment, database, options, f"install-{database}")

    def _shell(self, pg_environment, database, script):
        self._odoo(pg_environment, database, ["--no-http"], f"shell-{database}", script)

    def _odoo(self, pg_environment, database, options, name, script=None):
        environment = self.environment
        config = environment.run / "config" / f"{name}.conf"
        environment.write_configuration(
            config,
            {"db_name": database, "workers": 0, "max_cron_threads": 0, "http_enable": "False"},
            configuration.DEFAULT_JOBS,
            port=0,
            pg_environment=pg_environment,
        )
        log = environment.run / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = list(environment.odoo_command) + (["shell"] if script else [])
        try:
            run(
                [*command, "-c", config, *options],
                cwd=environment.run,
                env=environment.environ,
                stdin=script,
                timeout=INSTALL_TIMEOUT,
                log=log,
            )
        except CommandError as error:
            raise SetupError(f"Odoo failed, see {log}:\n{error}") from error

    # ---- small things

    def _say(self, text):
        self.environment.console.say(f"Odoo {self.environment.series}: {text}")

    def _filestore(self, database):
        return self.environment.filestore / database

    def _sql(self, pg_environment, *statements):
        return query.execute(self.environment.python, pg_environment, "template1", *statements)

    def _drop(self, pg_environment, name):
        query.drop(self.environment.python, pg_environment, name)
        shutil.rmtree(self._filestore(name), ignore_errors=True)


def _link(source, target):
    """Link a file, or copy it where links cannot be made."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
