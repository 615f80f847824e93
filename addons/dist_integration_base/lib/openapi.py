"""Assemble an OpenAPI 3.1 document from operations, webhooks and JSON Schemas: pure functions, deterministic.

Source: OpenAPI Specification 3.1.0. The schemas are the ones that validate messages, so the document cannot
say something else; only their references are rewritten to ``#/components/schemas/<Name>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urldefrag

from .errors import ConfigurationError
from .problem import MEDIA_TYPE as PROBLEM_MEDIA_TYPE

OPENAPI_VERSION = "3.1.0"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMMON_PROBLEMS = (400, 401, 403, 429, 500)
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "The same for every problem of this type."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "description": "Stable machine code, the last part of the type."},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "request_id": {"type": "string", "description": "Give it to support."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) into the request."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
WEBHOOK_HEADERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "webhook-id",
        "The same for every attempt of one message: the receiver's idempotency key.",
        {"type": "string"},
    ),
    ("webhook-timestamp", "Unix seconds of the attempt.", {"type": "string", "pattern": "^[0-9]+$"}),
    ("webhook-signature", "Signatures by Standard Webhooks 1.0.0, separated by blanks.", {"type": "string"}),
)

# Keywords whose value is data (a "$ref" in it means nothing) and those whose value is a map of schemas by
# name.
_DATA_KEYWORDS = frozenset(("const", "enum", "default", "examples", "example"))
_MAP_KEYWORDS = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"))
# Inside a component they would change what its references are relative to.
_DROPPED_KEYWORDS = frozenset(("$id", "$schema"))


class OpenApiError(ConfigurationError):
    """The parts do not make a document; the detail names the operation or schema."""

    code = "invalid_openapi"


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    :ivar method: in any case
    :ivar path: with parameters in braces; those not in *parameters* are added as texts
    :ivar operation_id: unique, becomes a function name in generated clients
    :ivar summary: one line
    :ivar tag: group in the documentation
    :ivar scope: what the client's key must have
    :ivar request: name of the request's schema, None without a body
    :ivar responses: schema name by status, None for an answer without a body
    :ivar parameters: OpenAPI parameter objects
    :ivar headers: response headers of every success, by name: an OpenAPI header object or a description
    :ivar problems: statuses answered by problem details
    :ivar description: CommonMark
    :ivar request_examples: by name, the value itself
    :ivar request_media_type: of the body
    :ivar upload_media_types: of a body that is a file; it has no schema then
    :ivar deprecated: whether to leave it
    :ivar public: whether it needs no authentication
    """

    method: str
    path: str
    operation_id: str
    summary: str
    tag: str = ""
    scope: str = ""
    request: str | None = None
    responses: Mapping[int, str | None] = field(default_factory=lambda: {200: None})
    parameters: Sequence[Mapping[str, Any]] = ()
    headers: Mapping[str, Any] = field(default_factory=dict)
    problems: Sequence[int] = COMMON_PROBLEMS
    description: str = ""
    request_examples: Mapping[str, Any] = field(default_factory=dict)
    request_media_type: str = "application/json"
    upload_media_types: Sequence[str] = ()
    deprecated: bool = False
    public: bool = False


@dataclass(frozen=True)
class Webhook:
    """One message type that we send.

    :ivar name: for instance ``sale.order.confirmed``
    :ivar schema: name of the payload's schema
    :ivar summary: one line
    :ivar example: a payload
    """

    name: str
    schema: str
    summary: str = ""
    description: str = ""
    tag: str = ""
    example: Any = None
    deprecated: bool = False


def build_document(
    info: Mapping[str, Any],
    operations: Iterable[Operation],
    webhooks: Iterable[Webhook] = (),
    schemas: Mapping[str, Mapping[str, Any]] | None = None,
    security_schemes: Mapping[str, Mapping[str, Any]] | None = None,
    servers: Sequence[Mapping[str, Any] | str] = (),
) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document.

    :param info: OpenAPI info object: title and version at least
    :param operations: paths are grouped, in the order given
    :param webhooks: message types that we send
    :param schemas: JSON Schemas by the name that operations and ``$ref`` use; a ``$ref`` may also use the
        schema's ``$id``, or the name with ``.json``
    :param security_schemes: by name; an operation with a scope may be called with any of them
    :param servers: OpenAPI server objects or URLs
    :raises OpenApiError: unknown schema or reference, an operation given twice
    """
    names = _Names(schemas or {})
    operations, webhooks = list(operations), list(webhooks)
    _check_unique(operations)
    schemes = dict(security_schemes or {})
    document: dict[str, Any] = {"openapi": OPENAPI_VERSION, "info": dict(info), "jsonSchemaDialect": DIALECT}
    if servers:
        document["servers"] = [
            {"url": server} if isinstance(server, str) else dict(server) for server in servers
        ]
    tags = dict.fromkeys(entry.tag for entry in (*operations, *webhooks) if entry.tag)
    if tags:
        document["tags"] = [{"name": tag} for tag in tags]
    document["paths"] = _paths(operations, names, schemes)
    if webhooks:
        document["webhooks"] = {webhook.name: {"post": _webhook(webhook, names)} for webhook in webhooks}
    document["components"] = _components(operations, names, schemes)
    return document


def component_name(name: str) -> str:
    """Return *name* as a key of components: letters, digits, dots, dashes and underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name.removesuffix(".json")).strip("_") or "Schema"


class _Names:
    """Knows the schemas by every name a reference may use."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self.schemas = schemas
        self._components: dict[str, str] = {}
        taken: dict[str, str] = {"Problem": "(problem details)"}
        for name, schema in schemas.items():
            component = component_name(name)
            if component in taken:
                raise OpenApiError(f"The schemas {taken[component]} and {name} would have the same name.")
            taken[component] = name
            for alias in (name, name.removesuffix(".json"), f"{name}.json", schema.get("$id")):
                if alias:
                    self._components.setdefault(alias.rstrip("#"), component)

    def reference(self, name: str, used_by: str) -> dict[str, str]:
        component = self._components.get(name)
        if component is None:
            raise OpenApiError(f"{used_by}: there is no schema {name}.")
        return {"$ref": f"#/components/schemas/{component}"}

    def rewritten(self) -> dict[str, Any]:
        found = {
            self._components[name]: self._rewrite(schema, name, self._components[name])
            for name, schema in self.schemas.items()
        }
        return {**found, "Problem": PROBLEM_SCHEMA}

    def _rewrite(self, schema: Any, name: str, component: str) -> Any:
        if isinstance(schema, list):
            return [self._rewrite(item, name, component) for item in schema]
        if not isinstance(schema, Mapping):
            return schema
        result: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword in _DROPPED_KEYWORDS:
                continue
            if keyword in _DATA_KEYWORDS or keyword.startswith("x-"):
                result[keyword] = value
            elif keyword in _MAP_KEYWORDS and isinstance(value, Mapping):
                result[keyword] = {
                    key: self._rewrite(member, name, component) for key, member in value.items()
                }
            elif keyword == "$ref":
                result[keyword] = self._target(value, name, component)
            else:
                result[keyword] = self._rewrite(value, name, component)
        return result

    def _target(self, reference: str, name: str, component: str) -> str:
        document, fragment = urldefrag(reference)
        if fragment and not fragment.startswith("/"):
            raise OpenApiError(
                f"The schema {name} refers to {reference}: only JSON Pointers can be rewritten."
            )
        if document:
            known = self._components.get(document) or self._components.get(document.rsplit("/", 1)[-1])
            if known is None:
                raise OpenApiError(
                    f"The schema {name} refers to {reference}, which is not among the schemas."
                )
            component = known
        return f"#/components/schemas/{component}{fragment}"


def _check_unique(operations: Sequence[Operation]) -> None:
    routes: set[tuple[str, str]] = set()
    identifiers: set[str] = set()
    for operation in operations:
        # Two paths that differ only in the names of their parameters are the same path to OpenAPI.
        route = (operation.method.lower(), re.sub(r"\{[^}]*\}", "{}", operation.path))
        if route[0] not in METHODS:
            raise OpenApiError(f"{operation.operation_id}: {operation.method} is not a method of OpenAPI.")
        if not operation.path.startswith("/"):
            raise OpenApiError(f"{operation.operation_id}: the path must start with a slash.")
        if route in routes:
            raise OpenApiError(f"{operation.method} {operation.path} is given twice.")
        if operation.operation_id in identifiers:
            raise OpenApiError(f"The operation id {operation.operation_id} is given twice.")
        routes.add(route)
        identifiers.add(operation.operation_id)


def _paths(operations: Iterable[Operation], names: _Names, schemes: Mapping[str, Any]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, names, schemes)
    return paths


def _operation(operation: Operation, names: _Names, schemes: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": operation.operation_id, "summary": operation.summary}
    if operation.description:
        found["description"] = operation.description
    if operation.tag:
        found["tags"] = [operation.tag]
    if operation.deprecated:
        found["deprecated"] = True
    parameters = _parameters(operation)
    if parameters:
        found["parameters"] = parameters
    if operation.request:
        content: dict[str, Any] = {"schema": names.reference(operation.request, operation.operation_id)}
        if operation.request_examples:
            content["examples"] = {
                name: {"value": value} for name, value in operation.request_examples.items()
            }
        found["requestBody"] = {"required": True, "content": {operation.request_media_type: content}}
    if operation.upload_media_types:
        # bytes of any kind (OpenAPI 3.1 4.8.14.2): what is wrong with them is found while they are read
        file = {"schema": {"description": "The file, as a stream"}}
        content = {media_type: file for media_type in operation.upload_media_types}
        found["requestBody"] = {"required": True, "content": content}
    found["responses"] = _responses(operation, names)
    if operation.public:
        found["security"] = []
    elif schemes:
        found["security"] = [{name: [operation.scope] if operation.scope else []} for name in schemes]
    if operation.scope:
        found["x-scope"] = operation.scope
    return found


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    given = [dict(parameter) for parameter in operation.parameters]
    named = {parameter.get("name") for parameter in given if parameter.get("in") == "path"}
    in_path = re.findall(r"\{([^}]*)\}", operation.path)
    unknown = named - set(in_path)
    if unknown:
        raise OpenApiError(
            f"{operation.operation_id}: {', '.join(sorted(map(str, unknown)))} is not in the path."
        )
    missing = [name for name in in_path if name not in named]
    added = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in missing]
    return added + given


def _responses(operation: Operation, names: _Names) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    headers = {
        name: value if isinstance(value, Mapping) else {"description": value, "schema": {"type": "string"}}
        for name, value in operation.headers.items()
    }
    for status, schema in operation.responses.items():
        answer: dict[str, Any] = {"description": _phrase(status)}
        if headers:
            answer["headers"] = headers
        if schema:
            answer["content"] = {
                "application/json": {"schema": names.reference(schema, operation.operation_id)}
            }
        responses[str(status)] = answer
    for status in operation.problems:
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})
    return dict(sorted(responses.items()))


def _webhook(webhook: Webhook, names: _Names) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": names.reference(webhook.schema, webhook.name)}
    if webhook.example is not None:
        content["example"] = webhook.example
    found: dict[str, Any] = {"operationId": f"webhook_{component_name(webhook.name).replace('.', '_')}"}
    found["summary"] = webhook.summary or webhook.name
    if webhook.description:
        found["description"] = webhook.description
    if webhook.tag:
        found["tags"] = [webhook.tag]
    if webhook.deprecated:
        found["deprecated"] = True
    found["parameters"] = [
        {"name": name, "in": "header", "required": True, "description": text, "schema": schema}
        for name, text, schema in WEBHOOK_HEADERS
    ]
    found["requestBody"] = {"required": True, "content": {"application/json": content}}
    found["responses"] = {
        "2XX": {"description": "Received. Any other status is tried again or given up, see the guide."},
        "410": {"description": "Gone: the subscription is switched off."},
    }
    # The receiver's authentication is its own affair; the signature is in the headers.
    found["security"] = []
    return found


def _components(
    operations: Iterable[Operation], names: _Names, schemes: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    statuses = sorted({status for operation in operations for status in operation.problems})
    problem = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components: dict[str, Any] = {"schemas": names.rewritten()}
    if statuses:
        components["responses"] = {
            f"Problem{status}": {"description": _phrase(status), "content": problem} for status in statuses
        }
    if schemes:
        components["securitySchemes"] = {name: dict(scheme) for name, scheme in schemes.items()}
    return components


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:
        return f"Status {status}"
