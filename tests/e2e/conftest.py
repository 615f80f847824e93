"""Fixtures of the tests that drive real servers, and a journal of which test ran when.

The servers' logs are read after the tests: a warning of our own code fails the run.  A
test that provokes one on purpose says so: `@pytest.mark.odoo_log("a pattern in it")`.
"""

import datetime
import importlib.util
import json
import os

import pytest
from services.sshd import Sshd
from suite import services
from suite.environment import Environment

# the browser's driver is in the environment of the tools: these tests run there, by themselves
collect_ignore = [] if importlib.util.find_spec("playwright") else ["demonstration"]


@pytest.fixture(scope="session")
def env():
    """The prepared environment of the series under test."""
    return Environment.prepare(quiet=True)


@pytest.fixture(scope="session")
def scale():
    """By how much tests multiply their load: 1, or what `E2E_SCALE` says."""
    return int(os.environ.get("E2E_SCALE") or 1)


@pytest.fixture
def make_database(env):
    """A function that makes databases like `env.create_database`; dropped after the test."""
    names = []

    def make(name, **options):
        names.append(env.create_database(name, **options))
        return names[-1]

    yield make
    for name in names:
        env.drop_database(name)


@pytest.fixture
def make_server(env):
    """A function that starts servers like `env.server`; stopped after the test."""
    servers = []

    def make(database, **options):
        servers.append(env.server(database, **options))
        return servers[-1].start()

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    """OpenSSH's file server, one for the tests of a file."""
    if not services.available(services.SSHD):
        pytest.skip("OpenSSH's server is not installed")
    with Sshd(tmp_path_factory.mktemp("sshd") / "ssh") as server:
        yield server


def _now():
    """Return the time as Odoo's logs have it."""
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None).isoformat()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Write each test into the journal, with the log lines it announces."""
    start = _now()
    yield
    if not os.environ.get("E2E_JOURNAL"):
        return
    patterns = [text for mark in item.iter_markers("odoo_log") for text in mark.args]
    entry = {"name": item.nodeid, "start": start, "end": _now(), "patterns": patterns}
    with open(os.environ["E2E_JOURNAL"], "a") as journal:
        journal.write(json.dumps(entry) + "\n")
