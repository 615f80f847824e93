"""Where things are kept: the checkout, its state, and the cache shared by checkouts."""

import hashlib
import os
import pathlib
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETUP = ROOT / "setup"
RUN = ROOT / ".run"


def addons_source():
    """Return the folder of our addons as written (17.0 dialect).

    `DIST_INTEGRATION_ADDONS` names another folder, for experiments.
    """
    return pathlib.Path(os.environ.get("DIST_INTEGRATION_ADDONS") or ROOT / "addons")


def checkout_id():
    """Return eight hexadecimal digits that tell this checkout from any other."""
    return hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]


def cache():
    """Return the cache folder shared by all checkouts of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "dist-integration"


def run_folder(series):
    """Return (and make) the folder of this checkout's state for one series."""
    folder = RUN / series
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def postgres_home():
    """Return the folder for private PostgreSQL clusters.

    PostgreSQL refuses to run as root, and the unprivileged user that runs it for root
    cannot enter root's home: root's clusters live in the system's state folder.
    """
    if os.geteuid() == 0:
        return pathlib.Path("/var/lib/dist-integration")
    return cache() / "postgres"


def socket_folder(name):
    """Return a folder for a Unix socket; its path must stay below 100 characters."""
    return pathlib.Path(tempfile.gettempdir()) / f"di-{os.geteuid()}-{name}"


def digest(*parts):
    """Return twelve hexadecimal digits over texts, bytes and files' contents."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, pathlib.Path):
            part = part.read_bytes()
        total.update(part if isinstance(part, bytes) else str(part).encode())
        total.update(b"\0")
    return total.hexdigest()[:12]


def digest_tree(folder, *parts, without=()):
    """Return a digest over every file below `folder`, names and contents.

    :param parts: texts that count as well
    :param without: names of folders left out, besides compiled files
    """
    total = hashlib.sha256(repr(parts).encode())
    left_out = {"__pycache__", *without}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if left_out.isdisjoint(name.parts) and path.is_file():
            total.update(str(name).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]
