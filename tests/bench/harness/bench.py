"""The frame a benchmark runs in: databases and servers that go away with it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from suite.environment import Environment

from .catalogue import Catalogue, build
from .sampling import say
from .session import Session, configure


class Bench:
    """What a case needs.

    :param environment: the prepared environment of the series
    :param scale: 1 for the real figures; less for a quick look at the benchmarks themselves
    """

    def __init__(self, environment: Environment, scale: float = 1.0) -> None:
        self.environment = environment
        self.scale = scale
        self._catalogue: tuple[Session, Catalogue] | None = None
        self._stack = ExitStack()
        configure(environment, environment.run / "config")

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    @contextmanager
    def session(self, name: str) -> Iterator[Session]:
        """A fresh database with all addons, dropped at the end."""
        database = self.environment.create_database(f"bench_{name}")
        try:
            yield Session(self.environment, database)
        finally:
            self._drop(database)

    @contextmanager
    def catalogued(self, name: str) -> Iterator[tuple[Session, Catalogue]]:
        """A database with products, stock, customers and a shop; all of them are alike."""
        if not self._catalogue:
            template = self._stack.enter_context(self.session("catalogue"))
            say("making products, stock and customers")
            self._catalogue = template, build(template)
        template, catalogue = self._catalogue
        with self._copy(template, name) as session:
            yield session, catalogue

    @contextmanager
    def _copy(self, session: Session, name: str) -> Iterator[Session]:
        """A copy of another session's database, dropped at the end."""
        _disconnect(session.database)
        database = f"{self.environment.databases.prefix}_bench_{name}"
        self.environment.databases.copy(session.database, database)
        try:
            yield Session(self.environment, database)
        finally:
            self._drop(database)

    def server(self, session: Session, **options: Any) -> Any:
        """A server of this database alone, as in production; no cron disturbs it."""
        settings = {
            "max_cron_threads": 0,
            "log_level": "error",
            "dbfilter": None,
            **options.pop("options", {}),
        }
        return self.environment.server(session.database, options=settings, **options)

    def size(self, number: int) -> int:
        """Return a number of the real run at the scale of this one."""
        return max(1, round(number * self.scale))

    def _drop(self, database: str) -> None:
        _disconnect(database)
        self.environment.drop_database(database)


def _disconnect(database: str) -> None:
    """Close the connections and forget the registry of a database in this process."""
    import odoo
    from odoo.modules.registry import Registry

    Registry.delete(database)
    odoo.sql_db.close_db(database)
