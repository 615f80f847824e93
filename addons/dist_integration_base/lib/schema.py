"""JSON Schema 2020-12 by ``jsonschema_rs``: every error at once, in sentences a partner can act on.

Nothing is fetched: a ``$ref`` reaches the schema itself and the resources handed over, nothing else. Patterns
run with a bounded number of steps. Details never repeat the payload, which may hold personal data or prices.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any
from urllib.parse import urljoin

import jsonschema_rs

from .errors import IntegrationError
from .schema_changes import breaking_changes

__all__ = ["SchemaError", "Validator", "breaking_changes", "check_schema", "compile_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_ERRORS = 100
# Above this many the sentences would cost seconds of processor time, and all but the first hundred go unread.
_MANY_ERRORS = 5000
_BACKTRACK_LIMIT = 100_000
# A name that never resolves (RFC 6761), so that relative references have something to be relative to.
_BASE_URI = "https://schema.invalid/"
_CACHE_SIZE = 512
_MAX_NAME = 80
_MAX_POINTER = 500


class SchemaError(IntegrationError):
    """A schema is invalid itself, or refers to something that was not handed over."""

    code = "invalid_schema"


class Validator:
    """A compiled schema; make one with :func:`compile_schema`."""

    def __init__(self, schema: Any, resources: Mapping[str, Any]) -> None:
        self._schema = schema
        base = schema.get("$id", _BASE_URI) if isinstance(schema, Mapping) else _BASE_URI
        self._resources = {urljoin(base, name): resource for name, resource in resources.items()}
        self._base = base
        self._validator = _build(schema, self._resources)

    def is_valid(self, instance: Any) -> bool:
        """Whether *instance* fits, faster than asking for the errors."""
        return self._validator.is_valid(instance)

    def errors(self, instance: Any) -> list[dict[str, str]]:
        """Return what is wrong, sorted by pointer, at most 100, each ``{'pointer', 'code', 'detail'}``.

        :param instance: dict, list, str, int, Decimal, float, bool, None
        :return: ``pointer`` (RFC 6901) is where it is wrong, for a missing member where it should be;
            ``code`` is the schema keyword in snake case; ``detail`` is a sentence. Empty when all is well. Of
            more than 5000 errors only the first is explained, the others have the code ``invalid``.
        """
        if self._validator.is_valid(instance):
            return []
        places = self._validator.evaluate(instance).errors()
        if len(places) > _MANY_ERRORS:
            return self._overview(instance, places)
        return _sorted(
            error for raw in self._validator.iter_errors(instance) for error in self._explain(raw, instance)
        )

    def _overview(self, instance: Any, places: list[dict[str, Any]]) -> list[dict[str, str]]:
        """Explain the first error and say where the next ones are."""
        found: list[dict[str, str]] = []
        try:
            self._validator.validate(instance)
        except jsonschema_rs.ValidationError as first:
            found.extend(itertools.islice(self._explain(first, instance), MAX_ERRORS))
        explained = {error["pointer"] for error in found}
        pointers = dict.fromkeys(place["instanceLocation"][:_MAX_POINTER] for place in places)
        others = itertools.islice((pointer for pointer in pointers if pointer not in explained), MAX_ERRORS)
        found.extend({"pointer": pointer, "code": "invalid", "detail": "is invalid"} for pointer in others)
        return _sorted(found)

    def _explain(self, raw: Any, instance: Any) -> Iterable[dict[str, str]]:
        path, kind = list(raw.instance_path), raw.kind
        if kind.name == "required":
            yield _error([*path, kind.property], "required", "is required")
        elif kind.name in ("additionalProperties", "unevaluatedProperties"):
            for name in itertools.islice(kind.unexpected, _MANY_ERRORS):
                yield _unknown_property(path, name)
        elif kind.name == "falseSchema" and list(raw.evaluation_path)[-1:] == ["additionalProperties"]:
            # An object that declares no property at all is refused as a whole, without the names.
            for name in itertools.islice(functools.reduce(operator.getitem, path, instance), _MANY_ERRORS):
                yield _unknown_property(path, name)
        elif isinstance(kind, jsonschema_rs.ValidationErrorKind.OneOfMultipleValid):
            yield _error(path, "one_of", "fits several forms where exactly one is allowed")
        elif kind.name in ("oneOf", "anyOf") and (branch := _likely_branch(raw)):
            for inner in branch:
                yield from self._explain(inner, instance)
        else:
            detail = _detail(kind, self._node(raw.evaluation_path))
            yield _error(path, _code(kind.name), detail)

    def _node(self, evaluation_path: Sequence[Any]) -> Mapping[str, Any]:
        """Return the subschema that holds the failing keyword, following ``$ref``; empty when unknown."""
        node, resource, base = self._schema, self._schema, self._base
        for step in list(evaluation_path)[:-1]:
            try:
                if step == "$ref":
                    uri, _hash, fragment = urljoin(base, node["$ref"]).partition("#")
                    if uri != base:
                        resource, base = self._resources[uri], uri
                    node = _by_pointer(resource, fragment)
                else:
                    node = node[step]
            except (KeyError, IndexError, TypeError):
                return {}
        return node if isinstance(node, Mapping) else {}


def compile_schema(schema: dict, resources: dict[str, dict] | None = None) -> Validator:
    """Return the validator of *schema*, from a cache when the same content was compiled before.

    :param schema: JSON Schema 2020-12; ``format`` is asserted
    :param resources: other schemas by the name that ``$ref`` uses (``common.json``, or an absolute URI); a
        relative name is taken against the schema's ``$id`` where it has one
    :raises SchemaError: see :func:`check_schema`
    """
    return _compile(_Content(schema, resources or {}))


class _Content:
    """Schema and resources as a cache key: equal when their content is."""

    def __init__(self, schema: Any, resources: Mapping[str, Any]) -> None:
        self.schema = schema
        self.resources = resources
        try:
            text = json.dumps([schema, resources], sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise SchemaError(f"The schema is not JSON: {error}.") from None
        self.digest = hashlib.sha256(text.encode()).digest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self.digest == other.digest


@functools.lru_cache(maxsize=_CACHE_SIZE)
def _compile(content: _Content) -> Validator:
    # A copy: the caller may go on editing what it handed over.
    schema, resources = json.loads(json.dumps([content.schema, content.resources]))
    return Validator(schema, resources)


def check_schema(schema: dict, resources: dict[str, dict] | None = None) -> None:
    """Raise :class:`SchemaError` unless *schema* is valid 2020-12 and all that it refers to is there."""
    if not isinstance(schema, dict):
        raise SchemaError("A schema is an object.")
    dialect = schema.get("$schema", DIALECT)
    if str(dialect).rstrip("#") != DIALECT:
        raise SchemaError(f"The schema must be JSON Schema 2020-12, not {str(dialect)[:80]}.")
    compile_schema(schema, resources)


def _build(schema: Any, resources: Mapping[str, Any]) -> Any:
    try:
        registry = jsonschema_rs.Registry(list(resources.items())) if resources else None
        return jsonschema_rs.Draft202012Validator(
            schema,
            validate_formats=True,
            formats={"date": _is_date, "date-time": _is_moment},
            registry=registry,
            base_uri=_BASE_URI,
            offline=True,
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACK_LIMIT),
        )
    except jsonschema_rs.ValidationError as error:
        raise _schema_error(error.message, _pointer(error.instance_path)) from None
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        raise _schema_error(str(error), "") from None


# RFC 3339 5.6.  Year 0 and leap seconds are in it; no calendar of Python's or PostgreSQL's holds them.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    rf"({_DATE.pattern})[Tt]([0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}})(?:\.[0-9]+)?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})"
)


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    match = _MOMENT.fullmatch(text)
    if not match:
        return False
    day, clock, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in 'Zz' else zone}")
        return bool(moment.astimezone(timezone.utc))
    except (ValueError, OverflowError):
        return False


def _schema_error(message: str, place: str) -> SchemaError:
    reason = message.splitlines()[0].replace(_BASE_URI, "")[:200]
    if missing := re.match(r"Resource '([^']*)' is not present", reason):
        reason = f"it refers to {missing[1]}, which was not handed over"
    where = f" at {place}" if place else ""
    return SchemaError(f"The schema is invalid{where}: {reason}.")


# -- sentences -----------------------------------------------------------------------------------------------

_TYPES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_FORMATS = {
    "date-time": 'a date and time such as "2024-05-31T13:45:00Z"',
    "date": 'a date such as "2024-05-31"',
    "time": 'a time such as "13:45:00Z"',
    "email": 'an e-mail address such as "name@example.com"',
    "uri": 'an absolute URI such as "https://example.com/a"',
    "uuid": 'a UUID such as "123e4567-e89b-12d3-a456-426614174000"',
}
_LIMITS = {
    "maxLength": "must have at most {} characters",
    "minLength": "must have at least {} characters",
    "maxItems": "must have at most {} entries",
    "minItems": "must have at least {} entries",
    "maxProperties": "must have at most {} properties",
    "minProperties": "must have at least {} properties",
    "maximum": "must be {} or less",
    "minimum": "must be {} or more",
    "exclusiveMaximum": "must be less than {}",
    "exclusiveMinimum": "must be more than {}",
}
# The patterns that schemas of the suite use again and again, in words.
_PATTERNS = {
    r"\S": "must not be blank",
    r"^\S(.*\S)?$": "must not be blank, nor begin or end with a space",
    r"^(?=.*[1-9])\d{1,9}(\.\d{1,6})?$": 'must be a number above zero such as "12" or "0.5"',
    r"^\d{1,12}(\.\d{1,6})?$": 'must be a number such as "12" or "0.5", not below zero',
    r"^-?\d{1,12}(\.\d{1,6})?$": 'must be a number such as "12" or "-0.5"',
    r"^\d{4}-\d{2}-\d{2}$": 'must be a date such as "2026-05-31"',
    r"^\d{8,14}$": "must have 8 to 14 digits",
    r"^[A-Z]{3}$": 'must be three capital letters such as "USD"',
    r"^[A-Za-z]{2}$": 'must be two letters such as "US"',
    r"^[^@\s]+@[^@\s]+$": "must be an e-mail address",
}
_FIXED = {
    "uniqueItems": "must not hold the same entry twice",
    "not": "has a form that is not allowed here",
    "contains": "holds no entry of the kind that is required",
    "falseSchema": "is not allowed here",
    "anyOf": "fits none of the forms allowed here",
    "oneOf": "fits none of the forms allowed here",
    "propertyNames": "holds a property whose name is not allowed",
    "additionalItems": "has more entries than allowed",
    "unevaluatedItems": "has more entries than allowed",
}


def _detail(kind: Any, node: Mapping[str, Any]) -> str:
    name = kind.name
    if isinstance(node.get("x-message"), str):
        return node["x-message"]
    if name == "type":
        return "must be " + " or ".join(text for type_, text in _TYPES.items() if type_ in kind.types)
    if name == "enum":
        return _one_of(kind.options)
    if name == "const":
        return f"must be {_quoted(kind.expected_value)}"
    if name == "format":
        return f"must be {_FORMATS.get(kind.format, 'a valid ' + str(kind.format))}"
    if name == "pattern":
        return _pattern_detail(kind, node)
    if name == "multipleOf":
        return f"must be a multiple of {kind.multiple_of}"
    if name in _LIMITS:
        return _LIMITS[name].format(kind.limit)
    return _FIXED.get(name, f"does not fulfil {name}")


def _pattern_detail(kind: Any, node: Mapping[str, Any]) -> str:
    """Say it by title and example where the schema has them: few people read a pattern."""
    what = node.get("title") or "a text"
    examples = node.get("examples")
    if isinstance(examples, list) and examples:
        article = "" if not node.get("title") else ("an " if what[:1].lower() in "aeiou" else "a ")
        named = article + what[:1].lower() + what[1:]
        return f"must be {named} such as {_quoted(examples[0])}"
    if kind.pattern in _PATTERNS:
        return _PATTERNS[kind.pattern]
    return f"must match the pattern {str(kind.pattern)[:120]}"


def _one_of(options: Sequence[Any]) -> str:
    shown = ", ".join(_quoted(option) for option in options[:20])
    return f"must be one of {shown}" + (" and others" if len(options) > 20 else "")


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:120]


def _likely_branch(raw: Any) -> Sequence[Any] | None:
    """Return the errors of the only branch that the sender can have meant, None when that is not clear.

    A branch is out when the value itself has another type there, or a fixed value in it (a discriminator)
    differs.
    """
    depth = len(raw.instance_path)
    open_branches = []
    for branch in raw.kind.context:
        mismatch = any(
            (error.kind.name == "type" and len(error.instance_path) == depth) or error.kind.name == "const"
            for error in branch
        )
        if branch and not mismatch:
            open_branches.append(branch)
    return open_branches[0] if len(open_branches) == 1 else None


def _sorted(errors: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return *errors* in order, each once, as many as are shown."""
    unique = {(error["pointer"], error["code"], error["detail"]): error for error in errors}
    ordered = sorted(unique, key=lambda key: (_sort_key(key[0]), *key[1:]))
    return [unique[key] for key in ordered[:MAX_ERRORS]]


def _error(path: Sequence[Any], code: str, detail: str) -> dict[str, str]:
    return {"pointer": _pointer(path), "code": code, "detail": detail}


def _unknown_property(path: Sequence[Any], name: str) -> dict[str, str]:
    return _error([*path, name], "unknown_property", "is not a known property")


def _code(keyword: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in keyword)


def _pointer(path: Iterable[Any]) -> str:
    return "".join("/" + str(step)[:_MAX_NAME].replace("~", "~0").replace("/", "~1") for step in path)


def _sort_key(pointer: str) -> list[tuple[int, int, str]]:
    """Order /lines/2 before /lines/10."""
    return [
        (0, int(step), "") if step.isascii() and step.isdigit() else (1, 0, step)
        for step in pointer.split("/")
    ]


def _by_pointer(document: Any, fragment: str) -> Any:
    if fragment and not fragment.startswith("/"):
        raise KeyError(fragment)
    for step in fragment.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document
