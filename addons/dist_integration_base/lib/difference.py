"""What differs between two JSON documents, field by field, as far as it matters.

Paths are written as everywhere in the suite: names joined by dots, ``[]`` for the items of a list, ``*`` for any
member: ``customer.email``, ``lines[].unit_price``. A pattern also stands for everything below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import IntegrationError

CHANGED = "changed"
MISSING = "missing"
EXTRA = "extra"
ANY = "*"
ITEM = "[]"
_ABSENT = object()


class InvalidRule(IntegrationError):
    """A rule of a comparison cannot be read."""

    code = "invalid_rule"


@dataclass(frozen=True)
class Difference:
    """
    :ivar path: where, with the position in ours or the key of list items: ``lines[2].quantity``, ``lines[A].sku``
    :ivar pattern: the same without: ``lines[].quantity``
    :ivar kind: CHANGED, MISSING (only the reference has it) or EXTRA (only ours has it)
    :ivar ours: value of our document; None when it has none
    :ivar reference: value of the reference; None when it has none
    """

    path: str
    pattern: str
    kind: str
    ours: Any = None
    reference: Any = None


@dataclass(frozen=True)
class Tolerance:
    """How far two numbers may be apart: an amount, or a share of the reference."""

    amount: Decimal
    relative: bool = False

    def allows(self, ours: Decimal, reference: Decimal) -> bool:
        limit = abs(reference) * self.amount / 100 if self.relative else self.amount
        return abs(ours - reference) <= limit


@dataclass(frozen=True)
class Rules:
    """What a comparison passes over.

    :ivar ignore: patterns that are not compared
    :ivar tolerances: pattern to Tolerance
    :ivar keys: pattern of a list to the member that tells its items apart
    :ivar unnamed: patterns of lists whose items are told apart by what is not to be shown; their paths give positions
    """

    ignore: tuple[tuple[str, ...], ...] = ()
    tolerances: dict[tuple[str, ...], Tolerance] = field(default_factory=dict)
    keys: dict[tuple[str, ...], str] = field(default_factory=dict)
    unnamed: frozenset[tuple[str, ...]] = frozenset()

    @classmethod
    def parse(cls, ignore: str = "", tolerances: str = "", keys: str = "") -> Rules:
        """Read rules as people write them, one a line.

        :param ignore: ``updated_at``
        :param tolerances: ``lines[].unit_price = 0.01`` or ``amount_total = 1%``
        :param keys: ``lines[] = line``
        :raises InvalidRule: names the line
        """
        return cls(
            ignore=tuple(_steps(line) for line in _lines(ignore)),
            tolerances={_steps(path): _tolerance(value, path) for path, value in _pairs(tolerances)},
            keys={_steps(path): value for path, value in _pairs(keys)},
        )

    def ignores(self, steps: tuple[str, ...]) -> bool:
        return any(_matches(pattern, steps) for pattern in self.ignore)

    def get_tolerance(self, steps: tuple[str, ...]) -> Tolerance | None:
        return next((value for pattern, value in self.tolerances.items() if _matches(pattern, steps)), None)

    def get_key(self, steps: tuple[str, ...]) -> str | None:
        return next((name for pattern, name in self.keys.items() if _matches(pattern, steps)), None)

    def without_names(self, is_hidden: Callable[[str], bool]) -> Rules:
        """Return the same rules with positions in paths where *is_hidden* says so of the path of a key."""
        hidden = (steps for steps, name in self.keys.items() if is_hidden(_join((*steps, name))))
        return replace(self, unnamed=frozenset(hidden))

    def names_items(self, steps: tuple[str, ...]) -> bool:
        return not any(_matches(pattern, steps) for pattern in self.unnamed)


def compare(ours: Any, reference: Any, rules: Rules | None = None) -> list[Difference]:
    """Compare two decoded JSON documents.

    A member that is null is the same as one that is left out; numbers are compared by value, also as decimal
    strings (``"10"`` and ``"10.00"``); lists by position, or by a key where the rules name one.

    :return: differences in the order of the documents; empty when there is none
    """
    return list(_compare(ours, reference, (), "", rules or Rules()))


def is_in_share(key: str, percent: int) -> bool:
    """Whether a document belongs to the first so many percent; always the same answer for the same key.

    :param percent: 0 to 100
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    return number % 100 < percent


def _compare(
    ours: Any, reference: Any, steps: tuple[str, ...], path: str, rules: Rules
) -> Iterator[Difference]:
    if rules.ignores(steps):
        return
    ours, reference = (_ABSENT if value is None else value for value in (ours, reference))
    if isinstance(ours, dict) and isinstance(reference, dict):
        for name in dict.fromkeys([*ours, *reference]):
            where = f"{path}.{name}" if path else name
            yield from _compare(ours.get(name), reference.get(name), (*steps, name), where, rules)
    elif isinstance(ours, list) and isinstance(reference, list):
        pairs = _pair_items(ours, reference, rules.get_key((*steps, ITEM)))
        for number, (label, one, other) in enumerate(pairs):
            label = label if rules.names_items((*steps, ITEM)) else str(number)
            yield from _compare(one, other, (*steps, ITEM), f"{path}[{label}]", rules)
    elif not _is_same(ours, reference, rules.get_tolerance(steps)):
        yield _difference(ours, reference, steps, path)


def _pair_items(ours: list, reference: list, key: str | None) -> Iterator[tuple[str, Any, Any]]:
    """Yield (label, item of ours or None, item of the reference or None)."""
    if key is None:
        for index in range(max(len(ours), len(reference))):
            yield str(index), *(items[index] if index < len(items) else None for items in (ours, reference))
        return
    left = {}
    for item in reference:
        left.setdefault(_key_of(item, key), []).append(item)
    for item in ours:
        label = _key_of(item, key)
        yield label, item, left[label].pop(0) if left.get(label) else None
    for label, items in left.items():
        for item in items:
            yield label, None, item


def _key_of(item: Any, key: str) -> str:
    return str(item.get(key)) if isinstance(item, dict) else str(item)


def _is_same(ours: Any, reference: Any, tolerance: Tolerance | None) -> bool:
    if ours is reference or (type(ours) is type(reference) and ours == reference):
        return True
    numbers = _number(ours), _number(reference)
    if None in numbers:
        return False
    return numbers[0] == numbers[1] or bool(tolerance and tolerance.allows(*numbers))


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _difference(ours: Any, reference: Any, steps: tuple[str, ...], path: str) -> Difference:
    kind = EXTRA if reference is _ABSENT else MISSING if ours is _ABSENT else CHANGED
    ours, reference = (None if value is _ABSENT else value for value in (ours, reference))
    return Difference(path, _join(steps), kind, ours, reference)


def _join(steps: tuple[str, ...]) -> str:
    text = ""
    for step in steps:
        text += step if step == ITEM or not text else f".{step}"
    return text


def _steps(path: str) -> tuple[str, ...]:
    spread = path.strip().replace(ITEM, f".{ITEM}")
    steps = tuple(step for step in spread.split(".") if step)
    if not steps:
        raise InvalidRule(f"{path!r} is not a path.")
    return steps


def _matches(pattern: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    if len(steps) < len(pattern):
        return False
    return all(wanted in (ANY, step) for wanted, step in zip(pattern, steps, strict=False))


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in (text or "").splitlines() if line.strip())


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in _lines(text):
        path, separator, value = line.partition("=")
        if not separator or not value.strip():
            raise InvalidRule(f"{line!r} is not of the form path = value.")
        yield path, value.strip()


def _tolerance(text: str, path: str) -> Tolerance:
    amount = _number(text.removesuffix("%").strip())
    if amount is None or amount < 0:
        raise InvalidRule(f"The tolerance of {path.strip()} is a number or a percentage, not {text!r}.")
    return Tolerance(amount, relative=text.endswith("%"))
