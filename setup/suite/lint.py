"""Checks that need no Odoo: style, the Odoo community's rules, what must not be committed."""

import re
import subprocess

from . import commands, paths, pythons
from .results import Result, Timed

TOOLS = "requirements-tools.txt"
TIMEOUT = 600
# Names of package registries and folders of one machine make a checkout depend on where
# it was made.  (The patterns do not match themselves.)
REGISTRIES = re.compile(
    r"(?:pypi|pythonhosted|npmjs|yarnpkg)\.(?:org|com)|(?:deb|security|snapshot|ftp)\.debian\.(?:org|net)"
)
MACHINE = re.compile(r"(?:^|[\s\"'=(:`,])/(?:work|root|home/\w+)(?=[/\s\"'`),:]|$)", re.M)
TEXT_LIMIT = 2_000_000


def tools(console):
    """Return the folder of programs of the tools' environment."""
    return pythons.environment("tools", paths.SETUP / TOOLS, console) / "bin"


def run(console):
    """Run every check and return the Result."""
    with Timed(Result("", "lint")) as result:
        programs = tools(console)
        for name, command in _commands(programs):
            console.say(f"lint: {name}")
            result.check(name, _failure(command))
        result.check("committed texts", committed_texts())
    return result


def addons():
    """Return the folders of our addons that have a manifest."""
    return sorted(path.parent for path in paths.addons_source().glob("*/__manifest__.py"))


def _commands(programs):
    """Yield (name, command) of the checks done by programs."""
    yield "ruff", [programs / "ruff", "check", "--no-cache", "--output-format=concise", "."]
    yield "ruff format", [programs / "ruff", "format", "--no-cache", "--check", "--quiet", "."]
    if addons():
        yield "pylint-odoo", [programs / "pylint", "--rcfile", ".pylintrc", *addons()]
        yield "oca-checks", [programs / "oca-checks-odoo-module", *addons()]


def _failure(command):
    """Return a list with the end of a failed command's output, or an empty one."""
    try:
        commands.run(command, cwd=paths.ROOT, timeout=TIMEOUT)
    except commands.CommandError as error:
        return [str(error)]
    return []


def committed_texts():
    """Return texts on files that name a package registry or a folder of one machine."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = paths.ROOT / name
        if not path.is_file() or path.is_symlink() or path.stat().st_size > TEXT_LIMIT:
            continue
        text = path.read_bytes().decode(errors="replace")
        for pattern in (REGISTRIES, MACHINE):
            match = pattern.search(text)
            if match:
                line = text.count("\n", 0, match.end()) + 1
                found.append(f"{name}:{line}: {match[0].strip()}")
    return found
