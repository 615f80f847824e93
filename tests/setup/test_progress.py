"""What is told while Odoo installs, read from what it prints as it prints it."""

import sys

from suite import commands, progress

PRINTING = """
import sys, time
for number in (1, 2):
    print(f"INFO db odoo.modules.loading: Loading module part{number} ({number}/2)", flush=True)
    while not open(sys.argv[1]).read():
        time.sleep(0.01)
"""


def test_a_module_is_told_while_it_is_loaded(tmp_path):
    """The person who waits reads where the installation is, before it ends."""
    told, heard = [], tmp_path / "heard"
    heard.touch()

    def say(text):
        told.append(text)
        heard.write_text("yes")

    log = tmp_path / "install.log"
    with progress.told(say, log, seconds=0.02):
        commands.run([sys.executable, "-c", PRINTING, heard], log=log, timeout=30)
    assert told[0] == "module 1 of 2, part1"
