"""What a new version of a JSON Schema takes away from those who use the old one.

A schema is compared keyword by keyword. Where two schemas differ in a way that cannot be judged (another
pattern, another ``not``), the change counts as breaking: a person may then decide otherwise, a partner
cannot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any
from urllib.parse import urldefrag

_ALL_TYPES = frozenset(("string", "number", "integer", "boolean", "array", "object", "null"))
_UPPER_LIMITS = ("maxLength", "maxItems", "maxProperties", "maxContains")
_LOWER_LIMITS = ("minLength", "minItems", "minProperties", "minContains")
# Keywords whose effect on each other is not analysed: any change counts.
_OPAQUE = (
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "patternProperties",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentEncoding",
    "contentMediaType",
    "$dynamicRef",
)
_OPEN = (True, None)

# (what became narrower, said of a schema we read) and (the same seen from a schema that others read)
_SENTENCES = {
    "forbidden": ("is no longer allowed", "may now be there"),
    "types": ("no longer accepts {0}", "may now be {0}"),
    "enum": ("no longer accepts {0}", "may now be {0}"),
    "enum_added": ("accepts only a list of values now", "is no longer limited to a list of values"),
    "required": ("{0} is required now", "{0} is no longer always there"),
    "property_removed": (
        "{0} was removed",
        "{0} was added although the old version allows no other properties",
    ),
    "closed": ("other properties are no longer accepted", "other properties may now be there"),
    "limit": ("{0} became stricter ({1} instead of {2})", "{0} became looser ({2} instead of {1})"),
    "pattern": ("the pattern changed", "the pattern changed"),
    "format": ("the format must be {0} now", "the format is no longer {0}"),
    "multiple": ("must be a multiple of {0} now", "is no longer always a multiple of {0}"),
    "unique": ("entries must be unique now", "entries may now repeat"),
    "branch": ("a form was removed from {0}", "a form was added to {0}"),
    "constraint": ("a condition was added to allOf", "a condition was removed from allOf"),
    "dependent": ("{0} is required now when {1} is there", "{0} is no longer always there when {1} is"),
    "reference": ("refers to {0} instead of {1}", "refers to {1} instead of {0}"),
    "opaque": ("{0} changed", "{0} changed"),
}


def breaking_changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    direction: str = "in",
    old_resources: Mapping[str, Any] | None = None,
    new_resources: Mapping[str, Any] | None = None,
) -> list[str]:
    """Say what in *new* breaks those who keep to *old*; empty when nothing does.

    A property added to an object that allows any other is not reported, though a partner could have sent that
    name before: otherwise nothing could ever be added.

    :param old: the version in use
    :param new: the version to publish
    :param direction: ``in`` for messages that partners send (breaking is what accepts less), ``out`` for
        messages that partners read (breaking is what may hold something new, or no longer holds something)
    :param old_resources: further schemas that *old* refers to, by the name that ``$ref`` uses
    :param new_resources: the same for *new*
    :return: sentences that start with a path such as ``/lines/*/quantity``, sorted
    """
    if direction not in ("in", "out"):
        raise ValueError("The direction of a schema is in or out.")
    before, after = _Side(old, old_resources or {}), _Side(new, new_resources or {})
    if direction == "in":
        found = {_sentence(0, *change) for change in _narrowed(before, after, old, new, "", frozenset())}
    else:
        # What a reader may newly meet is what the old schema, taken for the newer one, would newly refuse.
        found = {
            _sentence(1, *change)
            for change in _narrowed(after, before, new, old, "", frozenset())
            if _matters(change)
        }
        removed = (
            change
            for change in _narrowed(before, after, old, new, "", frozenset())
            if change[1] == "property_removed"
        )
        found |= {_sentence(0, *change) for change in removed}
    return sorted(found)


def _matters(change: tuple) -> bool:
    """Whether a reader minds; one more property of an open object, or a closed one opening, is no break."""
    _path, kind, *values = change
    if kind == "property_removed":
        return bool(values[1])
    return kind != "closed"


def _sentence(form: int, path: str, kind: str, *values: Any) -> str:
    return f"{path or '/'}: {_SENTENCES[kind][form].format(*values)}"


class _Side:
    """One version: resolves ``$ref`` within the schema and its resources."""

    def __init__(self, root: Any, resources: Mapping[str, Any]) -> None:
        self.root = root
        self.resources = {name: _with_document(resource, name) for name, resource in resources.items()}

    def resolve(self, schema: Any) -> tuple[Any, str | None]:
        """Return ``(schema, reference that was followed)``; one that leads nowhere is left as it is."""
        reference = None
        for _ in range(20):
            if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
                break
            target = self._find(schema["$ref"])
            if target is None:
                break
            reference = schema["$ref"]
            beside = {name: value for name, value in schema.items() if name != "$ref"}
            schema = {**target, **beside} if isinstance(target, Mapping) else target
        return schema, reference

    def _find(self, reference: str) -> Any:
        name, fragment = urldefrag(reference)
        document = self.resources.get(name) if name else self.root
        try:
            for step in fragment.split("/")[1:]:
                step = step.replace("~1", "/").replace("~0", "~")
                document = document[int(step)] if isinstance(document, list) else document[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
        return document


def _with_document(schema: Any, name: str) -> Any:
    """Return *schema* with its references to itself written so that they can be followed from outside."""
    if isinstance(schema, list):
        return [_with_document(item, name) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        keyword: name + value
        if keyword == "$ref" and isinstance(value, str) and value.startswith("#")
        else _with_document(value, name)
        for keyword, value in schema.items()
    }


def _narrowed(wide: _Side, narrow: _Side, old: Any, new: Any, path: str, seen: frozenset) -> Iterator[tuple]:
    """Yield ``(path, kind, values...)`` for everything that *old* accepts and *new* may not."""
    old, old_reference = wide.resolve(old)
    new, new_reference = narrow.resolve(new)
    if old_reference or new_reference:
        # A schema that refers to itself says nothing new the second time round.
        if (old_reference, new_reference) in seen:
            return
        seen = seen | {(old_reference, new_reference)}
    old, new = _as_object(old), _as_object(new)
    if old == {"not": {}}:
        return
    if new == {"not": {}}:
        yield path, "forbidden"
        return
    yield from _values(old, new, path)
    yield from _limits(old, new, path)
    yield from _objects(wide, narrow, old, new, path, seen)
    yield from _arrays(wide, narrow, old, new, path, seen)
    yield from _combinations(wide, narrow, old, new, path, seen)
    for keyword in _OPAQUE:
        boolean = isinstance(new.get(keyword), bool) and keyword == "unevaluatedProperties"
        if keyword in new and not boolean and not _same(old.get(keyword), new[keyword]):
            yield path, "opaque", keyword
    if "$ref" in new and new["$ref"] != old.get("$ref"):
        yield path, "reference", new["$ref"], old.get("$ref", "nothing")


def _as_object(schema: Any) -> Mapping[str, Any]:
    if schema is True or schema is None:
        return {}
    return schema if isinstance(schema, Mapping) else {"not": {}}


def _values(old: Mapping, new: Mapping, path: str) -> Iterator[tuple]:
    old_enum, new_enum = _enum(old), _enum(new)
    accepted = _types(new)
    if old_enum is None:
        lost = _types(old) - accepted
        if "number" in accepted:
            lost -= {"integer"}
        if lost:
            yield path, "types", ", ".join(sorted(lost))
        if new_enum is not None:
            yield path, "enum_added"
    else:
        kept = {_text(value) for value in (old_enum if new_enum is None else new_enum)}
        gone = [
            _text(value) for value in old_enum if _text(value) not in kept or not _types_of(value) & accepted
        ]
        if gone:
            yield path, "enum", ", ".join(gone)
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield path, "pattern"
    if "format" in new and new["format"] != old.get("format"):
        yield path, "format", new["format"]


def _types(schema: Mapping) -> frozenset[str]:
    kinds = schema.get("type")
    if kinds is None:
        return _ALL_TYPES
    return frozenset([kinds] if isinstance(kinds, str) else kinds)


def _types_of(value: Any) -> frozenset[str]:
    if isinstance(value, bool):
        return frozenset(("boolean",))
    if isinstance(value, (int, float)):
        return frozenset(("number", "integer") if value == int(value) else ("number",))
    names = {str: "string", list: "array", dict: "object", type(None): "null"}
    return frozenset((names.get(type(value), "string"),))


def _enum(schema: Mapping) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return schema.get("enum")


def _limits(old: Mapping, new: Mapping, path: str) -> Iterator[tuple]:
    for keyword in _UPPER_LIMITS:
        if keyword in new and (keyword not in old or new[keyword] < old[keyword]):
            yield path, "limit", keyword, new[keyword], old.get(keyword, "none")
    for keyword in _LOWER_LIMITS:
        if keyword in new and new[keyword] > old.get(keyword, 0):
            yield path, "limit", keyword, new[keyword], old.get(keyword, "none")
    for keyword, exclusive, sign in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        before, after = _bound(old, keyword, exclusive, sign), _bound(new, keyword, exclusive, sign)
        if after is not None and (before is None or after > before):
            yield path, "limit", keyword, _bound_text(after, sign), _bound_text(before, sign)
    if "multipleOf" in new:
        before = old.get("multipleOf")
        if before is None or Fraction(str(before)) % Fraction(str(new["multipleOf"])):
            yield path, "multiple", new["multipleOf"]
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield path, "unique"


def _bound(schema: Mapping, keyword: str, exclusive: str, sign: int) -> tuple[float, bool] | None:
    """Return the tighter of two bounds as ``(value, excluded)``, turned so that more is always tighter."""
    found = [(sign * schema[name], name == exclusive) for name in (keyword, exclusive) if name in schema]
    return max(found, default=None)


def _bound_text(bound: tuple[float, bool] | None, sign: int) -> str:
    return f"{sign * bound[0]}{' excluded' if bound[1] else ''}" if bound else "none"


def _objects(
    wide: _Side, narrow: _Side, old: Mapping, new: Mapping, path: str, seen: frozenset
) -> Iterator[tuple]:
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield path, "required", name
    old_members, new_members = old.get("properties", {}), new.get("properties", {})
    closed = _is_closed(new)
    for name, member in old_members.items():
        if name in new_members:
            yield from _narrowed(wide, narrow, member, new_members[name], f"{path}/{name}", seen)
        else:
            yield path, "property_removed", name, closed
    if closed and not _is_closed(old):
        yield path, "closed"
    others = old.get("additionalProperties")
    if others not in _OPEN and others is not False:
        # Names that the old version left free, but not their values, were part of its promise.
        for name in sorted(set(new_members) - set(old_members)):
            yield from _narrowed(wide, narrow, others, new_members[name], f"{path}/{name}", seen)
    rest = new.get("additionalProperties")
    if not closed and rest not in _OPEN and not _is_closed(old):
        yield from _narrowed(wide, narrow, others, rest, f"{path}/*", seen)
    for name, needed in new.get("dependentRequired", {}).items():
        for other in sorted(set(needed) - set(old.get("dependentRequired", {}).get(name, ()))):
            yield path, "dependent", other, name


def _is_closed(schema: Mapping) -> bool:
    return schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False


def _arrays(
    wide: _Side, narrow: _Side, old: Mapping, new: Mapping, path: str, seen: frozenset
) -> Iterator[tuple]:
    if "items" in new:
        yield from _narrowed(wide, narrow, old.get("items"), new["items"], f"{path}/*", seen)
    old_first, new_first = old.get("prefixItems", []), new.get("prefixItems", [])
    for position, item in enumerate(new_first):
        before = old_first[position] if position < len(old_first) else old.get("items")
        yield from _narrowed(wide, narrow, before, item, f"{path}/{position}", seen)


def _combinations(
    wide: _Side, narrow: _Side, old: Mapping, new: Mapping, path: str, seen: frozenset
) -> Iterator[tuple]:
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword not in new:
            continue
        if keyword not in old and keyword != "allOf":
            yield path, "opaque", keyword
            continue
        before, after = _leftovers(old.get(keyword, []), new[keyword])
        for one, other in zip(before, after, strict=False):
            yield from _narrowed(wide, narrow, one, other, path, seen)
        if keyword == "allOf" and len(after) > len(before):
            yield path, "constraint"
        elif keyword != "allOf" and len(before) > len(after):
            yield path, "branch", keyword


def _leftovers(old: list, new: list) -> tuple[list, list]:
    """Return the branches that are not the same on both sides, in order."""
    old_texts, new_texts = [_text(branch) for branch in old], [_text(branch) for branch in new]
    before = [branch for branch, text in zip(old, old_texts, strict=True) if text not in new_texts]
    after = [branch for branch, text in zip(new, new_texts, strict=True) if text not in old_texts]
    return before, after


def _same(one: Any, other: Any) -> bool:
    return _text(one) == _text(other)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
