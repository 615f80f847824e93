"""`make screenshots`: the pictures of the documentation, from a day that was really played."""

import os
import subprocess

from . import browser, demo, lint, paths
from .console import SetupError
from .environment import Environment

FOLDER = paths.ROOT / "docs" / "images"
# enough for full lists
DAY = ("--orders", "100", "--outage", "5")


def run(series, subjects=()):
    """Play the day, then photograph it.

    :param subjects: of which pictures are taken; none for all
    :return: exit code
    :raises SetupError: there is no browser, or a picture could not be taken
    """
    environment = Environment.prepare(series)
    browser.prepare(environment.console)
    program = browser.browser()
    if not program:
        raise SetupError("Pictures need a browser: install Debian's package chromium.")
    python = lint.tools(environment.console) / "python"
    with demo.started(environment) as show:
        show.play(*DAY)
        environment.console.say("taking pictures")
        command = [python, paths.ROOT / "tests" / "screenshots.py", "--browser", program, "--folder", FOLDER]
        command += ["--odoo", show.server.url, "--database", show.database]
        command += [word for subject in subjects for word in ("--only", subject)]
        done = subprocess.run(
            list(map(str, command)),
            env={**os.environ, "PYTHONPATH": str(paths.ROOT / "tests")},
            check=False,
        )
        if done.returncode:
            raise SetupError(f"The pictures are not complete: see above, and {show.server.log}.")
        environment.console.say(f"pictures are in {FOLDER.relative_to(paths.ROOT)}/")
    return 0
