"""Finds a Python that Odoo runs on, and makes virtual environments."""

import glob
import os
import pathlib
import shutil
import sys

from . import apt, locks, paths
from .commands import CommandError, run, works
from .console import SetupError

# Odoo 17.0 needs 3.10; its pinned requirements have wheels up to 3.12.
SUPPORTED = ("3.11", "3.10", "3.12")
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def interpreter():
    """Return (path, "3.x") of the Python to make virtual environments with.

    `ODOO_PYTHON` names one; otherwise this process's own, then `python3`, then any of
    the supported versions on the path or under pyenv.

    :raises SetupError: there is none
    """
    for candidate in _candidates():
        version = _version(candidate)
        if version in SUPPORTED:
            return candidate, version
    raise SetupError("Odoo needs Python 3.10, 3.11 or 3.12: install one and name it in ODOO_PYTHON.")


def _candidates():
    """Yield paths of Pythons, the preferred first."""
    if os.environ.get("ODOO_PYTHON"):
        yield os.environ["ODOO_PYTHON"]
    if sys.prefix == sys.base_prefix:
        yield sys.executable
    for name in ("python3", *(f"python{version}" for version in SUPPORTED)):
        if shutil.which(name):
            yield shutil.which(name)
    pyenv = os.environ.get("PYENV_ROOT") or str(pathlib.Path.home() / ".pyenv")
    for version in SUPPORTED:
        yield from sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python3"))


def _version(python):
    """Return "3.x" of a Python, or None when it does not run."""
    try:
        return run([python, "-c", VERSION], timeout=20).strip()
    except CommandError:
        return None


def environment(name, requirements, console):
    """Return the folder of a virtual environment with pinned packages.

    Environments live in the cache, one for each content of the requirements page and
    Python version, so checkouts share them.

    :param requirements: page of full pins
    :raises SetupError: it cannot be made or a package cannot be installed
    """
    python, version = interpreter()
    folder = paths.cache() / "venvs" / f"{name}-py{version}-{paths.digest(requirements)}"
    with locks.exclusive(folder.with_name(folder.name + ".lock")):
        if not (folder / "complete").exists():
            console.say(f"making the Python {version} environment for {name}")
            shutil.rmtree(folder, ignore_errors=True)
            _make(python, version, folder)
            _install(folder, requirements)
            (folder / "complete").touch()
    return folder


def _make(python, version, folder):
    """Make an empty virtual environment with pip in it."""
    if works([python, "-m", "venv", folder]):
        return
    # Debian splits `venv` from Python
    shutil.rmtree(folder, ignore_errors=True)
    if apt.install(f"python{version}-venv") and works([python, "-m", "venv", folder]):
        return
    shutil.rmtree(folder, ignore_errors=True)
    if _make_with_virtualenv(python, folder):
        return
    raise SetupError(f"{python} cannot make virtual environments: install the package python{version}-venv.")


def _make_with_virtualenv(python, folder):
    """Make the environment with `virtualenv`, fetched by pip for this user only."""
    tool = paths.cache() / "virtualenv"
    if not works([python, "-m", "pip", "install", "-q", "--target", tool, "virtualenv"]):
        return False
    return works([python, "-m", "virtualenv", folder], env={"PYTHONPATH": str(tool)})


def _install(folder, requirements):
    """Install pinned packages; none is built, so no compiler is needed."""
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    options = ["--quiet", "--no-input", "--no-deps", "--only-binary", ":all:"]
    try:
        run([*pip, "install", *options, "-r", requirements])
    except CommandError as error:
        raise SetupError(
            f"The packages of {requirements.name} could not be installed; is a Python "
            f"package registry reachable?\n{error}"
        ) from error


def site_packages(folder):
    """Return the folder that holds an environment's packages."""
    return next((folder / "lib").glob("python3.*")) / "site-packages"
