"""Programs that some tests drive when they are there: a browser, a PDF printer."""

import shutil

from . import apt

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def prepare(console):
    """Install a browser where that is allowed; say so when its tests will be skipped."""
    if not browser() and not (apt.install("chromium") and browser()):
        console.say("no Chromium: tests that need a browser are skipped (install `chromium`)")
    if not shutil.which("wkhtmltopdf") and not apt.install("wkhtmltopdf"):
        console.say("no wkhtmltopdf: tests that print PDF are skipped")


def browser():
    """Return the path of a browser, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)
