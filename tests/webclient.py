"""Odoo's web client in Chromium, used as a person does: by what is read on the screen.

Runs where playwright is installed, which is the environment of the tools.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

SIZE = {"width": 1280, "height": 800}
# A loaded machine builds the bundles first; nothing waits longer than it has to.
TIMEOUT = 120_000
VIEW = ", ".join(f".o_action_manager .o_{kind}_view" for kind in ("list", "form", "kanban", "pivot", "graph"))
DIALOG = ".modal.o_technical_modal, .o_dialog .modal"
ERROR = ".o_error_dialog"
ENTER = """app => {
    const {menu} = odoo.__WOWL_DEBUG__.root.env.services;
    menu.setCurrentMenu(menu.getApps().find(({xmlid}) => xmlid === app));
}"""
# Does what a menu does; ends when the view is there.
OPEN = """([action, record, timeout]) => Promise.race([
    odoo.__WOWL_DEBUG__.root.env.services.action.doAction(action, {
        clearBreadcrumbs: true,
        ...(record ? {viewType: "form", props: {resId: record}} : {}),
    }).then(() => true),
    new Promise((_, reject) => setTimeout(() => reject(`no view of ${action}`), timeout)),
])"""
# Chromium says so of every answer that is not 2xx; those of the server are looked at by themselves.
HARMLESS = re.compile(r"Failed to load resource")


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    """Yield a browser.

    :param executable: path of Chromium
    """
    with sync_playwright() as playwright:
        # everything it opens is on this machine; as root it has no sandbox
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class WebClient:
    """One person's window.

    :ivar complaints: JavaScript errors and failed requests so far
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.complaints: list[str] = []
        self._context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
        self._context.grant_permissions(["clipboard-read", "clipboard-write"])
        self._context.set_default_timeout(TIMEOUT)
        expect.set_options(timeout=TIMEOUT)
        self.page: Page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._hear)
        self.page.on("response", self._look_at)

    def close(self) -> None:
        """Close the window."""
        self._context.close()

    def _hear(self, message: Any) -> None:
        if message.type == "error" and not HARMLESS.search(message.text):
            self.complaints.append(f"console: {message.text}")

    def _look_at(self, response: Any) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status}: {response.url}")

    # ---- going somewhere

    def login(self, login: str, password: str) -> None:
        """Sign in, and wait for the first screen."""
        self.page.goto(f"{self.url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password)
        self.page.click("form.oe_login_form button[type=submit]")
        expect(self.page.locator(".o_main_navbar")).to_be_visible()

    def enter(self, app: str) -> None:
        """Show the menus of an app.

        :param app: name that the addon gave to its menu
        """
        self.page.evaluate(ENTER, app)

    def open(self, action: str | int, record: int | None = None, view: str = VIEW) -> None:
        """Open an action by its id or the name that its addon gave it, and perhaps one record of it."""
        self.page.evaluate(OPEN, [action, record, TIMEOUT])
        self.wait_for_view(view=view)

    def wait_for_view(self, title: str = "", view: str = VIEW) -> None:
        """Wait until a view is there.

        :param title: what the breadcrumb ends with
        :param view: selector of what the action shows
        """
        expect(self.page.locator(view).or_(self.page.locator(ERROR)).first).to_be_visible()
        if title:
            expect(self.page.locator(".o_last_breadcrumb_item")).to_contain_text(title)

    def settle(self) -> None:
        """Wait until nothing is loaded any more: requests of the view, pictures."""
        expect(self.page.locator(".o_loading_indicator")).to_have_count(0)
        self.page.wait_for_function("[...document.images].every(image => image.complete)")

    # ---- reading

    @property
    def rows(self) -> Locator:
        """The rows of the list."""
        return self.page.locator(".o_list_view .o_data_row")

    @property
    def dialog(self) -> Locator:
        """The dialog on top."""
        return self.page.locator(DIALOG).last

    def row(self, text: str) -> Locator:
        """Return the first row in which a text is read."""
        return self.rows.filter(has_text=text).first

    def field(self, name: str) -> Locator:
        """Return the widget of a field of the form."""
        return self.page.locator(f".o_form_view [name='{name}']").first

    def button(self, label: str, within: Locator | None = None) -> Locator:
        """Return a button by what it says."""
        return (within or self.page).get_by_role("button", name=label, exact=True).first

    # ---- doing

    def press(self, label: str, within: Locator | None = None) -> None:
        """Press a button of the page or of a part of it."""
        self.button(label, within).click()

    def run(self, label: str, within: Locator | None = None) -> None:
        """Press a button that has the server do something, and wait for its answer."""
        with self._answer():
            self.press(label, within)

    def finish(self, label: str) -> None:
        """Press a button of the dialog that has the server do something, and wait until the dialog is closed."""
        self.run(label, self.dialog)
        expect(self.page.locator(DIALOG)).to_have_count(0)

    def agree(self) -> None:
        """Say yes to the question in the dialog, and wait for the server's answer."""
        with self._answer():
            self.dialog.locator(".modal-footer .btn-primary").click()
        expect(self.page.locator(DIALOG)).to_have_count(0)

    def _answer(self) -> Any:
        return self.page.expect_response(lambda response: "call_button" in response.url)

    def choose(self, field: str, text: str, within: Locator | None = None) -> None:
        """Choose a record by typing its name."""
        box = (within or self.page).locator(f"[name='{field}'] input").last
        # what is found later opens the list once more
        with self.page.expect_response(
            lambda answer: (
                "name_search" in answer.url and json.dumps(text) in (answer.request.post_data or "")
            )
        ):
            box.click()
            box.fill(text)
        self.page.locator(".o-autocomplete--dropdown-item", has_text=text).first.click()

    def fill_editor(self, editor: Locator, text: str) -> None:
        """Put a text in the place of all that a code editor holds."""
        editor.locator(".ace_text-input").focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def check(self) -> None:
        """Fail when the screen shows an error, or something went wrong behind it.

        :raises AssertionError: with everything that was noticed
        """
        shown = [error.inner_text() for error in self.page.locator(ERROR).all()]
        noticed, self.complaints = [*self.complaints, *shown], []
        assert not noticed, "\n".join([self.page.url, *noticed])
