import json

import pytest
from dist_integration_base.lib import openapi
from dist_integration_base.lib.openapi import OpenApiError, Operation, Webhook, build_document

INFO = {"title": "Distribution", "version": "1.0.0"}
SCHEMAS = {
    "order.submit": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://schemas.example/order.submit/1",
        "type": "object",
        "required": ["number"],
        "properties": {
            "number": {"type": "string"},
            "total": {"$ref": "common.json#/$defs/money"},
            "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
            "parent": {"$ref": "#"},
            "customer": {"$ref": "customer.json"},
            "link": {"$ref": "https://schemas.example/customer"},
            # A property may be called like a keyword, and data may look like a reference.
            "$ref": {"type": "string"},
            "enum": {"$ref": "#/$defs/line"},
        },
        "examples": [{"$ref": "left alone"}],
        "$defs": {"line": {"type": "object", "properties": {"sku": {"const": {"$ref": "left alone"}}}}},
    },
    "customer": {"$id": "https://schemas.example/customer", "type": "object"},
    "common.json": {"$defs": {"money": {"type": "string", "pattern": "^[0-9]+$"}}},
}
BEARER = {"apiKey": {"type": "http", "scheme": "bearer"}}
SUBMIT = Operation(
    "POST",
    "/v1/orders/{external_id}",
    "submitOrder",
    "Submit an order",
    tag="Orders",
    scope="orders:write",
    request="order.submit",
    responses={201: "order.submit", 202: None},
    parameters=[{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}],
    headers={"RateLimit": "What is left of the quota."},
    problems=(400, 409, 422),
    description="Text",
    request_examples={"least": {"number": "A1"}},
)
GET = Operation(
    "get", "/v1/orders/{external_id}", "getOrder", "Read an order", responses={200: "order.submit"}
)
PING = Operation("get", "/v1/ping", "ping", "Is it there", public=True, deprecated=True)
EVENT = Webhook(
    "sale.order.confirmed", "order.submit", "An order was confirmed", tag="Events", example={"number": "A1"}
)


def build(**changes):
    parts = {
        "info": INFO,
        "operations": [SUBMIT, GET, PING],
        "webhooks": [EVENT],
        "schemas": SCHEMAS,
        "security_schemes": BEARER,
        "servers": ["https://erp.example/api", {"url": "https://test.example/api", "description": "Test"}],
    }
    return build_document(**{**parts, **changes})


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def test_the_validator_of_openapi_accepts_it():
    validator = pytest.importorskip("openapi_spec_validator")
    validator.OpenAPIV31SpecValidator(build()).validate()
    least = build_document(INFO, [PING])
    validator.OpenAPIV31SpecValidator(least).validate()


def test_every_reference_leads_somewhere():
    document = build()
    found = [reference for reference in references(document) if reference != "left alone"]
    assert len(found) > 10
    for reference in found:
        assert reference.startswith("#/")
        node = document
        for step in reference[2:].split("/"):
            node = node[step]


def test_references_are_rewritten_and_data_is_not():
    schema = build()["components"]["schemas"]["order.submit"]
    properties = schema["properties"]
    assert properties["total"] == {"$ref": "#/components/schemas/common/$defs/money"}
    assert properties["lines"]["items"] == {"$ref": "#/components/schemas/order.submit/$defs/line"}
    assert properties["parent"] == {"$ref": "#/components/schemas/order.submit"}
    assert properties["customer"] == properties["link"] == {"$ref": "#/components/schemas/customer"}
    assert properties["$ref"] == {"type": "string"}
    assert properties["enum"] == {"$ref": "#/components/schemas/order.submit/$defs/line"}
    assert schema["examples"] == [{"$ref": "left alone"}]
    assert schema["$defs"]["line"]["properties"]["sku"] == {"const": {"$ref": "left alone"}}
    assert "$id" not in schema and "$schema" not in schema


def test_the_schemas_handed_over_are_not_changed():
    before = json.dumps(SCHEMAS)
    build()
    assert json.dumps(SCHEMAS) == before


def test_operation():
    found = build()["paths"]["/v1/orders/{external_id}"]["post"]
    assert found["operationId"] == "submitOrder"
    assert found["security"] == [{"apiKey": ["orders:write"]}]
    assert found["tags"] == ["Orders"]
    assert [parameter["name"] for parameter in found["parameters"]] == ["external_id", "Idempotency-Key"]
    assert list(found["responses"]) == ["201", "202", "400", "409", "422"]
    assert "content" not in found["responses"]["202"]
    assert found["responses"]["409"] == {"$ref": "#/components/responses/Problem409"}
    assert found["responses"]["201"]["headers"]["RateLimit"]["description"] == "What is left of the quota."
    body = found["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/order.submit"}
    assert body["examples"] == {"least": {"value": {"number": "A1"}}}


def test_methods_of_a_path_share_it_and_public_needs_no_key():
    document = build()
    assert set(document["paths"]["/v1/orders/{external_id}"]) == {"post", "get"}
    assert document["paths"]["/v1/orders/{external_id}"]["get"]["security"] == [{"apiKey": []}]
    assert document["paths"]["/v1/ping"]["get"]["security"] == []
    assert document["paths"]["/v1/ping"]["get"]["deprecated"] is True


def test_problems_are_problem_json():
    components = build()["components"]
    assert list(components["responses"]["Problem422"]["content"]) == ["application/problem+json"]
    assert components["schemas"]["Problem"]["required"] == ["type", "title", "status", "code"]


def test_webhook():
    found = build()["webhooks"]["sale.order.confirmed"]["post"]
    assert [parameter["name"] for parameter in found["parameters"]] == [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ]
    assert found["requestBody"]["content"]["application/json"]["example"] == {"number": "A1"}
    assert found["security"] == []


def test_tags_and_servers():
    document = build()
    assert document["tags"] == [{"name": "Orders"}, {"name": "Events"}]
    assert document["servers"][0] == {"url": "https://erp.example/api"}


def test_the_same_input_gives_the_same_text():
    assert json.dumps(build()) == json.dumps(build())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"operations": [SUBMIT, SUBMIT]}, "given twice"),
        ({"operations": [GET, Operation("get", "/v1/orders/{id}", "other", "")]}, "given twice"),
        ({"operations": [GET, Operation("get", "/v1/other", "getOrder", "")]}, "getOrder is given twice"),
        ({"operations": [Operation("FETCH", "/v1", "a", "")]}, "FETCH"),
        ({"operations": [Operation("get", "v1", "a", "")]}, "slash"),
        (
            {"operations": [Operation("get", "/v1", "a", "", request="nothing")]},
            "a: there is no schema nothing",
        ),
        ({"operations": [Operation("get", "/v1", "a", "", responses={200: "nothing"})]}, "no schema nothing"),
        (
            {"operations": [Operation("get", "/v1", "a", "", parameters=[{"name": "id", "in": "path"}])]},
            "id is not in the path",
        ),
        ({"webhooks": [Webhook("a", "nothing")]}, "a: there is no schema nothing"),
        ({"schemas": {**SCHEMAS, "x": {"$ref": "unknown.json"}}}, "unknown.json"),
        ({"schemas": {**SCHEMAS, "x": {"$ref": "#anchor"}}}, "#anchor"),
        ({"schemas": {**SCHEMAS, "order.submit.json": {}}}, "same name"),
        ({"schemas": {**SCHEMAS, "Problem": {}}}, "same name"),
    ],
)
def test_parts_that_do_not_fit(changes, said):
    with pytest.raises(OpenApiError) as caught:
        build(**changes)
    assert said in caught.value.detail
    assert caught.value.code == "invalid_openapi"


def test_component_name():
    assert openapi.component_name("order.submit.json") == "order.submit"
    assert openapi.component_name("https://x.example/a b") == "https_x.example_a_b"
    assert openapi.component_name("é") == "Schema"
