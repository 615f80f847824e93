"""`make clean` and `make distclean`: what they undo, and what they leave."""

import shutil

from . import cluster, databases, notes, paths, postgres, postgres_binaries, query
from .console import SetupError


def clean(console):
    """End this checkout's processes, drop its databases, delete its state."""
    for name in notes.end_processes():
        console.plain(f"stopped {name}")
    for series, facts in sorted(notes.environments()):
        _drop_named(series, facts, facts["prefix"], console)
    _remove_clusters(console)
    for folder in (paths.RUN, paths.ROOT / "build"):
        if folder.exists():
            shutil.rmtree(folder)
            console.plain(f"deleted {folder.relative_to(paths.ROOT)}/")
    for folder in paths.ROOT.rglob("__pycache__"):
        shutil.rmtree(folder, ignore_errors=True)
    if postgres.is_named():
        console.plain(f"left: the databases {databases.BASE_PREFIX}_* on the named server")
    console.plain(f"left: {paths.cache()} and {paths.postgres_home()}, shared by all checkouts")


def distclean(console):
    """Clean, then delete what all checkouts share."""
    for series, facts in sorted(notes.environments()):
        _drop_named(series, facts, databases.BASE_PREFIX, console)
    clean(console)
    home = paths.postgres_home()
    shared = ("golden", postgres_binaries.COPIES)
    others = [path.name for path in home.glob("*") if not path.name.startswith(shared)]
    if others:
        raise SetupError(
            f"Other checkouts still have databases ({', '.join(sorted(others))} in {home}): "
            "run `make clean` there first."
        )
    for folder in (home, paths.cache()):
        if folder.exists():
            shutil.rmtree(folder)
            console.plain(f"deleted {folder}")
    console.plain("left: what apt installed, and Odoo's source tree in ~/.local/share/odoo")


def _remove_clusters(console):
    """Stop and delete this checkout's private clusters.

    :raises SetupError: a test run of this checkout still works with one
    """
    home = paths.postgres_home() / paths.checkout_id()
    for folder in sorted(home.glob("*")):
        private = cluster.Cluster(folder)
        if not private.release():
            raise SetupError(f"A test run of this checkout still uses {folder}: stop it first.")
        private.remove()
        console.plain(f"deleted the databases of this checkout for Odoo {folder.name}")
    if home.exists():
        home.rmdir()


def _drop_named(series, facts, prefix, console):
    """Drop the databases with a prefix on a server that is not ours.

    :raises SetupError: no PG* variables say how to reach it
    """
    if not facts["named_server"]:
        return
    if not postgres.is_named():
        raise SetupError(
            f"Databases {prefix}_* are on the {facts['named_server']}: set the same "
            "PG* variables as before, so that they can be dropped."
        )
    server = postgres.NamedServer()
    pattern = prefix.replace("_", r"\_") + r"\_%"
    select = ("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern])
    for (name,) in query.execute(facts["python"], server.environment, "template1", select):
        query.drop(facts["python"], server.environment, name)
        console.plain(f"dropped database {name} of Odoo {series}")
