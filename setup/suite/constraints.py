"""Compares the SQL constraints our models declare with those a database has.

Odoo logs little when a constraint is not made, and a port that loses one is silent.
"""

import ast

PREFIX = 50  # longer names are cut differently by each series

QUERY = """
SELECT c.relname, k.conname
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
"""


def declared(folder):
    """Return the constraints declared below a folder of addons.

    :return: set of (table, name); the table is None for an abstract model's
    """
    found = set()
    for path in folder.rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                found |= _of_class(node)
    return found


def missing(folder, rows):
    """Return texts on declared constraints that a database lacks.

    :param rows: what QUERY gives
    """
    present = {(table, name[:PREFIX]) for table, name in rows}
    texts = []
    for table, name in sorted(declared(folder), key=str):
        if table is None:
            known = any(full.endswith(f"_{name}"[:PREFIX]) for _table, full in present)
        else:
            known = (table, f"{table}_{name}"[:PREFIX]) in present
        if not known:
            texts.append(f"constraint {name} of {table or 'an abstract model'} is not in the database")
    return texts


def _of_class(node):
    """Return the constraints a class declares."""
    values = {
        target.id: statement.value
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    if "_sql_constraints" not in values:
        return set()
    table = None if _is_abstract(node) else _table(values)
    return {(table, item.elts[0].value) for item in values["_sql_constraints"].elts}


def _is_abstract(node):
    return any(getattr(base, "attr", "") == "AbstractModel" for base in node.bases)


def _table(values):
    """Return the table of a model class."""
    if "_table" in values:
        return values["_table"].value
    name = values.get("_name") or values["_inherit"]
    if isinstance(name, ast.List):
        name = name.elts[0]
    return name.value.replace(".", "_")
