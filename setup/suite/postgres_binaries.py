"""Finds the programs of a PostgreSQL server, installing them where that is allowed."""

import glob
import os
import pathlib
import shutil

from . import apt, paths
from .commands import privileged, run, works
from .console import SetupError
from .pythons import environment, site_packages

NEEDED = ("initdb", "pg_ctl", "postgres")
COPIES = "programs-"
WHEEL_PAGE = "requirements-postgres.txt"


def find(console):
    """Return (folder of the programs, major version).

    :raises SetupError: no server is installed and none can be had
    """
    folder = _installed() or _from_package(console) or _from_wheel(console)
    if not folder:
        raise SetupError(
            "No PostgreSQL: install the package `postgresql`, or name a running server "
            "by PGHOST, PGUSER and PGPASSWORD."
        )
    words = run([folder / "postgres", "--version"]).split()
    return folder, words[2].split(".")[0]


def _complete(folder):
    """Tell whether every program needed is in a folder and runs."""
    return all((folder / name).exists() for name in NEEDED) and works([folder / "postgres", "--version"])


def _installed():
    """Return the folder of the newest installed server, or None."""
    on_path = shutil.which("postgres")
    folders = [pathlib.Path(on_path).parent] if on_path else []
    known = glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/usr/pgsql-*/bin")
    folders += sorted(map(pathlib.Path, known), reverse=True)
    return next((folder for folder in folders if _complete(folder)), None)


def _from_package(console):
    """Install Debian's package where allowed; return its folder, or None."""
    if not shutil.which("apt-get") or privileged() is None:
        return None
    console.say("installing PostgreSQL")
    # the package would make and start a cluster of its own
    marker = pathlib.Path("/etc/postgresql-common/createcluster.conf")
    if os.geteuid() == 0 and not marker.exists():
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text("create_main_cluster = false\n")
    return _installed() if apt.install("postgresql") else None


def _from_wheel(console):
    """Return the folder of the programs in a Python package, or None.

    Root's server runs as another user, who cannot enter root's home: the programs are
    copied beside the clusters.
    """
    page = paths.SETUP / WHEEL_PAGE
    try:
        packages = site_packages(environment("postgres", page, console))
    except SetupError:
        return None
    found = next(packages.glob("*/pginstall/bin"), None)
    if found and os.geteuid() == 0:
        target = paths.postgres_home() / f"{COPIES}{paths.digest(page)}"
        if not target.exists():
            shutil.copytree(packages, target)
        found = target / found.relative_to(packages)
    return found if found and _complete(found) else None
