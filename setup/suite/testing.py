"""`make test`: every stage on every series, a table, and the totals."""

import concurrent.futures
import os
import threading

from . import browser, constraints, lint, logscan, paths, pytest_stage, services, sources
from .console import Console, SetupError
from .environment import Environment
from .results import Result, Timed, table, total

STAGES = ("lint", "lib", "install", "addons", "e2e")
# The Odoo plug-in of pytest takes every test for one that needs a database.
WITHOUT_ODOO = ("-p", "no:odoo")
# what a person sees of a day that was played
DEMONSTRATION = "tests/e2e/demonstration"
# End-to-end tests have deadlines: one series at a time starts servers for them.
ALONE = threading.Lock()
# Every second series has its servers first, while the one before it is at its addons' tests: none waits for them.
SERVERS_FIRST = ("lint", "lib", "install", "e2e", "addons")


def run(series=None, stages=STAGES, serial=False, arguments=()):
    """Run the stages and print what they found.

    :param series: one series, or None for every one available
    :param serial: one series after the other
    :param arguments: more arguments for pytest
    :return: exit code, 0 only when nothing failed
    """
    console = Console()
    found = [sources.find(series, console)] if series else sources.available(console)
    results = [lint.run(console)] if "lint" in stages else []
    browser.prepare(console)
    services.prepare(console)

    def on(number, source):
        order = sorted(stages, key=(SERVERS_FIRST if number % 2 else STAGES).index)
        return SeriesRun(source.series, order, arguments).run()

    with concurrent.futures.ThreadPoolExecutor(1 if serial else len(found)) as pool:
        for outcome in pool.map(on, range(len(found)), found):
            results += outcome
    return _summary(results, console)


def _summary(results, console):
    """Print problems, table and totals; return the exit code."""
    for result in results:
        for problem in result.problems:
            console.plain(f"\n--- {result.series} {result.stage}\n{problem}")
    console.plain("")
    for line in table(results):
        console.plain(line)
    summed = total(results)
    console.plain(str(summed))
    return 1 if summed.failed or not summed.passed else 0


class SeriesRun:
    """The stages of one series."""

    def __init__(self, series, stages, arguments):
        self.series = series
        self.stages = stages
        self.arguments = list(arguments)
        self.console = Console(prefix=f"{series} ")
        self.results = []
        self.environment = None

    def run(self):
        """Run the chosen stages; return their Results."""
        steps = {
            "lib": self.test_libraries,
            "install": self.install,
            "addons": self.test_addons,
            "e2e": self.test_end_to_end,
        }
        if not self._stage("setup", self.prepare):
            return self.results
        for stage in self.stages:
            if stage in steps and not self._stage(stage, steps[stage]):
                break
        self.environment.postgres.release()
        return self.results

    def _stage(self, stage, step):
        """Run one step; tell whether the later ones make sense."""
        result = Result(self.series, stage)
        possible = True
        self.console.say(f"{stage}: starts")
        with Timed(result):
            try:
                step(result)
            except SetupError as error:
                result.failed += 1
                result.problems.append(str(error))
                possible = False
        self.console.say(f"{stage}: {result} in {result.seconds:.0f} s")
        self.results.append(result)
        return possible

    def prepare(self, _result):
        """Make everything the series needs."""
        self.environment = Environment.prepare(self.series, console=self.console)

    def test_libraries(self, result):
        """Run the tests that need no Odoo, on the code of this series."""
        arguments = [*WITHOUT_ODOO, "tests/lib", "tests/setup", *self.arguments]
        environ = {"DIST_INTEGRATION_ADDONS": str(self.environment.addons_dir)}
        self._pytest(result, arguments, environ)

    def install(self, result):
        """Install every addon with and without demonstration data, and look at the result."""
        environment = self.environment
        for demo in (False, True):
            kind = "demo" if demo else "plain"
            database = environment.databases.template(demo, None)
            log = environment.databases.install_log(database)
            result.check(f"log of the installation ({kind})", logscan.complaints([log]))
            rows = environment.sql(database, constraints.QUERY)
            absent = constraints.missing(paths.addons_source(), rows)
            result.check(f"SQL constraints ({kind})", absent)
            failures = environment.sql(database, "SELECT error FROM ir_demo_failure")
            result.check(f"demonstration data ({kind})", [row[0] for row in failures])
        self._test_on_copy(result, "demo_tests", True, self._demo_tests())

    def test_addons(self, result):
        """Run the addons' own tests on a copy of the installed database."""
        folders = sorted(self.environment.addons_dir.glob("*/tests"))
        ignored = [f"--ignore={path}" for path in self._demo_tests()]
        self._test_on_copy(result, "addons", False, [*ignored, *self.arguments, *folders])

    def _demo_tests(self):
        """Return the tests that need demonstration data."""
        return sorted(self.environment.addons_dir.glob("*/tests/test_demo.py"))

    def _test_on_copy(self, result, name, demo, arguments):
        """Run tests inside Odoo, on a copy of an installed database."""
        script_path = os.pathsep.join(map(str, self.environment.script_path))
        pytest_stage.run_in_odoo(
            self.environment, result, name, arguments, {"PYTHONPATH": script_path}, self.console, demo=demo
        )

    def test_end_to_end(self, result):
        """Run the tests that start real servers, then read these servers' logs."""
        environment = self.environment
        logs = environment.run / "logs"
        journal = environment.run / "e2e-journal.jsonl"
        for old in [journal, *logs.glob("server-*.log")]:
            old.unlink(missing_ok=True)
        environ = {"ODOO_SERIES": self.series, "E2E_JOURNAL": str(journal)}
        with ALONE:
            arguments = [*WITHOUT_ODOO, "tests/e2e", *self.arguments]
            self._pytest(result, arguments, environ, optional=bool(self.arguments))
            self._test_demonstration(result, environ)
        found = logscan.complaints(sorted(logs.glob("server-*.log")), logscan.read_journal(journal))
        result.check("logs of the servers", found)

    def _test_demonstration(self, result, environ):
        """Run the tests of the demonstration, which need the browser's driver, in the tools' Python."""
        python = lint.tools(self.console) / "python"
        environ = {**environ, "PYTHONPATH": os.pathsep.join(map(str, self.environment.script_path[:2]))}
        options = {"python": python, "part": "demonstration", "optional": bool(self.arguments)}
        arguments = [DEMONSTRATION, *self.arguments]
        pytest_stage.run(self.environment, result, arguments, environ, self.console, **options)

    def _pytest(self, result, arguments, environ=None, optional=False):
        script_path = os.pathsep.join(map(str, self.environment.script_path))
        environ = {"PYTHONPATH": script_path, **(environ or {})}
        pytest_stage.run(self.environment, result, arguments, environ, self.console, optional=optional)
