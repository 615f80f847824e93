"""One short day that is really played, for all tests here, and people who look at what is left of it.

Runs in the environment of the tools, which has the browser's driver.
"""

import json
from types import SimpleNamespace

import pytest
from partners.client import ApiClient
from partners.control import Control
from rpc import Session
from suite import browser
from suite.demo import Demonstration
from webclient import WebClient, chromium

ORDERS = 100
OUTAGE = 8
SCOPES = ("orders:submit", "orders:read")


@pytest.fixture(scope="session")
def day(env):
    """The demonstration after its day: `show`, `agreed`, `figures` and `odoo`, an administrator's session."""
    show = Demonstration(env, "day")
    path = env.run / "day.json"
    path.unlink(missing_ok=True)
    try:
        show.start()
        agreed = show.play("--orders", str(ORDERS), "--outage", str(OUTAGE), "--json", str(path))
        odoo = Session(show.server.url, show.database)
        yield SimpleNamespace(show=show, agreed=agreed, figures=json.loads(path.read_text()), odoo=odoo)
    finally:
        show.stop()
        if show.database:
            env.drop_database(show.database)


@pytest.fixture(scope="session")
def chrome():
    """A browser."""
    executable = browser.browser()
    if not executable:
        pytest.skip("no Chromium: install Debian's package chromium")
    with chromium(executable) as chrome:
        yield chrome


@pytest.fixture
def window(day, chrome):
    """A function that opens a window for a person; what went wrong in it fails the test."""
    clients = []

    def open_window(login="admin"):
        client = WebClient(chrome, day.odoo.url)
        clients.append(client)
        client.login(login, login)
        return client

    yield open_window
    for client in clients:
        client.close()


@pytest.fixture
def make_person(day):
    """A function that makes somebody who has a group of rights alone; returns the login, which is the password."""

    def make(login, group):
        odoo = day.odoo
        fields = odoo.call("res.users", "fields_get", ["groups_id", "group_ids"], ["type"])
        groups = "groups_id" if "groups_id" in fields else "group_ids"
        values = {"name": login.partition(".")[0].title(), "login": login, "password": login}
        odoo.ensure("res.users", [("login", "=", login)], {**values, groups: [(6, 0, [odoo.ref(group)])]})
        return login

    return make


@pytest.fixture(scope="session")
def shop(day):
    """The shop: `api` to call with a key of its own, `control` to direct its stand-in."""
    odoo = day.odoo
    system = odoo.search("dist.system", [("code", "=", "FIELDMART")])[0]
    scopes = odoo.search("dist.api.scope", [("code", "in", SCOPES)])
    client = odoo.create(
        "dist.api.client", {"name": "Second shop till", "system_id": system, "scope_ids": [(6, 0, scopes)]}
    )
    action = odoo.call("dist.api.client", "action_generate_key", [client])
    _process, url = day.show.partners["shop"]
    return SimpleNamespace(
        api=ApiClient(odoo.url, action["context"]["dist_new_secret"]), control=Control(url), system=system
    )
