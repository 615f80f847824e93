"""Levels of a ship notice: HL of X12 and CPS of EDIFACT as a tree, whatever their order, and back.

``hierarchy`` of a declaration:

``loop``, ``id``, ``parent``, ``level``
    tag and the elements with number, parent's number and (X12) level code
``codes``
    level code to level: ``shipment``, ``order``, ``package``, ``item``; EDIFACT has none, there a level is
    what it holds
``item``, ``package``, ``marks``
    EDIFACT: the loops within that hold items and packages, and the qualifiers of GIN that mark a package
``levels``
    rows by level

The canonical ship notice is flat: lines name their order and the package they are in, packages name the
one around them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .declaration import INDEX
from .segment import Segment
from .structure import Loop

LEVELS = ("shipment", "order", "package", "item")


@dataclass
class Node:
    """A level: its loop, what kind it is, what it is in."""

    loop: Loop
    kind: str
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    # a level around this one, or None; each look-up makes the way to the outermost shorter
    around: Node | None = None

    def outermost(self) -> Node:
        """Return the level without parent that this one is in."""
        found = self
        while found.around is not None:
            found = found.around
        node = self
        while node is not found:
            node.around, node = found, node.around
        return found


def link_levels(
    tree: Loop, hierarchy: dict[str, Any], report: Callable[[str, str, Segment, int], None]
) -> list[Node]:
    """Return the levels without parent, the others below them.

    :param report: told of code, detail, segment and element of what is wrong: ``duplicate_level``, ``unknown_parent``,
        ``unknown_level``
    """
    nodes: dict[str, Node] = {}
    order: list[Node] = []
    for loop in (loop for loop in tree.loops if loop.tag == hierarchy["loop"]):
        number = loop.trigger.get(hierarchy["id"]).strip()
        code = loop.trigger.get(hierarchy["level"]).strip() if hierarchy.get("level") else ""
        kind = hierarchy["codes"].get(code, "") if hierarchy.get("level") else "any"
        if not kind:
            report(
                "unknown_level", f'The level "{code[:10]}" is not known.', loop.trigger, hierarchy["level"]
            )
        node = Node(loop, kind)
        order.append(node)
        if number in nodes:
            report(
                "duplicate_level", f"The level {number[:20]} is there twice.", loop.trigger, hierarchy["id"]
            )
        else:
            nodes[number] = node
    for node in order:
        number = node.loop.trigger.get(hierarchy["parent"]).strip()
        if not number:
            continue
        parent = nodes.get(number)
        # a level that has no parent yet is the outermost of whatever is in it
        if parent is None or parent.outermost() is node:
            detail = f"The level is in the level {number[:20]}, which "
            detail += "does not exist." if parent is None else "is in this one."
            report("unknown_parent", detail, node.loop.trigger, hierarchy["parent"])
            continue
        node.parent = node.around = parent
        parent.children.append(node)
    return [node for node in order if node.parent is None]


RowReader = Callable[[tuple[Any, ...], Loop, dict[str, Any], str], None]


def read_hierarchy(
    roots: list[Node], hierarchy: dict[str, Any], document: dict[str, Any], read_rows: RowReader
) -> None:
    """Fill shipment, lines and packages of *document* from the tree."""
    known = Known()
    pending: list[tuple[Node, str | None, str | None]] = [(root, None, None) for root in reversed(roots)]
    while pending:
        node, order, package = pending.pop()
        found = _Level(node, order, package, known)
        if node.kind == "any":
            found.read_edifact(hierarchy, document, read_rows)
        else:
            found.read_x12(hierarchy, document, read_rows)
        pending += [(child, found.order, found.package) for child in reversed(node.children)]


@dataclass
class Known:
    """Orders and packages that were met before, by number."""

    orders: set[str | None] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


@dataclass
class _Level:
    """A level that is being read, with the order and package it is in."""

    node: Node
    order: str | None
    package: str | None
    known: Known

    def read_x12(self, hierarchy: dict[str, Any], document: dict[str, Any], read_rows: RowReader) -> None:
        rows = hierarchy["levels"].get(self.node.kind, ())
        found: dict[str, Any] = {}
        if self.node.kind == "shipment":
            read_rows(rows, self.node.loop, document, "")
        elif self.node.kind == "order":
            orders = document.setdefault("orders", [])
            read_rows(rows, self.node.loop, found, f"orders[{len(orders)}].")
            self.order = found.get("number")
            if found and self.order not in self.known.orders:
                self.known.orders.add(self.order)
                orders.append(found)
        elif self.node.kind == "package":
            packages = document.setdefault("packages", [])
            read_rows(rows, self.node.loop, found, f"packages[{len(packages)}].")
            self._add_package(packages, found)
        elif self.node.kind == "item":
            self._add_line(rows, self.node.loop, document, read_rows)

    def _add_package(self, packages: list[dict[str, Any]], found: dict[str, Any]) -> None:
        name = found.get("sscc") or found.get("package") or f"#{len(packages) + 1}"
        if self.package:
            found["within"] = self.package
        self.package = name
        if name not in self.known.packages:
            self.known.packages.add(name)
            packages.append(
                {"package": name, **{part: value for part, value in found.items() if part != "package"}}
            )

    def _add_line(self, rows: Any, loop: Loop, document: dict[str, Any], read_rows: RowReader) -> None:
        lines = document.setdefault("lines", [])
        line: dict[str, Any] = {}
        read_rows(rows, loop, line, f"lines[{len(lines)}].")
        if self.order:
            line.setdefault("order", self.order)
        if self.package:
            line["package"] = self.package
        if line.get("line") == INDEX:
            line["line"] = str(len(lines) + 1)
        lines.append(line)

    def read_edifact(self, hierarchy: dict[str, Any], document: dict[str, Any], read_rows: RowReader) -> None:
        levels = hierarchy["levels"]
        for loop in self.node.loop.loops:
            if loop.tag == hierarchy["package"]:
                packages = document.setdefault("packages", [])
                found: dict[str, Any] = {}
                read_rows(levels["package"], loop, found, f"packages[{len(packages)}].")
                self._add_marked(packages, found, _marks(loop, hierarchy["marks"]))
            elif loop.tag == hierarchy["item"]:
                self._add_line(levels["item"], loop, document, read_rows)

    def _add_marked(self, packages: list[dict[str, Any]], found: dict[str, Any], marks: list[str]) -> None:
        """Several packages of a kind share a PAC; each has a mark of its own. Lines are in the first one.

        A level that only counts packages names none that a line could be in.
        """
        within = self.package
        if len(marks) > 1:
            found = {**found, "quantity": "1"}
        for mark in marks:
            self.package = within
            self._add_package(packages, {**found, "sscc": mark})
        if marks:
            self.package = marks[0]


def _marks(loop: Loop, qualifiers: list[str]) -> list[str]:
    """Return the numbers in GIN: five elements, each a number or the first and last of a range."""
    return [
        segment.get(element, component).strip()
        for part in loop.walk()
        for segment in part.segments
        if segment.tag == "GIN" and segment.get(1).strip() in qualifiers
        for element in range(2, 7)
        for component in (1, 2)
        if segment.get(element, component).strip()
    ]
