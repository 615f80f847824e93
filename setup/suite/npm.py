"""Files from npm packages, unpacked without installing anything."""

import shutil
import tarfile

from .commands import CommandError, run

TIMEOUT = 120


def unpack(package, folder):
    """Download one npm package and return the folder its files are in.

    :param package: name@version
    :raises CommandError: npm is missing, or does not reach its registry
    """
    if not shutil.which("npm"):
        raise CommandError("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    run(["npm", "pack", "--silent", package], cwd=folder, timeout=TIMEOUT)
    archive = next(folder.glob("*.tgz"))
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if m.isfile() and ".." not in m.name]
        tar.extractall(folder, members=members)
    archive.unlink()
    return folder / "package"
