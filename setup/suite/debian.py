"""Odoo 19.0 from Debian's packages, unpacked into a private folder.

Debian's unstable suite packages Odoo 19.  Nothing is installed system-wide: apt runs
with a configuration of its own, only downloads, and `dpkg -x` unpacks.
"""

import ast
import os
import pathlib
import re
import shutil

from . import locks, npm, paths
from .commands import CommandError, run

PACKAGE = "odoo-19"
# Odoo's files link into these packages.
LINKED = (
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
    "fonts-ocr-b",
)
MODULES = "usr/lib/python3/dist-packages"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DOWNLOAD_TIMEOUT = 900

APT_CONFIGURATION = """\
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "{folder}/lists";
Dir::State::Status "{folder}/status";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
"""

# Debian leaves a non-free library out that a bundle of Odoo's still names: each page
# of the backend then logs an error.  This addon takes it out of the bundle.
HEALING_ADDON = "odoo19_debian_assets"
HEALING_MANIFEST = """\
{
    "name": "Assets that Debian leaves out",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "dist_integration",
    "depends": ["mail"],
    "auto_install": True,
    "assets": %r,
}
"""


def _folder():
    return paths.cache() / "odoo-19.0"


def obtainable():
    """Tell whether the packages are here already or can probably be downloaded."""
    if (_folder() / "complete").exists():
        return True
    return bool(shutil.which("apt-get") and shutil.which("dpkg") and mirrors())


def source_tree(console):
    """Return the folder with Odoo 19's packages, after downloading them if needed.

    :raises SetupError: no Debian mirror is reachable
    """
    folder = _folder()
    with locks.exclusive(folder.with_name(folder.name + ".lock")):
        if not (folder / "complete").exists():
            console.say("fetching Odoo 19.0 from Debian's packages (130 MB)")
            shutil.rmtree(folder, ignore_errors=True)
            _fetch(folder)
            (folder / "complete").touch()
    return folder / "root"


def version(root):
    """Return a text that names the version unpacked in `root`."""
    return (root.parent / "version").read_text().strip()


def _fetch(folder):
    """Download and unpack everything into `folder`."""
    downloads = folder / "download"
    _configure_apt(downloads)
    environment = {"APT_CONFIG": str(downloads / "apt.conf")}
    run(["apt-get", "-q", "update"], env=environment, timeout=DOWNLOAD_TIMEOUT)
    run(
        ["apt-get", "-q", "download", PACKAGE, *LINKED],
        cwd=downloads,
        env=environment,
        timeout=DOWNLOAD_TIMEOUT,
    )
    root = folder / "root"
    root.mkdir()
    for package in sorted(downloads.glob("*.deb")):
        run(["dpkg", "-x", package, root])
    odoo_package = next(downloads.glob(f"{PACKAGE}_*.deb"))
    (folder / "version").write_text(odoo_package.name + "\n")
    shutil.rmtree(downloads)
    _heal_links(root)
    _heal_icons(root)
    _heal_assets(root)


def mirrors():
    """Return the addresses of the Debian mirrors this machine's own apt uses.

    `DEBIAN_MIRROR` names one where apt's sources do not.
    """
    texts = [f"URIs: {os.environ['DEBIAN_MIRROR']}"] if os.environ.get("DEBIAN_MIRROR") else []
    etc = pathlib.Path("/etc/apt")
    for path in [etc / "sources.list", *sorted(etc.glob("sources.list.d/*"))]:
        if path.suffix in (".list", ".sources") and path.is_file():
            texts.append(path.read_text(errors="replace"))
    pattern = r"^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(\S+/debian(?:/|\.list)?)(?=\s|$)"
    return list(dict.fromkeys(re.findall(pattern, "\n".join(texts), re.M)))


def _configure_apt(folder):
    """Write apt's private configuration into `folder`."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirrors()[0]} unstable main\n")
    (folder / "apt.conf").write_text(APT_CONFIGURATION.format(folder=folder))


def _heal_links(root):
    """Point links with an absolute target at the same place below `root`."""
    for path in root.rglob("*"):
        if path.is_symlink():
            target = path.readlink()
            if target.is_absolute() and (root / target.relative_to("/")).exists():
                path.unlink()
                path.symlink_to(root / target.relative_to("/"))


def _heal_icons(root):
    """Put the icon font's version 4 where Odoo's links expect it.

    Debian ships a later version under other file names; without the font every icon of
    the web client is an empty box, which is why a machine without npm only loses icons.
    """
    wanted = root / "usr/share/fonts-font-awesome/fonts"
    try:
        package = npm.unpack("font-awesome@4.7.0", root.parent / "font-awesome")
    except CommandError:
        return
    wanted.mkdir(parents=True, exist_ok=True)
    for font in (package / "fonts").iterdir():
        if not (wanted / font.name).exists():
            shutil.copy(font, wanted / font.name)


def _heal_assets(root):
    """Write an addon that takes assets out of bundles whose files are not there."""
    addons = root / MODULES / "odoo" / "addons"
    found = _bundle_of(addons / "mail" / "__manifest__.py", "selfie_segmentation")
    if found:
        bundle, asset = found
        folder = root.parent / "addons" / HEALING_ADDON
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        assets = {bundle: [("remove", asset)]}
        (folder / "__manifest__.py").write_text(HEALING_MANIFEST % assets)


def _bundle_of(manifest, word):
    """Return (bundle, asset) of the first asset of a manifest that holds `word`."""
    assets = ast.literal_eval(manifest.read_text()).get("assets", {})
    for bundle, entries in assets.items():
        for entry in entries:
            if isinstance(entry, str) and word in entry:
                return bundle, entry
    return None
