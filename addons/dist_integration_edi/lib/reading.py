"""A transaction to its canonical document, by a declaration. Everything that is wrong is collected, with its place."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from . import lengths, values
from .codes import MAX_LENGTHS
from .declaration import INDEX, Condition, Declaration, ItemRow, ListRow, Path, Row
from .errors import WARNING, Issue, Position
from .hierarchy import link_levels, read_hierarchy
from .interchange import Transaction
from .segment import Segment
from .separators import EDIFACT, X12, Separators
from .structure import Level, Loop, build_tree

# What is told of each severity.
MAX_ISSUES = 200
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
# kinds of values whose signs and decimal points are no characters of their element
_NUMBERS = ("decimal", "positive", "integer", *(f"N{digits}" for digits in range(10)))


@dataclass
class Reading:
    """What a transaction says.

    :ivar canonical: the document; what could not be read is left out
    :ivar issues: of the envelope first, then of the content
    :ivar tree: the segments in their loops
    :ivar unread: segments that no row reads
    """

    canonical: dict[str, Any]
    issues: list[Issue]
    tree: Loop
    unread: list[Segment] = field(default_factory=list)


def read_document(transaction: Transaction, declaration: Declaration) -> Reading:
    """Read a transaction.

    :param declaration: of this document and standard, see :func:`.documents.declaration_of`
    """
    return _Reader(transaction, declaration).reading()


class _Missing(Exception):
    """There is no value."""


class _Reader:
    def __init__(self, transaction: Transaction, declaration: Declaration) -> None:
        self._transaction = transaction
        self._declaration = declaration
        self._separators: Separators = transaction.interchange.separators
        self.issues: list[Issue] = list(transaction.issues)
        self._told: Counter[str] = Counter()
        self._read: set[int] = set()

    def reading(self) -> Reading:
        transaction, declaration = self._transaction, self._declaration
        tree = build_tree(transaction.body, declaration.structure)
        self._check_group()
        self._check_tags()
        self._check_structure(tree, declaration.structure)
        document: dict[str, Any] = {}
        self._rows(declaration.rows, tree, document, "")
        if declaration.hierarchy:
            self._hierarchy(tree, document)
        self._check_counts(declaration.rows, tree, document)
        unread = [segment for segment in transaction.body if segment.number not in self._read]
        return Reading(document, self.issues, tree, unread)

    # -- structure -------------------------------------------------------------------------------------------

    def _check_group(self) -> None:
        """A transaction of X12 belongs to one kind of group only; one without a group is told of elsewhere."""
        transaction, expected = self._transaction, self._declaration.group
        found = transaction.group.functional_code
        if transaction.group.header is None or not expected or found == expected:
            return
        detail = f'{transaction.code} belongs to a group {expected}, GS01 says "{found[:20]}".'
        position = transaction.position(transaction.header, 1)
        self._add(Issue("wrong_group", detail, position, value=transaction.code))

    def _check_tags(self) -> None:
        for segment in self._transaction.body:
            if not _TAG.fullmatch(segment.tag):
                self._issue("invalid_segment", f'"{segment.tag[:20]}" is not the name of a segment.', segment)

    def _check_structure(self, loop: Loop, level: Level) -> None:
        for item in level.items:
            found = len(loop.named(item.tag))
            if item.required and not found:
                self._missing_segment(loop, item.tag)
            elif found > 1 and not item.repeated:
                second = loop.named(item.tag)[1]
                detail = f"{item.tag} may be there once, it is there {found} times."
                self._issue("segment_repeated", detail, second, severity=WARNING)
        for child in loop.loops:
            item = level.by_tag[child.tag]
            if item.level:
                self._check_structure(child, item.level)

    def _missing_once(self, loop: Loop, tag: str, conditions: tuple[Condition, ...] = ()) -> None:
        """Report a missing segment, unless the structure says so already."""
        known = any(
            issue.code == "missing_segment"
            and issue.position.tag == tag
            and issue.position.segment == self._place_of_missing(loop)
            for issue in self.issues
        )
        if not known:
            self._missing_segment(loop, tag, conditions)

    def _missing_segment(self, loop: Loop, tag: str, conditions: tuple[Condition, ...] = ()) -> None:
        number = self._place_of_missing(loop)
        position = Position(
            segment=number,
            tag=tag,
            in_transaction=number - self._transaction.header.number + 1,
            loop=loop.tag or None,
            offset=self._offset_of(number),
        )
        kind = "".join(f" with {one.values[0]}" for one in conditions)
        self._add(Issue("missing_segment", f"The segment {tag}{kind} is missing.", position))

    def _place_of_missing(self, loop: Loop) -> int:
        """Where it should stand: behind the last segment of its loop, in the document behind the header."""
        last = max((s.number for part in loop.walk() for s in part.segments), default=0) if loop.tag else 0
        return (last or self._transaction.header.number) + 1

    def _offset_of(self, number: int) -> int | None:
        index = number - self._transaction.header.number
        segments = self._transaction.segments
        return segments[min(index, len(segments) - 1)].offset

    # -- rows ------------------------------------------------------------------------------------------------

    def _rows(self, rows: tuple[Any, ...], loop: Loop, target: dict[str, Any], where: str) -> None:
        for row in rows:
            if isinstance(row, ListRow):
                if not row.written:
                    self._several(row, loop, target, where)
            elif isinstance(row, ItemRow):
                self._item_numbers(row, loop, target, where)
            elif row.constant is not None or row.written:
                self._find(row, loop)
            elif row.to:
                value = self._value(row, loop, where)
                if value is not None or (row.has_default and row.default is None):
                    _put(target, row.to, value)

    def _several(self, row: ListRow, loop: Loop, target: dict[str, Any], where: str) -> None:
        entries: list[Any] = []
        by_key: dict[str, Any] = {}
        derived: set[str] = set()
        for node in self._nodes(row.each, loop):
            entry: dict[str, Any] = {}
            place = f"{where}{row.to}"
            if row.key is None:
                self._rows(row.rows, node, entry, f"{place}[{len(entries)}].")
                if row.derived:
                    said = json.dumps(entry, sort_keys=True)
                    entry = {} if said in derived else entry
                    derived.add(said)
                if entry:
                    entries.append(
                        {
                            name: str(len(entries) + 1) if part == INDEX else part
                            for name, part in entry.items()
                        }
                    )
                continue
            key = self._value(row.key, node, place)
            if key is None:
                continue
            if key in by_key:
                self._issue(
                    "repeated_party",
                    f"There are two {key}; the first counts.",
                    node.trigger,
                    severity=WARNING,
                )
                continue
            self._rows(row.rows, node, entry, f"{place}.{key}.")
            by_key[key] = entry
        found = by_key or entries
        if found or row.has_default:
            _extend(target, row.to, found)
        elif row.required:
            self._missing_once(loop, row.each.loops[0][0] if row.each.loops else row.each.tag)

    def _nodes(self, path: Path, loop: Loop) -> list[Loop]:
        """Return the loops, or each segment as a loop of its own, that a path names."""
        found = []
        for parent in self._loops(path, loop):
            found += [
                child
                for child in parent.loops
                if child.tag == path.tag and fits(child.trigger, path.conditions)
            ]
            found += [
                Loop(path.tag, [segment], parent=parent)
                for segment in parent.segments
                if segment.tag == path.tag and fits(segment, path.conditions)
            ]
        return found

    def _loops(self, path: Path, loop: Loop) -> list[Loop]:
        loops = [loop.parent] if path.up and loop.parent is not None else [loop]
        for tag, conditions in path.loops:
            loops = [
                child
                for parent in loops
                for child in parent.loops
                if child.tag == tag and fits(child.trigger, conditions)
            ]
        return loops

    def _find(self, row: Row, loop: Loop) -> tuple[Segment, Path] | None:
        """Return the first segment that has something for a row, else the first one that could."""
        possible = None
        for path in row.paths:
            for parent in self._loops(path, loop):
                for segment in parent.named(path.tag):
                    if not fits(segment, path.conditions):
                        continue
                    self._read.add(segment.number)
                    if segment.get(path.element, path.component).strip():
                        return segment, path
                    possible = possible or (segment, path)
        return possible

    def _value(self, row: Row, loop: Loop, where: str) -> Any:
        found = self._find(row, loop)
        text = self._text(row, *found) if found else ""
        if not text:
            if row.required and found:
                segment, path = found
                detail = (
                    f"{row.to.replace('_', ' ') or 'A code'} is required ({segment.tag}{path.element:02d})."
                )
                self._issue("missing_element", detail, segment, path, where + row.to)
            elif row.required and not row.paths[0].loops:
                self._missing_once(loop, row.paths[0].tag, row.paths[0].conditions)
            return list(row.default) if isinstance(row.default, list) else row.default
        segment, path = found
        try:
            value = self._convert(row, text, segment, path)
        except values.ValueProblem as problem:
            self._issue(problem.code, str(problem), segment, path, where + row.to, text)
            return None
        self._check_length(row, segment, path, where + row.to)
        return value

    def _text(self, row: Row, segment: Segment, path: Path) -> str:
        if row.split > 1:
            parts = [segment.get(path.element, path.component + number) for number in range(row.split)]
            # A part that is full goes on in the next one, maybe within a word.
            return "".join(
                part if len(part) == row.width else f"{part} " for part in parts if part.strip()
            ).strip()
        return segment.get(path.element, path.component).strip()

    def _convert(self, row: Row, text: str, segment: Segment, path: Path) -> Any:
        if row.codes:
            return self._word(row, text, segment, path)
        kind = row.kind
        if kind == "text":
            return text
        if kind in ("decimal", "positive"):
            marks = ".," if self._separators.standard == EDIFACT else "."
            number = values.read_decimal(text, marks)
            if kind == "positive" and number <= 0:
                raise values.ValueProblem("invalid_number", f'"{text[:40]}" is not above zero.')
            return values.format_decimal(number)
        if kind == "gtin":
            return self._gtin_of(text, segment, path)
        if kind == "integer":
            return str(values.read_integer(text))
        if kind[0] == "N":
            return values.format_decimal(values.read_implied(text, int(kind[1:])))
        return self._date(kind, text, segment, path)

    def _gtin_of(self, text: str, segment: Segment, path: Path) -> str | None:
        gtin = values.gtin_14(text)
        if gtin is None:
            self._gtin_issue(text, segment, path.element, "gtin")
        return gtin

    def _gtin_issue(self, number: str, segment: Segment, element: int, field: str) -> None:
        detail = f'"{number[:20]}" is not a GTIN: its length or check digit is wrong.'
        self._add(
            Issue(
                "invalid_gtin", detail, self._transaction.position(segment, element), WARNING, number, field
            )
        )

    def _date(self, kind: str, text: str, segment: Segment, path: Path) -> str:
        if self._separators.standard == EDIFACT:
            read = values.read_edifact_date if kind == "date" else values.read_edifact_moment
            return read(text, segment.get(path.element, path.component + 1))
        if kind == "date":
            return values.read_date(text)
        return values.read_moment(text, segment.get(path.element + 1) if kind == "moment" else "")

    def _word(self, row: Row, code: str, segment: Segment, path: Path) -> str:
        word = self._declaration.to_words(row.codes).get(code)
        if word is None:
            if row.codes == "units" and row.keep_unknown:
                detail = f'"{code[:20]}" is not a unit that is known.'
                self._issue("unknown_unit", detail, segment, path, row.to, code, WARNING)
            if row.keep_unknown:
                return code
            raise values.ValueProblem(
                self._length_fault(row, segment, path) or "invalid_code",
                f'"{code[:40]}" is not a code of {row.codes.replace("_", " ")}.',
            )
        return word

    # -- lengths ---------------------------------------------------------------------------------------------

    def _check_length(self, row: Row, segment: Segment, path: Path, field: str) -> None:
        """Tell of what was read although it is longer or shorter than its element may be."""
        length = self._length_of(segment, path)
        fault = self._length_fault(row, segment, path) if length else None
        if length and fault:
            self._length_issue(fault, length, segment, path.element, field)

    def _length_of(self, segment: Segment, path: Path) -> lengths.Length | None:
        """Return the length of an element of X12, None where it is not known."""
        if self._separators.standard != X12 or path.component > 1:
            return None
        return lengths.length_of(segment.tag, path.element, self._transaction.version)

    def _length_fault(self, row: Row, segment: Segment, path: Path) -> str | None:
        text = segment.get(path.element, path.component)
        if self._separators.standard == EDIFACT:
            longest = MAX_LENGTHS.get(row.codes)
            return "too_long" if longest and len(text.strip()) > longest else None
        length = self._length_of(segment, path)
        return lengths.fault_of(text, length, row.kind in _NUMBERS) if length else None

    def _length_issue(
        self, fault: str, length: lengths.Length, segment: Segment, element: int, field: str
    ) -> None:
        position = self._transaction.position(segment, element)
        told = any(
            (issue.position.segment, issue.position.element) == (position.segment, element)
            for issue in self.issues
        )
        if not told:
            text, (least, most) = segment.get(element).strip(), length
            room = f"{least} to {most}" if least < most else most
            detail = f'"{text[:40]}" is {fault.replace("_", " ")}: the element has {room} characters.'
            self._add(Issue(fault, detail, position, WARNING, text, field))

    # -- item numbers ----------------------------------------------------------------------------------------

    def _item_numbers(self, row: ItemRow, loop: Loop, target: dict[str, Any], where: str) -> None:
        names = {code: word for word, codes in self._declaration.item_numbers.items() for code in codes}
        item: dict[str, Any] = {}
        place = None
        for segment, element, qualifier, number in self._pairs(row.path, loop):
            self._read.add(segment.number)
            self._check_item_length(segment, element, number, where + row.to)
            place = place or (segment, element)
            word = names.get(qualifier)
            if word is None:
                item.setdefault("codes", {}).setdefault(qualifier or "?", number)
            elif word == "gtin":
                self._gtin(item, number, qualifier, segment, element, f"{where}{row.to}.gtin")
            else:
                item.setdefault(word, number)
        if item:
            target.setdefault(row.to, {}).update(item) if row.to else target.update(item)
        elif row.required:
            segments = loop.named(row.path.tag) or loop.segments
            if segments:
                self._issue(
                    "missing_element", "The item is not named.", segments[0], row.path, where + row.to
                )

    def _check_item_length(self, segment: Segment, element: int, number: str, field: str) -> None:
        is_known = self._separators.standard == X12 and lengths.is_known(self._transaction.version)
        fault = lengths.fault_of(number, lengths.ITEM_NUMBER) if is_known else None
        if fault:
            self._length_issue(fault, lengths.ITEM_NUMBER, segment, element, field)

    def _gtin(
        self, item: dict[str, Any], number: str, qualifier: str, segment: Segment, element: int, field: str
    ) -> None:
        gtin = values.gtin_14(number)
        if gtin is None:
            self._gtin_issue(number, segment, element, field)
            item.setdefault("codes", {}).setdefault(qualifier, number)
        else:
            item.setdefault("gtin", gtin)

    def _pairs(self, path: Path, loop: Loop) -> list[tuple[Segment, int, str, str]]:
        """Return segment, element, qualifier and number of each item number there is."""
        found = []
        for parent in self._loops(path, loop):
            for segment in parent.named(path.tag):
                if fits(segment, path.conditions):
                    found += self._pairs_of(segment, path.element)
            if self._separators.standard == EDIFACT:
                for segment in parent.named("PIA"):
                    found += self._pairs_of(segment, 2)
        return found

    def _pairs_of(self, segment: Segment, first: int) -> list[tuple[Segment, int, str, str]]:
        found = []
        if self._separators.standard == EDIFACT:
            last = first if segment.tag != "PIA" else len(segment.parts) - 1
            for element in range(first, last + 1):
                if segment.get(element).strip():
                    found.append(
                        (segment, element, segment.get(element, 2).strip(), segment.get(element).strip())
                    )
            return found
        for element in range(first, len(segment.parts), 2):
            number = segment.get(element + 1).strip()
            if number:
                found.append((segment, element + 1, segment.get(element).strip(), number))
        return found

    # -- hierarchy and counts --------------------------------------------------------------------------------

    def _hierarchy(self, tree: Loop, document: dict[str, Any]) -> None:
        nodes = link_levels(tree, self._declaration.hierarchy, self._hierarchy_issue)
        for loop in (loop for loop in tree.loops if loop.tag == self._declaration.hierarchy["loop"]):
            self._read.add(loop.trigger.number)
            marks = self._declaration.hierarchy.get("marks")
            self._read.update(
                s.number for part in loop.walk() for s in part.segments if marks and s.tag in ("GIN", "PCI")
            )
        read_hierarchy(nodes, self._declaration.hierarchy, document, self._rows_at)

    def _rows_at(self, rows: tuple[Any, ...], loop: Loop, target: dict[str, Any], where: str) -> None:
        self._read.add(loop.trigger.number)
        self._rows(rows, loop, target, where)

    def _hierarchy_issue(self, code: str, detail: str, segment: Segment, element: int) -> None:
        position = self._transaction.position(segment, element, loop=segment.tag)
        self._add(Issue(code, detail, position, value=segment.get(element)))

    def _check_counts(self, rows: tuple[Any, ...], tree: Loop, document: dict[str, Any]) -> None:
        for row in rows:
            if not isinstance(row, Row) or not row.count:
                continue
            found = self._find(row, tree)
            said = found[0].get(found[1].element, found[1].component).strip() if found else ""
            counted = self._count(row.count, document)
            if said and said.lstrip("0") != str(counted).lstrip("0"):
                detail = f'{found[0].tag} says "{said[:20]}" {row.count}, there are {counted}.'
                self._issue("control_total", detail, *found, value=said, severity=WARNING)

    def _count(self, name: str, document: dict[str, Any]) -> int:
        if name == "hierarchy":
            return sum(
                1 for segment in self._transaction.body if segment.tag == self._declaration.hierarchy["loop"]
            )
        return len(document.get(name, ()))

    # -- issues ----------------------------------------------------------------------------------------------

    def _issue(
        self,
        code: str,
        detail: str,
        segment: Segment,
        path: Path | None = None,
        field: str | None = None,
        value: str | None = None,
        severity: str = "error",
    ) -> None:
        element, component = (path.element, path.component) if path else (None, None)
        compound = (
            element is not None
            and isinstance(segment.parts[element : element + 1], list)
            and any(not isinstance(part, str) for part in segment.parts[element : element + 1])
        )
        position = self._transaction.position(
            segment,
            element,
            component if compound or (component or 1) > 1 else None,
            path.loops[-1][0] if path and path.loops else None,
        )
        self._add(Issue(code, detail, position, severity, value, field))

    def _add(self, issue: Issue) -> None:
        self._told[issue.severity] += 1
        if self._told[issue.severity] <= MAX_ISSUES:
            self.issues.append(issue)


def fits(segment: Segment, conditions: tuple[Condition, ...]) -> bool:
    """Tell whether all conditions on the elements of a segment hold."""
    for one in conditions:
        found = segment.get(one.element, one.component).strip()
        if not found if one.values == ("*",) else found not in one.values:
            return False
    return True


def _put(target: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        # A row of its own may have said that there is nothing.
        if target.get(parent) is None:
            target[parent] = {}
        target = target[parent]
    target[name] = value


def _extend(target: dict[str, Any], path: str, found: Any) -> None:
    """Put a list or map where it belongs; several rows may fill the same one."""
    *parents, name = path.split(".")
    for parent in parents:
        target = target.setdefault(parent, {})
    if name not in target:
        target[name] = found
    elif isinstance(found, dict):
        target[name] = {**found, **target[name]}
    else:
        target[name] += found
