"""Runs SQL for the set-up, which itself has no database driver.

The statement travels to the Python of a series' environment, which has psycopg2.
"""

import json

from .commands import CommandError, run
from .console import SetupError

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
