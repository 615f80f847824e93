#!/usr/bin/env python3
"""Make `requirements-<series>.txt` (full pins) from `requirements-<series>.in`.

Usage: python3 setup/pin.py 17.0|19.0|tools      (needs the `uv` command)

Only needed when a direct requirement changes.  The pins hold for Python 3.10, 3.11
and 3.12 at once, by environment markers.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OLDEST_PYTHON = "3.10"

# Named by packages above, without a wheel, and used by their command lines only.
DROPPED = {"docopt"}

# Installed without their dependencies: they require a package called `odoo`, and
# Odoo here is a source tree.
BESIDE = {
    "17.0": "odoo-addon-queue_job==17.0.1.5.4",
    "19.0": "odoo-addon-queue_job==19.0.2.4.0.1",
}

HEADER = """\
# Full pins, made from {source} by setup/pin.py: change that page instead.
# Installed with `pip install --no-deps --only-binary :all:`.
"""


def compile_pins(source):
    """Return the pinned lines for a page of direct requirements."""
    done = subprocess.run(
        ["uv", "pip", "compile", "--quiet", "--universal", "--no-header"]
        + ["--no-annotate", "--no-python-downloads"]
        + ["--python-version", OLDEST_PYTHON, str(source)],
        check=True,
        capture_output=True,
        text=True,
    )
    return [line for line in done.stdout.splitlines() if line.split("==")[0] not in DROPPED]


def main(series):
    """Write the pins of one series, or of the tools."""
    source = HERE / f"requirements-{series}.in"
    lines = compile_pins(source)
    if series in BESIDE:
        lines.append(BESIDE[series])
    text = HEADER.format(source=source.name) + "\n".join(lines) + "\n"
    source.with_suffix(".txt").write_text(text)


if __name__ == "__main__":
    main(sys.argv[1])
