"""Our addons for 19.0: ported once for each content, by `port19`."""

import shutil

from . import paths
from .commands import run
from .console import SetupError


def ported(source, folder, python, console):
    """Return the folder with the ported copy of our addons.

    :param source: folder of the addons as written
    :param folder: where the copy goes
    :param python: a Python that has lxml
    :raises SetupError: a rule meets something it cannot port
    """
    target = folder / "addons"
    mark = folder / "addons.digest"
    content = paths.digest_tree(source, paths.digest_tree(paths.SETUP / "suite" / "port19"))
    if target.exists() and mark.exists() and mark.read_text() == content:
        return target
    if not source.is_dir():
        raise SetupError(f"There is no folder of addons at {source}.")
    console.say("porting the addons to 19.0")
    fresh = folder / "addons.new"
    run(
        [python, "-m", "suite.port19", source, fresh],
        env={"PYTHONPATH": str(paths.SETUP)},
    )
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    mark.write_text(content)
    return target
