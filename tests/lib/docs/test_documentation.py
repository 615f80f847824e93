"""The documentation says what there is, and shows what it speaks of."""

from __future__ import annotations

import ast
import fnmatch
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from dist_integration_planning.lib.plan_file import COLUMNS

ROOT = Path(__file__).resolve().parents[3]
DOCS = sorted((ROOT / "docs").glob("*.md"))
READERS = {"administrator", "developer", "integrator", "planning", "warehouse"}
# tests have types of their own
OWN = "test_"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#]+)(#[^)]*)?\)")


def read_types() -> dict[str, str]:
    """Return the direction of each message type that an addon brings, by its code."""
    types = {}
    for file in (ROOT / "addons").glob("*/data/*.xml"):
        if file.parts[-3].startswith(OWN):
            continue
        for record in ElementTree.parse(file).iterfind(".//record[@model='dist.message.type']"):
            values = {field.get("name"): field.text for field in record.iterfind("field")}
            types[values["code"]] = values["direction"]
    return types


def read_effects() -> dict[str, str]:
    """Return what the table of the integrator's pages says of the direction of each message type, by its code."""
    text = (ROOT / "docs" / "integrator.md").read_text(encoding="utf-8")
    table = text.split("| message | document | on hand | reserved | available |", 1)[1].split("\n\n", 1)[0]
    effects = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        for code in re.findall(r"`([a-z.]+)`", cells[0]):
            assert len(cells) == 5, line
            assert cells[1], f"{code} touches no document"
            effects[code] = "out" if "(out)" in cells[0] else "in"
    return effects


def test_every_message_and_its_effect():
    """O4, W1-W9: the table names every message type, its way, its document, and none that is gone."""
    assert read_effects() == read_types()


def test_every_reader():
    """O4: administrator, warehouse, planner, integrator and developer have their pages."""
    assert {file.stem for file in DOCS} == READERS


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.stem)
def test_links(file):
    """O4: what a page shows or leads to is there; every picture has words for those who do not see it."""
    text = file.read_text(encoding="utf-8")
    for path, _anchor in LINK.findall(text):
        if "://" not in path:
            assert (file.parent / path).is_file(), path
    assert not re.search(r"!\[\s*\]", text)


def test_pictures():
    """O4: every picture is taken from the running system by the script, and shown somewhere."""
    script = (ROOT / "tests" / "screenshots.py").read_text(encoding="utf-8")
    shown = {
        Path(path).name for file in [*DOCS, ROOT / "README.md"] for path, _ in LINK.findall(file.read_text())
    }
    pictures = {file.name for file in (ROOT / "docs" / "images").glob("*.png")}
    assert pictures
    assert pictures <= shown
    assert all(f'"{Path(name).stem}"' in script for name in pictures)


PLANNING = ROOT / "docs" / "planning.md"
DATASETS = ROOT / "addons" / "dist_integration_planning" / "models" / "datasets"
TYPES = {"text": "text", "long": "text", "number": "number", "date": "day", "json": "JSON"}


def read_rows(head: str) -> list[list[str]]:
    """Return the cells of the rows of the planner's table of this head."""
    table = PLANNING.read_text(encoding="utf-8").split(f"{head}\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()[1:]]


def read_datasets() -> dict[str, list[tuple[str, str]]]:
    """Return name and type of the columns of each file of an export."""
    found = {}
    for file in DATASETS.glob("*.py"):
        functions = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for function in functions:
            if isinstance(function, ast.FunctionDef) and function.name == "_get_columns":
                calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
                values = [[argument.value for argument in call.args] for call in calls]
                if values:
                    found[file.stem] = [(*value, "text")[:2] for value in values]
    return found


def test_columns_of_plans():
    """P2, O4: the table names every column of a plan's files in its order, its type, and whether a row needs it."""
    said: dict[str, list[tuple[str, str]]] = {}
    for kind, names, type_and_need, _meaning in read_rows("| rows | column | | holds |"):
        said.setdefault(kind, []).extend((name, type_and_need) for name in re.findall(r"`(\w+)`", names))
    assert said == {
        kind: [
            (column.name, TYPES[column.kind] + (", needed" if column.required else "")) for column in columns
        ]
        for kind, columns in COLUMNS.items()
    }


def test_columns_of_exports():
    """P1, O4: the table names every column of an export's files in its order; moments, days and flags are named."""
    datasets = read_datasets()
    rows = read_rows("| file | column |")
    said = {file.strip("`"): re.findall(r"`(\w+)`", names) for file, names in rows}
    assert said == {name: [column for column, _type in columns] for name, columns in datasets.items()}
    text = PLANNING.read_text(encoding="utf-8").split("Moments such as", 1)[1].split("\n\n", 1)[0]
    own = {"flag": {"removed"}}
    for words, kind in zip(text.split(";"), ("moment", "date", "flag"), strict=True):
        assert set(re.findall(r"`(\w+)`", words)) == own.get(kind, set()) | {
            column for columns in datasets.values() for column, found in columns if found == kind
        }


def test_patterns_of_plans():
    """P2, O4: the files that the planner's page names are fetched by the patterns that it gives."""
    text = PLANNING.read_text(encoding="utf-8").split("**Import.**", 1)[1].split("\n\n", 1)[0]
    patterns = re.findall(r"`(\*_\S+)`", text)
    names = re.findall(r"`(R-1042_\S+)`", text)
    assert names
    assert all(any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns) for name in names)
