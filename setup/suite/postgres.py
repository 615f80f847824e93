"""The PostgreSQL server in use: one that is named, or a private cluster."""

import os
import shutil

from . import cluster, locks, paths, postgres_binaries
from .console import SetupError

NAMES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSERVICE")


class NamedServer:
    """A running server that the PG* variables name; it is not ours to restart.

    environment: the PG* variables that reach it
    filestore: folder with the files that belong to its base templates
    """

    private = False

    def __init__(self):
        self.environment = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
        if self.environment.get("PGUSER") == "postgres":
            raise SetupError(
                "Odoo refuses to run as the role postgres: name another in PGUSER, one "
                "that may create databases."
            )
        place = [self.environment.get(name) for name in ("PGHOST", "PGPORT", "PGSERVICE")]
        self.filestore = paths.cache() / "filestore" / f"named-{paths.digest(place)}"
        self.name = f"server at {self.environment.get('PGHOST', 'its default socket')}"

    def use(self):
        """Nothing to note: the server is somebody else's."""

    def release(self):
        """Nothing to let go."""

    def restart(self, mode="fast"):
        """Refuse: other people may work on that server."""
        raise SetupError(
            "This PostgreSQL is named by PG* variables and not ours to restart: unset "
            "them to get a private one."
        )


class PrivateServer:
    """A cluster of this checkout and series, started from a copy of a golden one.

    The attributes are NamedServer's.
    """

    private = True

    def __init__(self, own, major, filestore):
        self.cluster = own
        self.filestore = filestore
        self.environment = own.environment
        self.name = f"private PostgreSQL {major}"

    def use(self):
        """Note that this process uses the cluster."""
        self.cluster.use()

    def release(self):
        """Stop the cluster unless another process uses it."""
        if self.cluster.release():
            self.cluster.stop()

    def restart(self, mode="fast"):
        """Restart the server.

        :param mode: "smart", "fast", or "immediate" for what clients see at a crash
        """
        self.cluster.restart(mode)


def is_named():
    """Tell whether PG* variables name a server."""
    return any(os.environ.get(name) for name in ("PGHOST", "PGSERVICE", "PGUSER"))


def find(series, key, build, console):
    """Return a running server that holds the base templates.

    :param key: text that changes when the templates must be made anew
    :param build: function(server) that makes the missing templates on a server
    :raises SetupError: no server can be had
    """
    if is_named():
        server = NamedServer()
        with locks.exclusive(paths.cache() / "locks" / f"named-{paths.digest(key)}.lock"):
            build(server)
        return server
    programs, major = postgres_binaries.find(console)
    golden_name = f"{series}-pg{major}-{paths.digest(key)}"
    own = cluster.Cluster(paths.postgres_home() / paths.checkout_id() / series, programs)
    server = PrivateServer(own, major, _filestore(golden_name))
    server.use()
    with locks.exclusive(paths.cache() / "locks" / f"{paths.checkout_id()}-{series}.lock"):
        if not _fits(own, golden_name):
            _copy_golden(golden_name, own, major, build, console)
        own.start()
    return server


def _filestore(golden_name):
    return paths.cache() / "filestore" / f"golden-{golden_name}"


def _fits(own, golden_name):
    """Tell whether a checkout's cluster comes from the templates wanted."""
    try:
        return (own.folder / "golden").read_text() == golden_name and own.sound()
    except OSError:
        return False


def _copy_golden(name, own, major, build, console):
    """Make `own` a copy of the golden cluster, which is made first if needed."""
    golden = cluster.Cluster(paths.postgres_home() / "golden" / name, own.programs)
    filestore = _filestore(name)
    marks = (golden.folder / "complete", filestore / "complete")
    with locks.exclusive(paths.cache() / "locks" / f"golden-{name}.lock"):
        if not all(mark.exists() for mark in marks):
            console.say("making the template databases, once for all checkouts")
            golden.remove()
            shutil.rmtree(filestore, ignore_errors=True)
            golden.create()
            golden.start()
            try:
                build(PrivateServer(golden, major, filestore))
            finally:
                golden.stop()
            for mark in marks:
                mark.touch()
        own.copy_from(golden)
        (own.folder / "golden").write_text(name)
