"""A canonical document to segments, by the declaration that reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import values
from .codes import GTIN_QUALIFIERS
from .declaration import INDEX, Condition, Declaration, ItemRow, ListRow, Path, Row
from .errors import EdiWriteError
from .hierarchy_writing import packed_levels
from .segment import Segment
from .separators import EDIFACT, Separators
from .structure import Loop, in_order


def write_document(
    document: Mapping[str, Any], declaration: Declaration, separators: Separators
) -> list[Segment]:
    """Return the segments of a transaction, without header and trailer.

    :param document: canonical document
    :param separators: their decimal mark is used
    :raises EdiWriteError: a required value is missing or one does not fit
    """
    return _Writer(declaration, separators).segments_of(document)


class _Writer:
    def __init__(self, declaration: Declaration, separators: Separators) -> None:
        self._declaration = declaration
        self._edifact = declaration.standard == EDIFACT
        self._mark = separators.decimal if self._edifact else "."
        # Which segments of a loop belong to which path, so that rows meet in the same one.
        self._made: dict[tuple[int, str, tuple[Condition, ...]], Any] = {}
        # Keys of _made are identities of loops: those that end up in no tree must stay alive as well.
        self._kept: list[Loop] = []
        self._levels = 0

    def segments_of(self, document: Mapping[str, Any]) -> list[Segment]:
        root = Loop()
        self._rows(self._declaration.rows, document, root, "")
        if self._declaration.hierarchy:
            self._hierarchy(document, root)
        for row in self._declaration.rows:
            if isinstance(row, Row) and row.count:
                number = self._levels if row.count == "hierarchy" else len(document.get(row.count) or ())
                self._set(root, row.paths[0], str(number))
        return list(in_order(root, self._declaration.structure))

    def _rows(self, rows: Iterable[Any], source: Mapping[str, Any], loop: Loop, where: str) -> None:
        written: set[str] = set()
        for row in rows:
            if isinstance(row, ListRow):
                # Of several places to read a list from, the first one is written.
                if row.to not in written and not row.derived:
                    self._several(row, source, loop, where)
                    written.add(row.to)
            elif isinstance(row, ItemRow):
                self._item_numbers(row, source, loop, where)
            elif row.constant is not None:
                self._set(loop, row.paths[0], row.constant)
            elif row.to and row.paths:
                self._plain(row, _get(source, row.to), loop, where)

    def _plain(self, row: Row, value: Any, loop: Loop, where: str) -> None:
        if value in (None, ""):
            value = row.default if row.default != INDEX else None
        if value in (None, ""):
            if row.required:
                raise EdiWriteError(f"{where}{row.to} is required.", code="required")
            return
        if isinstance(value, bool):
            raise EdiWriteError(f"{where}{row.to} is a yes or no, not a text.", code="invalid_value")
        path = row.paths[0]
        try:
            if row.codes:
                self._set(loop, path, self._code(row, str(value)))
            elif row.kind in ("date", "day", "moment"):
                self._date(row, str(value), loop, path)
            elif row.split > 1:
                self._split(row, str(value), loop, path)
            else:
                self._set(loop, path, self._format(row.kind, str(value)))
        except values.ValueProblem as problem:
            raise EdiWriteError(f"{where}{row.to}: {problem}", code="invalid_value") from None

    def _format(self, kind: str, text: str) -> str:
        if kind in ("decimal", "positive"):
            return values.write_decimal(text, self._mark)
        if kind[0] == "N":
            return values.write_implied(text, int(kind[1:]))
        if kind == "gtin":
            return values.short_gtin(text)
        return text

    def _code(self, row: Row, word: str) -> str:
        codes = self._declaration.to_codes(row.codes).get(word)
        if codes:
            return codes[0]
        if row.keep_unknown:
            return word
        raise values.ValueProblem(
            "invalid_code", f'"{word[:40]}" has no code in {row.codes.replace("_", " ")}.'
        )

    def _date(self, row: Row, text: str, loop: Loop, path: Path) -> None:
        if self._edifact:
            value, form = values.write_edifact_moment(text if row.kind == "moment" else text[:10])
            segment = self._set(loop, path, value)
            _assign(segment, path.element, path.component + 1, form)
            return
        segment = self._set(loop, path, values.write_date(text))
        clock = values.write_time(text) if row.kind == "moment" else ""
        if clock and clock != "0000":
            _assign(segment, path.element + 1, 1, clock)

    def _split(self, row: Row, text: str, loop: Loop, path: Path) -> None:
        width = row.width or len(text)
        pieces = [text[start : start + width] for start in range(0, len(text), width)]
        if len(pieces) > row.split and not row.cut:
            raise values.ValueProblem("too_long", f"there is room for {row.split * width} characters.")
        pieces = pieces[: row.split]
        segment = self._set(loop, path, pieces[0])
        for number, piece in enumerate(pieces[1:], 1):
            _assign(segment, path.element, path.component + number, piece)

    # -- lists -----------------------------------------------------------------------------------------------

    def _several(self, row: ListRow, source: Mapping[str, Any], loop: Loop, where: str) -> None:
        found = _get(source, row.to) or ()
        if not found and row.required:
            raise EdiWriteError(f"{where}{row.to} needs at least one entry.", code="required")
        entries = found.items() if isinstance(found, Mapping) else ((None, entry) for entry in found)
        if row.each.tag == loop.tag and not row.each.loops:
            # The list is in the segment that started the loop, which holds one entry.
            for entry in list(found)[:1]:
                self._rows(
                    row.rows, entry, Loop(loop.tag, [loop.trigger], parent=loop), f"{where}{row.to}[0]."
                )
            return
        for number, (key, entry) in enumerate(entries):
            parent = self._own_parent(loop, row.each) if row.own_parent else self._parent(loop, row.each)
            node = Loop(row.each.tag, [_new_segment(row.each.tag, row.each.conditions)], parent=parent)
            self._kept.append(node)
            if row.key is not None:
                self._plain(row.key, key, node, where)
            self._rows(row.rows, entry, node, f"{where}{row.to}[{key or number}].")
            if self._is_loop(parent, row.each.tag):
                parent.loops.append(node)
            else:
                parent.segments.append(node.trigger)

    def _is_loop(self, parent: Loop, tag: str) -> bool:
        return tag in _loop_tags(self._declaration).get(parent.tag, ())

    def _own_parent(self, loop: Loop, path: Path) -> Loop:
        for tag, conditions in path.loops:
            child = Loop(tag, [_new_segment(tag, conditions)], parent=loop)
            loop.loops.append(child)
            loop = child
        return loop

    def _parent(self, loop: Loop, path: Path) -> Loop:
        for tag, conditions in path.loops:
            key = (id(loop), tag, conditions)
            if key not in self._made:
                child = Loop(tag, [_new_segment(tag, conditions)], parent=loop)
                loop.loops.append(child)
                self._made[key] = child
            loop = self._made[key]
        return loop

    def _set(self, loop: Loop, path: Path, text: str) -> Segment:
        if path.up and loop.parent is not None:
            loop = loop.parent
        parent = self._parent(loop, path)
        segment = self._segment(parent, path)
        _assign(segment, path.element, path.component, text)
        return segment

    def _segment(self, parent: Loop, path: Path) -> Segment:
        if parent.tag == path.tag and parent.segments:
            for one in path.conditions:
                if one.values != ("*",) and not parent.trigger.get(one.element, one.component):
                    _assign(parent.trigger, one.element, one.component, one.values[0])
            return parent.trigger
        if self._is_loop(parent, path.tag):
            return self._parent(parent, Path(((path.tag, path.conditions),), "", (), 0, 0, "")).trigger
        key = (id(parent), path.tag, path.conditions)
        if not path.conditions and key not in self._made:
            # Without a condition any will do, so it is the one that is there.
            there = next((segment for segment in parent.segments if segment.tag == path.tag), None)
            if there is not None:
                self._made[key] = there
        if key not in self._made:
            self._made[key] = _new_segment(path.tag, path.conditions)
            parent.segments.append(self._made[key])
        return self._made[key]

    # -- item numbers ----------------------------------------------------------------------------------------

    def _item_numbers(self, row: ItemRow, source: Mapping[str, Any], loop: Loop, where: str) -> None:
        item = _get(source, row.to) if row.to else source
        pairs = list(self._pairs(item or {}))
        if not pairs:
            if row.required:
                raise EdiWriteError(f"{where}{row.to} names no item.", code="required")
            return
        if self._edifact:
            self._edifact_pairs(row, pairs, loop)
            return
        segment = self._segment(self._parent(loop, row.path), row.path)
        for number, (qualifier, text) in enumerate(pairs):
            _assign(segment, row.path.element + 2 * number, 1, qualifier)
            _assign(segment, row.path.element + 2 * number + 1, 1, text)

    def _pairs(self, item: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        for word, qualifiers in self._declaration.item_numbers.items():
            number = item.get(word)
            if number and word == "gtin":
                yield self._gtin(str(number), qualifiers)
            elif number:
                yield qualifiers[0], str(number)
        for qualifier, number in (item.get("codes") or {}).items():
            yield ("" if qualifier == "?" else qualifier), str(number)

    def _gtin(self, gtin: str, qualifiers: list[str]) -> tuple[str, str]:
        """A GTIN under the qualifier of its length in X12; EDIFACT has one for all."""
        text = values.short_gtin(gtin)
        if self._edifact:
            return qualifiers[0], text.zfill(13)
        qualifier = GTIN_QUALIFIERS.get(len(text), "UK")
        # A partner's own qualifier, in front of ours, is meant for every length.
        return (qualifier if qualifiers[0] == "UK" else qualifiers[0]), text

    def _edifact_pairs(self, row: ItemRow, pairs: list[tuple[str, str]], loop: Loop) -> None:
        first, rest = pairs[0], pairs[1:]
        gtins = self._declaration.item_numbers["gtin"]
        if first[0] in gtins:
            segment = self._segment(self._parent(loop, row.path), row.path)
            _assign(segment, row.path.element, 1, first[1])
            _assign(segment, row.path.element, 2, first[0])
        else:
            rest = pairs
        kind = "1" if first[0] in gtins else "5"
        for start in range(0, len(rest), 5):
            segment = _new_segment("PIA", ())
            _assign(segment, 1, 1, kind)
            for element, (qualifier, text) in enumerate(rest[start : start + 5], 2):
                _assign(segment, element, 1, text)
                _assign(segment, element, 2, qualifier)
            loop.segments.append(segment)

    # -- hierarchy -------------------------------------------------------------------------------------------

    def _hierarchy(self, document: Mapping[str, Any], root: Loop) -> None:
        hierarchy = self._declaration.hierarchy
        ids: dict[int, str] = {}
        for level in packed_levels(document, hierarchy, self._declaration.options):
            self._levels += 1
            ids[id(level)] = str(self._levels)
            tag = hierarchy["loop"]
            loop = Loop(tag, [_new_segment(tag, ())])
            root.loops.append(loop)
            _assign(loop.trigger, hierarchy["id"], 1, str(self._levels))
            if level.parent is not None:
                _assign(loop.trigger, hierarchy["parent"], 1, ids[id(level.parent)])
            if hierarchy.get("level"):
                code = next(code for code, kind in hierarchy["codes"].items() if kind == level.kind)
                _assign(loop.trigger, hierarchy["level"], 1, code)
                self._rows(hierarchy["levels"].get(level.kind, ()), level.values, loop, f"{level.kind}.")
            else:
                self._edifact_level(level, loop, hierarchy)

    def _edifact_level(self, level: Any, loop: Loop, hierarchy: dict[str, Any]) -> None:
        if level.kind == "package":
            package = Loop(hierarchy["package"], [_new_segment(hierarchy["package"], ())])
            self._rows(hierarchy["levels"]["package"], level.values, package, "packages.")
            if level.values.get("sscc"):
                mark = Loop("PCI", [Segment(["PCI", "33E"])], parent=package)
                mark.segments.append(Segment(["GIN", hierarchy["marks"][0], level.values["sscc"]]))
                package.loops.append(mark)
            loop.loops.append(package)
        for line in level.lines:
            item = Loop(hierarchy["item"], [_new_segment(hierarchy["item"], ())])
            self._rows(hierarchy["levels"]["item"], line, item, "lines.")
            loop.loops.append(item)


def _loop_tags(declaration: Declaration) -> dict[str, set[str]]:
    """Return which segments start a loop, by the loop around them."""
    key = ("loops", "")
    if key not in declaration.cache:
        found: dict[str, set[str]] = {}

        def collect(tag: str, level: Any) -> None:
            found.setdefault(tag, set()).update(item.tag for item in level.items if item.level is not None)
            for item in level.items:
                if item.level is not None:
                    collect(item.tag, item.level)

        collect("", declaration.structure)
        declaration.cache[key] = found
    return declaration.cache[key]


def _new_segment(tag: str, conditions: tuple[Condition, ...]) -> Segment:
    segment = Segment([tag])
    for one in conditions:
        if one.values != ("*",):
            _assign(segment, one.element, one.component, one.values[0])
    return segment


def _assign(segment: Segment, element: int, component: int, text: str) -> None:
    parts = segment.parts
    parts += [""] * (element + 1 - len(parts))
    if component == 1 and not isinstance(parts[element], list):
        parts[element] = text
        return
    if not isinstance(parts[element], list):
        parts[element] = [parts[element]]
    composite = parts[element]
    composite += [""] * (component - len(composite))
    composite[component - 1] = text


def _get(source: Mapping[str, Any], path: str) -> Any:
    for name in path.split("."):
        if not isinstance(source, Mapping):
            return None
        source = source.get(name)
    return source
