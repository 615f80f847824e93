"""The commands of `setup/run.py`; the Makefile's targets call them."""

import argparse
import os
import subprocess

from . import cleaning, console, demo, lint, paths, screenshots, testing
from .console import Console, SetupError
from .environment import Environment
from .results import Result


def main(arguments):
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.function(options) or 0
    except SetupError as error:
        return console.fail(error)
    except KeyboardInterrupt:
        return 130


def _parser():
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name, function, text):
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(function=function)
        return command

    series = {
        "default": os.environ.get("ODOO_SERIES") or None,
        "help": "17.0 or 19.0; by default ODOO_SERIES, else the first available",
    }
    test = add("test", _test, "run every test, on every series available")
    test.add_argument("--series", **series)
    test.add_argument("--stage", action="append", choices=testing.STAGES, help="only this stage")
    test.add_argument("--serial", action="store_true", help="one series after the other")
    test.add_argument("pytest", nargs="*", help="more arguments for pytest, behind --")
    check = add("lint", _lint, "run the checks that need no Odoo")
    check.add_argument("--texts", action="store_true", help="only the check of committed texts")
    show = add("demo", _demo, "start Odoo with demonstration data and partners")
    show.add_argument("--series", **series)
    show.add_argument("--port", type=int, default=demo.PORT, help="of Odoo; a free one when it is taken")
    show.add_argument("--no-serve", action="store_true", help="play the day, then stop")
    show.add_argument("day", nargs="*", help="for tests/day/play.py, behind --")
    pictures = add("screenshots", _screenshots, "make the documentation's pictures from a played day")
    pictures.add_argument("--series", **series)
    pictures.add_argument("--only", action="append", help="only the pictures of this, such as planning")
    env = add("env", _env, "prepare everything and print how to use it")
    env.add_argument("--series", **series)
    for name, text in (("bench", "run the benchmarks"), ("soak", "run the endurance test")):
        command = add(name, _script, text)
        command.add_argument("--series", **series)
        command.add_argument("arguments", nargs="*", help="for the script, behind --")
        command.set_defaults(name=name)
    add("clean", _clean, "undo what demonstration and tests of this checkout left")
    add("distclean", _distclean, "clean, and delete the cache shared by all checkouts")
    return parser


def _test(options):
    stages = options.stage or testing.STAGES
    return testing.run(options.series, stages, options.serial, options.pytest)


def _lint(options):
    output = Console()
    if options.texts:
        result = Result("", "lint")
        result.check("committed texts", lint.committed_texts())
    else:
        result = lint.run(output)
    for problem in result.problems:
        output.plain(f"\n{problem}")
    output.plain(str(result))
    return 1 if result.failed else 0


def _demo(options):
    return demo.run(options.series, not options.no_serve, options.day, options.port)


def _screenshots(options):
    return screenshots.run(options.series, options.only or ())


def _env(options):
    environment = Environment.prepare(options.series)
    server = " ".join(f"{name}={value}" for name, value in environment.pg_environment.items())
    print(f"python:      {environment.python}")
    print(f"odoo:        {' '.join(environment.odoo_command)}")
    print(f"addons path: {environment.addons_path}")
    print(f"PostgreSQL:  {server}")


def _script(options):
    """Run `tests/bench/run.py` or `tests/soak/run.py` in the series' Python."""
    script = paths.ROOT / "tests" / options.name / "run.py"
    if not script.exists():
        raise SetupError(f"There is no {script.relative_to(paths.ROOT)}.")
    environment = Environment.prepare(options.series)
    variables = {
        **os.environ,
        **environment.environ,
        "PYTHONPATH": os.pathsep.join(map(str, environment.script_path)),
        "ODOO_SERIES": environment.series,
    }
    command = [environment.python, str(script), *options.arguments]
    return subprocess.run(command, cwd=paths.ROOT, env=variables, check=False).returncode


def _clean(_options):
    cleaning.clean(Console())


def _distclean(_options):
    cleaning.distclean(Console())
