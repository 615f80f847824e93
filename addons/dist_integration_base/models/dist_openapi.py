from odoo import api, models, release

from ..lib import openapi

# what every route may answer beside its own
COMMON_STATUSES = (400, 401, 403, 429, 503)
BODY_STATUSES = (413, 415, 422)
MESSAGE_STATUSES = (409, 410)


class DistOpenapi(models.AbstractModel):
    """The API's description, made of the routes and the message types of this database."""

    _name = "dist.openapi"
    _description = "OpenAPI document"

    @api.model
    def _get_document(self):
        """:return: OpenAPI 3.1 document as a dict"""
        routes = self._get_routes()
        schemas = {
            "operation": self._load("dist_integration_base/schemas/operation.v1.json"),
            **FRAME_SCHEMAS,
        }
        operations = []
        for route in routes:
            operations += self._get_operations(route, schemas)
        return openapi.build_document(
            {
                "title": "Distribution integration API",
                "version": "1.0",
                "description": "Quantities and amounts are decimal strings, moments are UTC, no text holds U+0000. "
                "Every refusal is a problem document (RFC 9457).",
                "x-odoo-series": release.series,
            },
            operations,
            self._get_webhooks(schemas),
            schemas,
            {
                "key": {"type": "http", "scheme": "bearer", "description": "API key"},
                "keyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
            ["/"],
        )

    @api.model
    def _get_routes(self):
        """:return: list of ApiOperation of the installed addons"""
        found = {}
        for rule in self.env["ir.http"].routing_map().iter_rules():
            operation = getattr(rule.endpoint, "dist_operation", None)
            if operation:
                found[operation.method, operation.path] = operation
        return sorted(found.values(), key=lambda operation: (operation.tag, operation.path, operation.method))

    @api.model
    def _load(self, path):
        return self.env["dist.message.type.version"]._load_schema_file(path)

    @api.model
    def _get_operations(self, route, schemas):
        common = {
            "method": route.method,
            "summary": route.summary,
            "description": route.description,
            "tag": route.tag,
            "scope": route.scope or "",
        }
        single = self._get_single(route, schemas, common)
        return [single, self._get_bulk(route, schemas, common, single)] if route.bulk else [single]

    @api.model
    def _get_single(self, route, schemas, common):
        request, responses = self._get_bodies(route, schemas)
        problems = set(COMMON_STATUSES) | set(route.statuses)
        if route.method in ("POST", "PUT", "PATCH"):
            problems |= set(BODY_STATUSES)
        if route.message_type:
            problems |= set(MESSAGE_STATUSES)
        if route.conditional:
            if route.method == "GET":
                responses[304] = None
            else:
                problems.add(412)
        example = schemas.get(request, {}).get("examples", []) if request else []
        return openapi.Operation(
            path="/dist/v1" + _braces(route.path),
            operation_id=route.operation_id,
            request=request,
            responses=responses,
            parameters=self._get_parameters(route),
            headers=self._get_headers(route),
            problems=sorted(problems),
            upload_media_types=route.upload,
            request_examples={"example": example[0]} if example else {},
            **common,
        )

    @api.model
    def _get_bodies(self, route, schemas):
        """:return: (name of the request's schema or None, dict status to name of the answer's schema)"""
        if route.message_type:
            version = self.env["dist.message.type"]._get_by_code(route.message_type)._get_default_version()
            answer = f"{route.message_type}.answer"
            schemas[answer] = version._get_answer_schema()
            if route.upload:
                return None, {200: answer, 202: "waiting"}
            schemas[route.message_type] = version._get_schema()
            return route.message_type, {200: answer, 202: "waiting"}
        request = self._name_schema(route.request_schema, schemas)
        return request, {200: self._name_schema(route.response_schema, schemas)}

    @api.model
    def _name_schema(self, path, schemas):
        if not path:
            return None
        name = path.rsplit("/", 1)[-1].removesuffix(".v1.json")
        schemas[name] = self._load(path)
        return name

    @api.model
    def _get_bulk(self, route, schemas, common, single):
        request = f"{route.message_type}.bulk"
        schemas[request] = {
            "type": "object",
            "required": ["items"],
            "properties": {
                "items": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1000,
                    "items": {"$ref": route.message_type},
                }
            },
            "additionalProperties": False,
            "description": "An item that is wrong does not stop the others: its own status says so.",
        }
        return openapi.Operation(
            path=single.path + "/bulk",
            operation_id=route.operation_id + "_bulk",
            request=request,
            responses={200: "bulk", 202: "bulk"},
            parameters=single.parameters,
            headers=single.headers,
            problems=single.problems,
            **{**common, "summary": f"{route.summary}: many at once"},
        )

    @api.model
    def _get_parameters(self, route):
        parameters = [
            {
                "name": name,
                "in": "query",
                "schema": dict(schema),
                **({"required": True} if name in route.required else {}),
            }
            for name, schema in route.parameters
        ]
        if route.message_type or route.idempotent:
            parameters.append(
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "description": "The same key with the same body has one effect and one answer.",
                    "schema": {"type": "string", "maxLength": 255, "pattern": "^[\\x20-\\x7e]*$"},
                }
            )
        return parameters

    @api.model
    def _get_headers(self, route):
        headers = {"Trace-Id": "Quote it to the operator"}
        if route.message_type:
            headers["Message-Id"] = "Id of the stored message"
        if "cursor" in dict(route.parameters):
            headers["Link"] = (
                'The next page of the same query, `<...>; rel="next"` (RFC 8288); left out on the last page'
            )
        # of a PUT only where what was put is kept letter by letter (RFC 9110 9.3.4), which no message is
        if route.conditional and route.method == "GET":
            headers["ETag"] = "Version of what is shown"
        return headers

    @api.model
    def _get_webhooks(self, schemas):
        webhooks = []
        for message_type in self.env["dist.message.type"].sudo().search([("direction", "=", "out")]):
            version = message_type._get_default_version()
            if not version:
                continue
            schemas[message_type.code] = version._get_schema()
            envelope = f"{message_type.code}.message"
            schemas[envelope] = self._get_envelope_schema(message_type)
            examples = version._get_schema().get("examples") or [None]
            webhooks.append(
                openapi.Webhook(
                    name=message_type.code,
                    schema=envelope,
                    summary=message_type.name,
                    description=message_type.description or "",
                    example=self._get_example(message_type, version, examples[0]),
                )
            )
        return webhooks

    @api.model
    def _get_envelope_schema(self, message_type):
        return {
            **ENVELOPE_SCHEMA,
            "title": message_type.name,
            "properties": {**ENVELOPE_SCHEMA["properties"], "data": {"$ref": message_type.code}},
        }

    @api.model
    def _get_example(self, message_type, version, data):
        return {
            "id": "evt_0b6f4f0e5a7c4f06a5b1c7f1d2e3a4b5",
            "type": message_type.code,
            "version": str(version.number),
            "time": "2026-03-02T08:15:00Z",
            "sequence": 1,
            "subject": "sale.order/42",
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            "data": data or {},
        }


ENVELOPE_SCHEMA = {
    "type": "object",
    "required": ["id", "type", "version", "time", "sequence", "subject", "trace_id", "data"],
    "properties": {
        "id": {"type": "string", "description": "Id of the event, the same for every subscriber and attempt"},
        "type": {"type": "string"},
        "version": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "sequence": {"type": "integer", "description": "Number of the event among those of its document"},
        "subject": {"type": "string", "description": "The document in Odoo"},
        "trace_id": {"type": "string"},
    },
    "additionalProperties": False,
}

FRAME_SCHEMAS = {
    "waiting": {
        "title": "Stored, not finished",
        "type": "object",
        "required": ["status", "message_id", "operation"],
        "properties": {
            "status": {
                "type": "string",
                "description": "held: a person has to decide first. shadow: compared, not applied. "
                "left_to_other: the old interface handles it",
            },
            "message_id": {"type": "string"},
            "operation": {"type": "string", "description": "Path to poll"},
            "reasons": {"type": "array", "items": {"type": "object"}},
        },
        "additionalProperties": False,
    },
    "bulk": {
        "title": "Outcome per item",
        "type": "object",
        "required": ["message_id", "items"],
        "properties": {
            "message_id": {"type": "string"},
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["index", "message_id", "status"],
                    "properties": {
                        "index": {"type": "integer"},
                        "message_id": {"type": "string"},
                        "status": {"type": "integer", "description": "HTTP status of this item"},
                        "answer": {"type": "object"},
                        "problem": {"type": "object"},
                    },
                    "additionalProperties": False,
                },
            },
        },
        "additionalProperties": False,
    },
}


def _braces(path):
    """Path parameters as OpenAPI writes them."""
    parts = path.split("<")
    return parts[0] + "".join(
        "{" + part.split(">")[0].split(":")[-1] + "}" + part.split(">", 1)[1] for part in parts[1:]
    )
