"""Every screen of our apps, for everybody who works with them."""

import pytest
from playwright.sync_api import expect
from rpc import Session

# orders that come at once meet on the same stock, and one of them may have to wait
pytestmark = pytest.mark.odoo_log("could not serialize access")
ROOT = "dist_integration_base.menu_dist_root"
APPS = {"Integration": ROOT, "Demand Planning": "dist_integration_planning.dist_planning_menu"}
OPERATOR = "olivia.operator@example.com"
# what people talk about keeps a log of it
CHATTER = {"dist.exception", "dist.system", "dist.endpoint", "dist.api.client", "dist.flow", "dist.mapping"}


def menus(session):
    """Return the menus of our apps that a person sees, as (path, action)."""
    shown = session.call("ir.ui.menu", "load_menus", False)
    roots = {name: str(session.ref(menu)) for name, menu in APPS.items()}
    found, open_menus = [], [(name, shown[menu]) for name, menu in roots.items() if menu in shown]
    while open_menus:
        path, menu = open_menus.pop()
        # how a menu names its action changes with the series
        action = menu.get("action_id") or (menu.get("action") or "").rpartition(",")[2]
        if action:
            found.append((path, int(action)))
        children = [shown[str(child)] for child in menu["children"]]
        open_menus += [(f"{path}/{child['name']}", child) for child in children]
    return found


@pytest.fixture(params=["admin", "demo", OPERATOR])
def person(request, day):
    """The login of somebody who works with the demonstration."""
    if request.param == OPERATOR:
        # the day gave her a password that nobody knows
        day.odoo.write(
            "res.users", day.odoo.search("res.users", [("login", "=", OPERATOR)]), {"password": OPERATOR}
        )
    return request.param


def test_every_screen_opens(day, window, person):
    """X1, G8: each list and a form of it load without an error, with the chatter where there is one."""
    client = window(person)
    session = Session(day.odoo.url, day.odoo.database, person, person)
    found = menus(session)
    assert len(found) >= 2
    for path, action_id in found:
        (action,) = day.odoo.call("ir.actions.actions", "read", [action_id], ["type"])
        OPEN[action["type"]](day, client, session, action_id)
        client.check()
        print(path)


def open_window(day, client, session, action_id):
    """A list or another view of records, and the form of the first."""
    client.open(action_id)
    expect(client.page.locator(".o_last_breadcrumb_item").first).to_be_visible()
    client.settle()
    (action,) = day.odoo.call("ir.actions.act_window", "read", [action_id], ["res_model", "view_mode"])
    model = action["res_model"]
    if "form" in action["view_mode"] and model != "res.config.settings":
        open_form(client, session, action_id, model)


def open_page(_day, client, _session, action_id):
    """A page of our own: the dashboard."""
    client.open(action_id, view=".o_dist_dashboard")
    client.settle()


OPEN = {"ir.actions.act_window": open_window, "ir.actions.client": open_page}


def open_form(client, session, action_id, model):
    """Open the first record, when there is one."""
    # a record of another company has the window change to that company
    companies = {"allowed_company_ids": [session.company]}
    records = session.search(model, [], limit=1, context=companies)
    if records:
        client.open(action_id, records[0])
        client.check()
        expect(client.page.locator(".o_form_view").first).to_be_visible()
        if model in CHATTER:
            expect(client.page.locator(".o-mail-Chatter").first).to_be_visible()
        client.settle()


def test_settings_say_where_the_server_runs(day, window):
    """G9: the settings page tells environment, database and encryption keys."""
    client = window()
    client.open("dist_integration_base.action_dist_settings")
    for text in ("Running environment", "Database", "Encryption keys"):
        expect(client.page.get_by_text(text, exact=True).first).to_be_visible()
    client.check()


# headers of a list that are cut off, but for what is rounded
CUT = """
    () => [...document.querySelectorAll(".o_list_table thead th[data-name] .text-truncate")]
        .filter((title) => title.scrollWidth > title.clientWidth + 1)
        .map((title) => title.textContent.trim())
"""


def test_menus_fit(window):
    """X1: who sees everything finds every menu in the bar, none behind a plus."""
    client = window()
    client.open("dist_integration_base.action_dist_message")
    client.settle()
    # after the first screen, which shows an app of its own
    client.enter(ROOT)
    bar = client.page.locator(".o_menu_sections")
    for name in (
        "Dashboard",
        "Exceptions",
        "Messages",
        "Reconciliation",
        "Operations",
        "Commerce",
        "Configuration",
    ):
        expect(bar.get_by_text(name, exact=True)).to_be_visible()
    expect(client.page.locator(".o_menu_sections_more")).to_have_count(0)


@pytest.mark.parametrize("name", ["reconciliation", "milestone", "replay", "reconciliation_line"])
def test_headers_are_read(day, window, name):
    """X1: the headers of wide lists are not cut off."""
    if name == "replay":
        day.odoo.create("dist.replay", {"reason": "The warehouse lost its data of this morning"})
    client = window()
    client.open(f"dist_integration_base.action_dist_{name}")
    client.settle()
    assert client.page.evaluate(CUT) == []
