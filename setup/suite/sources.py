"""Where Odoo comes from: a source tree, the official archive, or Debian's packages."""

import dataclasses
import os
import pathlib
import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable

from . import debian, locks, paths
from .console import SetupError

SERIES = ("17.0", "19.0")
ARCHIVE = "https://nightly.odoo.com/17.0/nightly/src/odoo_17.0.latest.tar.gz"
# A network without that host must not hold the set-up back.
CONNECT_TIMEOUT = 8
CHUNK = 1 << 20
HINTS = {
    "17.0": (
        "Odoo 17.0 is not here: put its source tree in ~/.local/share/odoo/17.0 or name it in ODOO_SOURCE."
    ),
    "19.0": (
        "Odoo 19.0 comes from Debian's packages: that needs apt and, where apt's sources "
        "name none, the address of a Debian mirror in DEBIAN_MIRROR."
    ),
}


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


@dataclasses.dataclass(frozen=True)
class Offer:
    """A Source that can probably be had.

    make: function(console) that returns it, or raises SetupError
    """

    series: str
    origin: str
    make: Callable

    def __str__(self):
        return f"{self.series} ({self.origin})"


def find(series, console):
    """Return the Source for a series, or for the first one that can be had.

    The choice is the first line printed.

    :param series: "17.0", "19.0", or None to choose (17.0 first)
    :raises SetupError: not known, or not to be had
    """
    if series and series not in SERIES:
        raise SetupError(f"Odoo series {series} is not supported: choose {' or '.join(SERIES)}.")
    offers = _offers(series)
    if not offers:
        raise SetupError(HINTS.get(series) or " ".join(HINTS.values()))
    console.headline(f"Odoo series: {offers[0]}")
    return offers[0].make(console)


def available(console):
    """Return the Sources of every series that can be had, 17.0 first.

    :raises SetupError: there is none
    """
    offers = {}
    for offer in _offers(None):
        offers.setdefault(offer.series, offer)
    if not offers:
        raise SetupError(" ".join(HINTS.values()))
    console.headline(f"Odoo series: {', '.join(map(str, offers.values()))}")
    found = []
    for offer in offers.values():
        try:
            found.append(offer.make(console))
        except SetupError as error:
            console.say(f"no Odoo {offer.series}: {error}")
    return found


def _offers(series):
    """Return the Offers for a series, or for all of them, the preferred first."""
    offers = []
    for folder, origin in _trees():
        source = _from_tree(folder, origin)
        if source:
            offers.append(Offer(source.series, source.origin, lambda console, s=source: s))
    if not offers and series != "19.0" and _archive_reachable():
        offers.append(Offer("17.0", "official archive", _from_archive))
    if debian.obtainable():
        offers.append(Offer("19.0", f"Debian package {debian.PACKAGE}", _from_debian))
    return [offer for offer in offers if series in (None, offer.series)]


def _trees():
    """Yield (folder, words) of the places where a source tree may be."""
    if os.environ.get("ODOO_SOURCE"):
        yield os.environ["ODOO_SOURCE"], "ODOO_SOURCE"
    yield pathlib.Path.home() / ".local/share/odoo/17.0", "source tree"


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


def _archive_folder():
    return paths.cache() / "odoo-17.0"


def _archive_reachable():
    """Tell whether the official archive is here already or can be downloaded."""
    if (_archive_folder() / "complete").exists():
        return True
    request = urllib.request.Request(ARCHIVE, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=CONNECT_TIMEOUT) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _from_archive(console):
    """Return the Source of the official archive, downloading it if needed."""
    folder = _archive_folder()
    with locks.exclusive(folder.with_name(folder.name + ".lock")):
        if not (folder / "complete").exists():
            console.say("downloading the official Odoo 17.0 archive")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            _download(folder / "odoo.tar.gz")
            with tarfile.open(folder / "odoo.tar.gz") as archive:
                archive.extractall(folder / "tree")
            (folder / "odoo.tar.gz").unlink()
            (folder / "complete").touch()
    tree = next((folder / "tree").glob("*/odoo")).parent
    start = tree / "odoo-bin"
    if not start.exists():
        # the archive has the start script elsewhere
        shutil.copy(tree / "setup" / "odoo", start)
    return _from_tree(tree, "official archive")


def _download(target):
    """Download the official archive.

    :raises SetupError: it does not arrive
    """
    try:
        with urllib.request.urlopen(ARCHIVE, timeout=CONNECT_TIMEOUT) as answer:
            with open(target, "wb") as file:
                shutil.copyfileobj(answer, file, CHUNK)
    except (urllib.error.URLError, OSError) as error:
        raise SetupError(f"The official Odoo archive did not arrive: {error}") from error


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
