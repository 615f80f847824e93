"""Runs SQL for the set-up, which itself has no database driver.

The statement travels to the Python of a series' environment, which has psycopg2.
"""

import json

from .commands import CommandError, run
from .console import SetupError

DROP_ATTEMPTS = 3
DRIVER = """
import json, sys, psycopg2
task = json.load(sys.stdin)
connection = psycopg2.connect(**task["target"])
connection.autocommit = True
with connection.cursor() as cursor:
    for statement, parameters in task["statements"]:
        cursor.execute(statement, parameters)
    rows = cursor.fetchall() if cursor.description else []
json.dump(rows, sys.stdout, default=str)
"""


def target(environment, database):
    """Return psycopg2's arguments for PG* variables and a database."""
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password"}
    found = {word: environment[name] for name, word in names.items() if environment.get(name)}
    return {**found, "dbname": database}


def execute(python, environment, database, *statements):
    """Run statements, each for itself, and return the rows of the last one.

    :param python: a Python that has psycopg2
    :param statements: SQL texts, or pairs of SQL and its parameters
    :raises SetupError: the server refuses
    """
    pairs = [(s, None) if isinstance(s, str) else s for s in statements]
    task = {"target": target(environment, database), "statements": pairs}
    try:
        return json.loads(run([python, "-c", DRIVER], stdin=json.dumps(task)))
    except CommandError as error:
        raise SetupError(f"PostgreSQL refused: {error}") from error


def drop(python, environment, database):
    """Drop a database, ending the sessions of our own role that are on it.

    ``DROP DATABASE ... WITH (FORCE)`` does that too, but only a superuser's succeeds while autovacuum
    is at work on the database.

    :raises SetupError: as of `execute`; somebody else is on it, or sessions come back again and again
    """
    end_sessions = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND usename = user"
    )
    for attempt in range(DROP_ATTEMPTS):
        try:
            execute(
                python,
                environment,
                "template1",
                (end_sessions, [database]),
                f'DROP DATABASE IF EXISTS "{database}"',
            )
            return
        except SetupError:
            if attempt == DROP_ATTEMPTS - 1:
                raise
