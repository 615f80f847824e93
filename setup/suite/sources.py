"""Where Odoo comes from: a source tree, the official archive, or Debian's packages."""

import dataclasses
import os
import pathlib
import shutil
import tarfile
import urllib.error
import urllib.request

from . import debian, locks, paths
from .console import SetupError

SERIES = ("17.0", "19.0")
ARCHIVE = "https://nightly.odoo.com/17.0/nightly/src/odoo_17.0.latest.tar.gz"
# A network without that host must not hold the set-up back.
CONNECT_TIMEOUT = 8
CHUNK = 1 << 20


@dataclasses.dataclass(frozen=True)
class Source:
    """An Odoo to run.

    series: "17.0" or "19.0"
    import_path: folder that holds the package `odoo`
    command: the script that starts it
    addons: folders with Odoo's own addons
    version: text that changes when the code does
    origin: words for a person
    """

    series: str
    import_path: pathlib.Path
    command: pathlib.Path
    addons: tuple
    version: str
    origin: str


def find(series, console):
    """Return the Source for a series, or for the first one that can be had.

    :param series: "17.0", "19.0", or None to choose (17.0 first)
    :raises SetupError: not known, or not to be had
    """
    if series and series not in SERIES:
        raise SetupError(f"Odoo series {series} is not supported: choose {' or '.join(SERIES)}.")
    named = os.environ.get("ODOO_SOURCE")
    if named and (source := _from_tree(named, "ODOO_SOURCE")):
        if series in (None, source.series):
            return source
    if series in (None, "17.0"):
        source = _local_tree() or _from_archive(console)
        if source:
            return source
        if series:
            raise SetupError(
                "Odoo 17.0 is not here: put its source tree in ~/.local/share/odoo/17.0 "
                "or name it in ODOO_SOURCE."
            )
    return _from_debian(console)


def available(console):
    """Return the Sources of every series that can be had, 17.0 first."""
    found = []
    for series in SERIES:
        try:
            found.append(find(series, console))
        except SetupError as error:
            console.say(f"no Odoo {series}: {error}")
    return found


def _local_tree():
    """Return the Source of the source tree kept for this user, if there is one."""
    return _from_tree(pathlib.Path.home() / ".local/share/odoo/17.0", "source tree")


def _from_tree(folder, origin):
    """Return the Source of an Odoo source tree, or None."""
    folder = pathlib.Path(folder).expanduser()
    release = folder / "odoo" / "release.py"
    if not release.exists() or not (folder / "odoo-bin").exists():
        return None
    facts = {}
    exec(compile(release.read_text(), str(release), "exec"), facts)  # noqa: S102
    addons = tuple(path for path in (folder / "odoo/addons", folder / "addons") if path.exists())
    return Source(
        series=facts["series"],
        import_path=folder,
        command=folder / "odoo-bin",
        addons=addons,
        version=f"{facts['version']} {folder}",
        origin=f"{origin} {folder}",
    )


def _from_archive(console):
    """Return the Source of the official archive, downloading it where possible."""
    folder = paths.cache() / "odoo-17.0"
    with locks.exclusive(folder.with_name(folder.name + ".lock")):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            if not _download(folder / "odoo.tar.gz", console):
                return None
            with tarfile.open(folder / "odoo.tar.gz") as archive:
                archive.extractall(folder / "tree")
            (folder / "odoo.tar.gz").unlink()
            (folder / "complete").touch()
    trees = [path.parent for path in (folder / "tree").glob("*/odoo")]
    return _from_archive_tree(trees[0]) if trees else None


def _from_archive_tree(folder):
    """Return the Source of an unpacked archive, which has no `odoo-bin` at its top."""
    start = folder / "odoo-bin"
    if not start.exists():
        shutil.copy(folder / "setup" / "odoo", start)
    return _from_tree(folder, "official archive")


def _download(target, console):
    """Download the official archive; tell whether it arrived."""
    try:
        with urllib.request.urlopen(ARCHIVE, timeout=CONNECT_TIMEOUT) as answer:
            console.say("downloading the official Odoo 17.0 archive")
            with open(target, "wb") as file:
                shutil.copyfileobj(answer, file, CHUNK)
    except (urllib.error.URLError, OSError):
        return False
    return True


def _from_debian(console):
    """Return the Source of Odoo 19.0 made from Debian's packages."""
    root = debian.source_tree(console)
    modules = root / debian.MODULES
    own = root.parent / "addons"
    return Source(
        series="19.0",
        import_path=modules,
        command=root / "usr/bin/odoo",
        # the folder `addons` beside `odoo` is an incomplete copy
        addons=(modules / "odoo/addons", *([own] if own.exists() else [])),
        version=debian.version(root),
        origin=f"Debian package {debian.version(root).removesuffix('_all.deb')}",
    )
