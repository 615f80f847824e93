"""Declarations: what a document's segments mean, as data, and a partner's deviations laid over them.

A declaration is a dict:

``document``, ``standard``, ``code``, ``group``
    canonical document, ``X12`` or ``EDIFACT``, ``850`` or ``ORDERS``, functional code of GS01
``structure``
    see :mod:`.structure`
``fields``
    rows, read from top to bottom and written in that order within a segment's place:

    ``{"to": "number", "from": "BEG03"}``
        element 3 of BEG. ``DTM02(01=002)``: of the DTM whose element 1 is 002; ``RFF01.2(01.1=ON)``: component 2;
        ``N1(01=ST)/N301``: in the loop N1 whose element 1 is ST; ``../LX01``: in the loop around. Several
        in a list: the first one found is read, the
        first one is written. ``*`` as a condition's value: something is there
    ``as``
        ``text`` (left out), ``decimal``, ``N0`` to ``N9``, ``gtin``, ``date``, ``moment`` (the next element of X12 is
        the time), ``day`` (the same without time),
        ``integer``. Dates of EDIFACT name the composite's element: ``DTM01(01.1=137)``
    ``codes``, ``unknown``
        code list of :mod:`.codes`; ``keep`` leaves codes that are not in it as they are
    ``default``, ``required``, ``constant``, ``count``
        stands in when nothing is there (null and, for a list, ``[]`` as well; ``$index`` is the number of
        the entry); must be
        there; written always; written as number of entries of a list, and
        compared with it on reading
    ``written``
        of a row or a list: it is written, and not read, since the canonical document has no such field
    ``split``
        this many components hold parts of one text, of ``width`` characters each; with ``cut`` a longer text is cut off
        when written, else refused
    ``{"list": "lines", "each": "PO1", "fields": [...]}``
        an entry for each loop or segment; paths are relative to it
    ``{"map": "parties", "each": "N1", "key": {...}, "fields": [...]}``
        the same, an object by the key's value
    ``derived``
        of a list: other rows write what it is read from, so it is not written, and equal entries are one
    ``{"items": "item", "from": "PO106"}``
        pairs of qualifier and item number from there on, in any order
``hierarchy``
    see :mod:`.hierarchy`

An overlay is a dict as well. Its ``fields`` are by path (``lines.requested_date``): a dict is laid over the row, None
takes it away, a new path with ``from`` adds a row. ``structure``, ``codes`` (canonical word to code),
``item_numbers`` and
``options`` replace or extend their like. Whatever a partner has beyond our documents goes to ``extensions.<name>``.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .codes import ITEM_NUMBERS, Table, by_code, table
from .errors import DeclarationError
from .structure import Level, parse_structure

# default of a row: the number of its entry in the list
INDEX = "$index"
_STEP = re.compile(
    r"(?P<tag>[A-Z][A-Z0-9]{1,2}?)(?P<element>[0-9]{2})?(?:\.(?P<component>[0-9]+))?(?P<conditions>(?:\([^()]*\))*)"
)
_CONDITION = re.compile(r"\((?P<element>[0-9]{2})(?:\.(?P<component>[0-9]+))?=(?P<values>[^()]+)\)")
_AS = re.compile(r"text|decimal|positive|integer|date|day|moment|gtin|N[0-9]")
_ROW = {
    "to",
    "from",
    "as",
    "codes",
    "unknown",
    "default",
    "required",
    "constant",
    "count",
    "split",
    "width",
    "cut",
    "written",
}
_ROW_LIST = {
    "list",
    "map",
    "each",
    "key",
    "fields",
    "items",
    "from",
    "required",
    "default",
    "derived",
    "written",
}
_PARTS = {
    "document",
    "standard",
    "code",
    "group",
    "structure",
    "fields",
    "hierarchy",
    "options",
    "versions",
    "name",
}
_OVERLAY = {"fields", "structure", "codes", "item_numbers", "options", "hierarchy"}


@dataclass(frozen=True)
class Condition:
    element: int
    component: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Path:
    """A place: loops to go through, then a segment, an element and a component (0 for the element as a whole).

    :ivar loops: tag and conditions of each loop
    """

    loops: tuple[tuple[str, tuple[Condition, ...]], ...]
    tag: str
    conditions: tuple[Condition, ...]
    element: int
    component: int
    text: str
    up: bool = False


@functools.lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Return the place a text names. :raises DeclarationError: it is malformed"""
    up = text.startswith("../")
    steps = text.removeprefix("../").split("/")
    loops = []
    for step in steps[:-1]:
        tag, element, _component, conditions = _parse_step(step, text)
        if element:
            raise DeclarationError(f'Path "{text}": a loop has no element.')
        loops.append((tag, conditions))
    tag, element, component, conditions = _parse_step(steps[-1], text)
    return Path(tuple(loops), tag, conditions, element, component, text, up)


def _parse_step(step: str, text: str) -> tuple[str, int, int, tuple[Condition, ...]]:
    found = _STEP.fullmatch(step)
    conditions = list(_CONDITION.finditer(found["conditions"])) if found else []
    if not found or "".join(one[0] for one in conditions) != found["conditions"]:
        raise DeclarationError(f'"{text[:80]}" is not a path such as DTM02(01=002).')
    return (
        found["tag"],
        int(found["element"] or 0),
        int(found["component"] or 1),
        tuple(
            Condition(int(c["element"]), int(c["component"] or 1), tuple(c["values"].split("|")))
            for c in conditions
        ),
    )


@dataclass(frozen=True)
class Row:
    """A row ready to use; see the module."""

    to: str = ""
    paths: tuple[Path, ...] = ()
    kind: str = "text"
    codes: str = ""
    keep_unknown: bool = False
    default: Any = None
    has_default: bool = False
    required: bool = False
    constant: str | None = None
    count: str = ""
    split: int = 1
    width: int = 0
    cut: bool = False
    written: bool = False


@dataclass(frozen=True)
class ListRow:
    """A row for several: *key* is None for a list."""

    to: str
    each: Path
    rows: tuple[Any, ...]
    key: Row | None = None
    required: bool = False
    has_default: bool = False
    derived: bool = False
    written: bool = False

    @property
    def own_parent(self) -> bool:
        """Whether each entry is alone in the loop around it."""
        return any(isinstance(row, Row) and row.paths and row.paths[0].up for row in self.rows)


@dataclass(frozen=True)
class ItemRow:
    """Pairs of qualifier and item number."""

    to: str
    path: Path
    required: bool = False


@dataclass(frozen=True)
class Declaration:
    """A compiled declaration; make one with :func:`compile_declaration`."""

    document: str
    standard: str
    code: str
    group: str
    structure: Level
    rows: tuple[Any, ...]
    hierarchy: dict[str, Any] | None
    options: Mapping[str, Any]
    overlay_codes: Mapping[str, Table]
    item_numbers: Table
    cache: dict[tuple[str, str], Any] = field(default_factory=dict, compare=False, repr=False)

    def to_codes(self, name: str) -> Table:
        """Return a code list, word to codes."""
        key = ("words", name)
        if key not in self.cache:
            self.cache[key] = table(name, self.standard, dict(self.overlay_codes))
        return self.cache[key]

    def to_words(self, name: str) -> dict[str, str]:
        """Return a code list, code to word."""
        key = ("codes", name)
        if key not in self.cache:
            self.cache[key] = by_code(self.to_codes(name))
        return self.cache[key]


def compile_declaration(source: Mapping[str, Any], overlay: Mapping[str, Any] | None = None) -> Declaration:
    """Check a declaration, lay an overlay over it and make it ready.

    :raises DeclarationError: something is unknown or malformed; the detail names it
    """
    return _compile(json.dumps(source, sort_keys=False), json.dumps(overlay or {}, sort_keys=True))


@functools.lru_cache(maxsize=512)
def _compile(source_text: str, overlay_text: str) -> Declaration:
    source, overlay = json.loads(source_text), json.loads(overlay_text)
    _check_names(source, _PARTS, "declaration")
    _check_names(overlay, _OVERLAY, "overlay")
    merged = apply_overlay(source, overlay)
    hierarchy = merged.get("hierarchy")
    if hierarchy:
        hierarchy = {
            **hierarchy,
            "levels": {name: compile_rows(rows) for name, rows in hierarchy["levels"].items()},
        }
    standard = merged["standard"]
    return Declaration(
        document=merged["document"],
        standard=standard,
        code=merged["code"],
        group=merged.get("group", ""),
        structure=parse_structure(merged["structure"]),
        rows=compile_rows(merged["fields"]),
        hierarchy=hierarchy,
        options=merged.get("options", {}),
        overlay_codes=overlay.get("codes", {}),
        item_numbers=_item_numbers(standard, overlay.get("item_numbers", {})),
    )


def _check_names(given: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise DeclarationError(f"The {what} has {', '.join(map(str, unknown))}, which is not known.")


def _item_numbers(standard: str, overlay: Mapping[str, Any]) -> Table:
    found = {word: list(codes) for word, codes in ITEM_NUMBERS[standard].items()}
    for word, codes in overlay.items():
        ours = [codes] if isinstance(codes, str) else list(codes)
        found = {other: [code for code in theirs if code not in ours] for other, theirs in found.items()}
        found[word] = ours + found.get(word, [])
    return found


def apply_overlay(source: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return a declaration with a partner's deviations in it; neither argument is changed."""
    merged = copy.deepcopy(dict(source))
    if "structure" in overlay:
        merged["structure"] = overlay["structure"]
    merged["options"] = {**merged.get("options", {}), **overlay.get("options", {})}
    if "hierarchy" in overlay:
        merged["hierarchy"] = {**merged.get("hierarchy", {}), **overlay["hierarchy"]}
    for path, change in overlay.get("fields", {}).items():
        _change_row(merged, path, change)
    return merged


def _change_row(merged: dict[str, Any], path: str, change: Mapping[str, Any] | None) -> None:
    rows, name = _rows_of(merged, path)
    for number, row in enumerate(rows):
        if name in (row.get("to"), row.get("list"), row.get("map"), row.get("items")):
            if change is None:
                del rows[number]
            else:
                rows[number] = {part: value for part, value in {**row, **change}.items() if value is not None}
            return
    if change is None or not any(part in change for part in ("from", "each", "constant")):
        raise DeclarationError(f'Overlay: there is no field "{path}", and no "from" to add one.')
    rows.append({"to": name, **change} if not {"list", "map", "items"} & set(change) else dict(change))


def _rows_of(merged: dict[str, Any], path: str) -> tuple[list[dict[str, Any]], str]:
    """Return the rows a path is in and what is left of the path."""
    levels = (merged.get("hierarchy") or {}).get("levels", {})
    first, _dot, rest = path.partition(".")
    if rest and first in levels:
        return levels[first], rest
    rows, name = merged["fields"], path
    while "." in name:
        nested = next(
            (
                row
                for row in rows
                if "fields" in row and name.startswith((row.get("list") or row.get("map")) + ".")
            ),
            None,
        )
        if nested is None:
            break
        name = name[len(nested.get("list") or nested["map"]) + 1 :]
        rows = nested["fields"]
    return rows, name


def compile_rows(rows: list[dict[str, Any]]) -> tuple[Any, ...]:
    """:raises DeclarationError: a row is malformed"""
    return tuple(_compile_row(row) for row in rows)


def _compile_row(row: dict[str, Any]) -> Any:
    if "items" in row:
        _check_names(row, _ROW_LIST, f"field {row['items']}")
        return ItemRow(row["items"], parse_path(row["from"]), bool(row.get("required")))
    if "list" in row or "map" in row:
        name = row.get("list") or row.get("map")
        _check_names(row, _ROW_LIST, f"field {name}")
        key = _compile_plain({"to": "", **row["key"]}) if "map" in row else None
        return ListRow(
            to=name,
            each=parse_path(row["each"]),
            rows=compile_rows(row["fields"]),
            key=key,
            required=bool(row.get("required")),
            has_default="default" in row,
            derived=bool(row.get("derived")),
            written=bool(row.get("written")),
        )
    return _compile_plain(row)


def _compile_plain(row: dict[str, Any]) -> Row:
    name = row.get("to") or row.get("from") or "?"
    _check_names(row, _ROW, f"field {name}")
    source = row.get("from", [])
    kind = row.get("as", "text")
    if not _AS.fullmatch(kind):
        raise DeclarationError(f'Field {name}: there is no "as": "{kind}".')
    return Row(
        to=row.get("to", ""),
        paths=tuple(parse_path(path) for path in ([source] if isinstance(source, str) else source)),
        kind=kind,
        codes=row.get("codes", ""),
        keep_unknown=row.get("unknown") == "keep",
        default=row.get("default"),
        has_default="default" in row,
        required=bool(row.get("required")),
        constant=row.get("constant"),
        count=row.get("count", ""),
        split=int(row.get("split", 1)),
        width=int(row.get("width", 0)),
        cut=bool(row.get("cut")),
        written=bool(row.get("written")),
    )
