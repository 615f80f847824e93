"""The documentation says what there is, and shows what it speaks of."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

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
