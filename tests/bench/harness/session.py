"""Odoo's registry inside this process: makes data, and runs what is measured below HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from suite.environment import Environment

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config


def configure(environment: Environment, folder: Path) -> None:
    """Point the Odoo of this process to the environment's databases; once, before any Session."""
    path = folder / "bench.conf"
    environment.write_configuration(path, {"log_level": "error", "workers": 0}, jobs="root:1", port=0)
    config.parse_config(["-c", str(path)])


class Session:
    """One database.

    :param database: full name
    """

    def __init__(self, environment: Environment, database: str) -> None:
        self.environment = environment
        self.database = database
        self.registry = Registry(database)

    @contextmanager
    def transaction(self) -> "Iterator[odoo.api.Environment]":
        """An environment of the superuser; committed at the end, servers on this database notice."""
        with self.registry.cursor() as cr:
            yield odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        self.registry.signal_changes()

    @contextmanager
    def sql(self) -> "Iterator[psycopg2.extensions.cursor]":
        """A bare cursor outside Odoo, every statement committed at once."""
        connection = self.environment.connect(self.database)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def vacuum(self) -> None:
        """Bring statistics and visibility up to date after a lot was written."""
        with self.sql() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
