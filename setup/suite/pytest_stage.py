"""Runs pytest for one stage, reports how far it is, and counts what it found."""

import os
import subprocess
import time
import xml.etree.ElementTree as ElementTree

from . import paths

PROGRESS_SECONDS = 20
OUTCOMES = (" PASSED", " FAILED", " ERROR", " SKIPPED", " XFAIL")
TAIL_LINES = 120
NOTHING_COLLECTED = 5


def run(environment, result, arguments, environ=None, console=None, python=None, part="", optional=False):
    """Run pytest and add its counts to a Result.

    :param arguments: for pytest: paths and options
    :param environ: more environment variables
    :param python: None for the series' own
    :param part: name of a part of the stage that runs by itself
    :param optional: whether it is no failure that no test was chosen
    """
    stage = f"{result.stage}-{part}" if part else result.stage
    name = f"{environment.series}-{stage}"
    report = environment.run / "reports" / f"{stage}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    log = environment.run / "logs" / f"pytest-{stage}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [python or environment.python, "-m", "pytest", "-v", "--tb=short", "-p", "no:cacheprovider"]
    command += [f"--junitxml={report}", "-o", f"junit_suite_name={name}", *map(str, arguments)]
    code = _stream(command, {**os.environ, **environment.environ, **(environ or {})}, log, name, console)
    if not (optional and code == NOTHING_COLLECTED):
        _count(result, report, code, log)


def run_in_odoo(environment, result, name, arguments, environ=None, console=None, demo=False):
    """Run tests inside Odoo, on a copy of an installed database; see `run`.

    :param name: of the database
    :param demo: whether it has demonstration data
    """
    database = environment.create_database(name, demo=demo)
    config = environment.run / "config" / f"pytest-{name}.conf"
    environment.write_configuration(
        config,
        {
            "db_name": database,
            "dbfilter": f"^{database}$",
            "http_interface": "127.0.0.1",
            "workers": 0,
            "max_cron_threads": 0,
        },
        # no runner: the tests run jobs themselves
        jobs="root:0",
        port=0,
    )
    run(environment, result, [f"--odoo-config={config}", "--odoo-http", *arguments], environ, console)
    environment.drop_database(database)


def _stream(command, environ, log, name, console):
    """Run a command, its output into a log; print progress and failures meanwhile."""
    done, last = 0, time.monotonic()
    with open(log, "w") as file:
        process = subprocess.Popen(
            command,
            cwd=paths.ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        for line in process.stdout:
            file.write(line)
            file.flush()
            if any(word in line for word in OUTCOMES) and "::" in line:
                done += 1
                if " FAILED" in line or " ERROR" in line:
                    console.say(f"{name}: {line.strip()}")
            if time.monotonic() - last > PROGRESS_SECONDS:
                last = time.monotonic()
                console.say(f"{name}: {done} tests so far")
    return process.wait()


def _count(result, report, code, log):
    """Add the counts of a JUnit report; without a report the stage has failed."""
    if not report.exists():
        result.failed += 1
        result.problems.append(f"pytest ended without a report ({code}):\n{_tail(log)}")
        return
    suite = ElementTree.parse(report).getroot().find("testsuite")
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    skipped = int(suite.get("skipped"))
    total = int(suite.get("tests"))
    result.passed += total - failed - skipped
    result.failed += failed
    result.skipped += skipped
    if total == 0 or code == NOTHING_COLLECTED:
        result.failed += 1
        result.problems.append("no test was collected")
    elif failed:
        result.problems.append(_failures(log))
    elif code:
        result.failed += 1
        result.problems.append(f"pytest ended with {code}:\n{_tail(log)}")


def _tail(log):
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])


def _failures(log):
    """Return pytest's account of what failed."""
    text = log.read_text(errors="replace")
    for heading in ("= FAILURES =", "= ERRORS ="):
        start = text.find(heading)
        if start >= 0:
            return "\n".join(text[start:].splitlines()[: 4 * TAIL_LINES])
    return _tail(log)
