"""The levels a flat ship notice is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SHAPES = ("pick_and_pack", "standard")


@dataclass
class PackedLevel:
    """A level to write.

    :ivar values: what its rows read: the notice, an order, a package, a line
    :ivar lines: EDIFACT: the lines that are in it
    """

    kind: str
    values: Mapping[str, Any]
    parent: PackedLevel | None = None
    lines: list[Mapping[str, Any]] = field(default_factory=list)


def packed_levels(
    document: Mapping[str, Any], hierarchy: Mapping[str, Any], options: Mapping[str, Any]
) -> list[PackedLevel]:
    """Return the levels of a ship notice, each behind the one it is in.

    :param options: ``hierarchy``: ``pick_and_pack`` (shipment, order, package, item; the usual) or ``standard``
        (shipment, order, item)
    """
    if not hierarchy.get("level"):
        return _by_package(document)
    return _by_order(document, options.get("hierarchy", "pick_and_pack") == "standard")


def _by_order(document: Mapping[str, Any], without_packages: bool) -> list[PackedLevel]:
    root = PackedLevel("shipment", document)
    levels = [root]
    packages = {package["package"]: package for package in document.get("packages", ())}
    orders = {order.get("number"): order for order in document.get("orders", ())}
    by_order: dict[str | None, list[Mapping[str, Any]]] = {}
    for line in document.get("lines", ()):
        by_order.setdefault(line.get("order"), []).append(line)
    for number, lines in by_order.items():
        around = root
        if number is not None:
            around = PackedLevel("order", orders.get(number, {"number": number}), root)
            levels.append(around)
        made: dict[str, PackedLevel] = {}
        for line in lines:
            package = None if without_packages else line.get("package")
            parent = _package_level(package, packages, around, made, levels)
            levels.append(PackedLevel("item", line, parent))
    return levels


def _package_level(
    name: str | None,
    packages: Mapping[str, Mapping[str, Any]],
    around: PackedLevel,
    made: dict[str, PackedLevel],
    levels: list[PackedLevel],
) -> PackedLevel:
    """Return the level of a package, made with those around it where it is not there yet."""
    chain = []
    while name is not None and name not in made and name not in chain:
        chain.append(name)
        name = packages.get(name, {}).get("within")
    parent = made.get(name, around) if name is not None else around
    for missing in reversed(chain):
        parent = PackedLevel("package", _package_values(packages.get(missing, {"package": missing})), parent)
        made[missing] = parent
        levels.append(parent)
    return parent


def _package_values(package: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out a name that only repeats the SSCC, or that reading made up."""
    name = package["package"]
    if name == package.get("sscc") or name.startswith("#"):
        return {part: value for part, value in package.items() if part != "package"}
    return package


def _by_package(document: Mapping[str, Any]) -> list[PackedLevel]:
    root = PackedLevel("shipment", document)
    levels = [root]
    made: dict[str, PackedLevel] = {}
    packages = {package["package"]: package for package in document.get("packages", ())}
    for name in packages:
        _package_level(name, packages, root, made, levels)
    for line in document.get("lines", ()):
        _package_level(line.get("package"), packages, root, made, levels).lines.append(line)
    return levels
