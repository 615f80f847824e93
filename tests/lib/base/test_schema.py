import json
import socket
import time
from decimal import Decimal

import pytest
from dist_integration_base.lib import schema
from dist_integration_base.lib.schema import SchemaError, check_schema, compile_schema
from hypothesis import given
from hypothesis import strategies as st

COMMON = {
    "$defs": {
        "decimal": {
            "type": "string",
            "title": "Decimal string",
            "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
            "examples": ["12.50"],
        },
        "alias": {"$ref": "#/$defs/decimal"},
    }
}
ORDER = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["number", "lines"],
    "additionalProperties": False,
    "properties": {
        "number": {"type": "string", "minLength": 1, "maxLength": 10},
        "ordered_at": {"type": "string", "format": "date-time"},
        "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/line"}},
    },
    "$defs": {
        "line": {
            "type": "object",
            "required": ["sku"],
            "properties": {"sku": {"type": "string"}, "quantity": {"$ref": "common.json#/$defs/alias"}},
        }
    },
}


def errors(subject, instance, resources=None):
    return compile_schema(subject, resources or {}).errors(instance)


def order_errors(instance):
    return errors(ORDER, instance, {"common.json": COMMON})


def one(subject, instance):
    found = errors(subject, instance)
    assert len(found) == 1
    return found[0]


def test_valid_order_has_no_errors():
    order = {
        "number": "A1",
        "ordered_at": "2024-05-31T13:45:00Z",
        "lines": [{"sku": "x", "quantity": "12.50"}],
    }
    assert order_errors(order) == []
    assert compile_schema(ORDER, {"common.json": COMMON}).is_valid(order)


def test_every_error_is_listed_in_order():
    lines = [{"sku": "a"} for _ in range(12)]
    lines[2], lines[10] = {"quantity": "1,5"}, {"sku": 7, "quantity": "x"}
    assert order_errors({"lines": lines, "colour": "red", "ordered_at": "today"}) == [
        {"pointer": "/colour", "code": "unknown_property", "detail": "is not a known property"},
        {
            "pointer": "/lines/2/quantity",
            "code": "pattern",
            "detail": 'must be a decimal string such as "12.50"',
        },
        {"pointer": "/lines/2/sku", "code": "required", "detail": "is required"},
        {
            "pointer": "/lines/10/quantity",
            "code": "pattern",
            "detail": 'must be a decimal string such as "12.50"',
        },
        {"pointer": "/lines/10/sku", "code": "type", "detail": "must be a text"},
        {"pointer": "/number", "code": "required", "detail": "is required"},
        {
            "pointer": "/ordered_at",
            "code": "format",
            "detail": 'must be a date and time such as "2024-05-31T13:45:00Z"',
        },
    ]


def test_the_document_itself_can_be_wrong():
    assert order_errors([]) == [{"pointer": "", "code": "type", "detail": "must be an object"}]


@pytest.mark.parametrize(
    ("subject", "instance", "code", "detail"),
    [
        ({"type": ["string", "null"]}, 1, "type", "must be a text or null"),
        ({"type": "integer"}, Decimal("1.5"), "type", "must be a whole number"),
        ({"enum": ["a", 1]}, "b", "enum", 'must be one of "a", 1'),
        (
            {"enum": list(range(30))},
            "b",
            "enum",
            "must be one of " + ", ".join(map(str, range(20))) + " and others",
        ),
        ({"const": "v1"}, "v2", "const", 'must be "v1"'),
        ({"maxLength": 3}, "abcd", "max_length", "must have at most 3 characters"),
        ({"minLength": 3}, "a", "min_length", "must have at least 3 characters"),
        ({"minItems": 1}, [], "min_items", "must have at least 1 entries"),
        ({"maxItems": 1}, [1, 2], "max_items", "must have at most 1 entries"),
        ({"minimum": 2}, Decimal("1.99"), "minimum", "must be 2 or more"),
        ({"maximum": 2}, 3, "maximum", "must be 2 or less"),
        ({"exclusiveMinimum": 0}, 0, "exclusive_minimum", "must be more than 0"),
        ({"exclusiveMaximum": 0}, 0, "exclusive_maximum", "must be less than 0"),
        ({"multipleOf": 5}, 7, "multiple_of", "must be a multiple of 5"),
        ({"uniqueItems": True}, [1, 1], "unique_items", "must not hold the same entry twice"),
        ({"pattern": "^[A-Z]+$"}, "a", "pattern", "must match the pattern ^[A-Z]+$"),
        ({"pattern": r"^\S(.*\S)?$"}, " ", "pattern", "must not be blank, nor begin or end with a space"),
        (
            {"pattern": r"^(?=.*[1-9])\d{1,9}(\.\d{1,6})?$"},
            "two",
            "pattern",
            'must be a number above zero such as "12" or "0.5"',
        ),
        ({"pattern": "^[A-Z]+$", "examples": ["AB"]}, "a", "pattern", 'must be a text such as "AB"'),
        (
            {"pattern": "^[A-Z]+$", "title": "Item number", "examples": ["AB"]},
            "a",
            "pattern",
            'must be an item number such as "AB"',
        ),
        ({"pattern": "^[A-Z]+$", "x-message": "must be capitals"}, "a", "pattern", "must be capitals"),
        ({"not": {"type": "string"}}, "a", "not", "has a form that is not allowed here"),
        ({"contains": {"type": "string"}}, [1], "contains", "holds no entry of the kind that is required"),
        (
            {"propertyNames": {"pattern": "^a"}},
            {"b": 1},
            "property_names",
            "holds a property whose name is not allowed",
        ),
        (False, 1, "false_schema", "is not allowed here"),
    ],
)
def test_sentences(subject, instance, code, detail):
    assert one(subject, instance) == {"pointer": "", "code": code, "detail": detail}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date-time", "2024-05-31T13:45:00+02:00", "2024-05-31 13:45"),
        ("date", "2024-02-29", "2023-02-29"),
        ("email", "name@example.com", "name.example.com"),
        ("uri", "https://example.com/a", "/a"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ("time", "13:45:00Z", "25:00:00Z"),
    ],
)
def test_formats_are_asserted(name, good, bad):
    assert errors({"format": name}, good) == []
    assert one({"format": name}, bad)["code"] == "format"


def test_pointers_are_escaped():
    subject = {"properties": {"a/b": {"properties": {"c~d": {"type": "string"}}}}}
    assert one(subject, {"a/b": {"c~d": 1}})["pointer"] == "/a~1b/c~0d"


def test_the_payload_is_not_repeated():
    secret = "DE89 3704 0044 0532 0130 00"
    subject = {
        "properties": {
            "a": {"type": "integer"},
            "b": {"pattern": "^x$"},
            "c": {"enum": ["x"]},
            "d": {"format": "email"},
            "e": {"maxLength": 2},
            "f": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "g": {"const": 1},
            "h": {"not": {}},
            "i": {"uniqueItems": True},
            "j": {"propertyNames": {"maxLength": 3}},
        }
    }
    instance = dict.fromkeys("abcdefgh", secret)
    instance.update(i=[secret, secret], j={secret: 1})
    found = errors(subject, instance)
    assert len(found) == 10
    assert "3704" not in json.dumps(found)


def test_the_branch_that_was_meant_is_explained():
    subject = {
        "oneOf": [
            {
                "type": "object",
                "properties": {"kind": {"const": "parcel"}, "weight": {"type": "string"}},
                "required": ["kind", "weight"],
            },
            {"type": "object", "properties": {"kind": {"const": "pallet"}, "height": {"type": "string"}}},
        ]
    }
    assert errors(subject, {"kind": "parcel", "weight": 1}) == [
        {"pointer": "/weight", "code": "type", "detail": "must be a text"}
    ]
    nullable = {"properties": {"a": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 2}]}}}
    assert errors(nullable, {"a": "abc"}) == [
        {"pointer": "/a", "code": "max_length", "detail": "must have at most 2 characters"}
    ]
    assert one(nullable, {"a": 1})["code"] == "any_of"
    assert one({"oneOf": [{"type": "string"}, {"minLength": 0}]}, "a") == {
        "pointer": "",
        "code": "one_of",
        "detail": "fits several forms where exactly one is allowed",
    }


def test_errors_are_capped():
    started = time.process_time()
    found = errors({"items": {"type": "string"}}, [1] * 2000)
    assert [error["pointer"] for error in found] == [f"/{number}" for number in range(schema.MAX_ERRORS)]
    assert {error["code"] for error in found} == {"type"}
    assert len(errors({"additionalProperties": False}, {str(number): 1 for number in range(5000)})) == 100
    assert time.process_time() - started < 5


def test_a_flood_of_errors_is_answered_quickly():
    started = time.process_time()
    found = errors({"items": {"type": "string"}}, [1] * 200_000)
    assert found[0] == {"pointer": "/0", "code": "type", "detail": "must be a text"}
    assert found[1] == {"pointer": "/1", "code": "invalid", "detail": "is invalid"}
    assert len(found) == schema.MAX_ERRORS
    assert time.process_time() - started < 5


def test_long_names_do_not_travel_far():
    found = one({"additionalProperties": False}, {"x" * 10_000: 1})
    assert len(found["pointer"]) < 100


def test_hostile_pattern_ends():
    started = time.process_time()
    assert errors({"pattern": "^(?=a)(a+)+$"}, "a" * 5000 + "!")
    assert errors({"pattern": "^(a|a)*$"}, "a" * 100_000 + "!")
    assert time.process_time() - started < 5


def test_deep_instance_does_not_crash():
    deep: list = []
    for _ in range(200):
        deep = [deep]
    assert compile_schema({"items": {"$ref": "#"}}).is_valid(deep)


def test_numbers_are_exact():
    subject = {"type": "number", "maximum": 3}
    assert errors(subject, Decimal("3.0")) == []
    assert one(subject, Decimal("3.0000000000000000000000001"))["code"] == "maximum"


def test_compiled_once_per_content():
    first = compile_schema({"type": "string", "maxLength": 77})
    assert compile_schema({"maxLength": 77, "type": "string"}) is first
    assert compile_schema({"type": "string", "maxLength": 78}) is not first
    assert compile_schema({"type": "string", "maxLength": 77}, {"a.json": {}}) is not first
    # 1, 1.0 and true are equal to Python but not to a schema.
    assert compile_schema({"const": 1}) is not compile_schema({"const": True})


def test_editing_the_schema_afterwards_changes_nothing():
    subject = {"type": "object", "properties": {"a": {"type": "string"}}}
    validator = compile_schema(subject)
    subject["properties"]["a"]["type"] = "integer"
    assert validator.errors({"a": "x"}) == []
    assert compile_schema(subject).errors({"a": "x"}) != []


def test_resources_by_absolute_uri_and_by_id():
    subject = {"$id": "https://schemas.example/order", "$ref": "common.json#/$defs/decimal"}
    assert one_resource(subject, {"common.json": COMMON})
    assert one_resource(subject, {"https://schemas.example/common.json": COMMON})
    assert one_resource({"$ref": "urn:common#/$defs/decimal"}, {"urn:common": COMMON})


def one_resource(subject, resources):
    assert errors(subject, "12.50", resources) == []
    (found,) = errors(subject, "x", resources)
    return found["detail"] == 'must be a decimal string such as "12.50"'


@pytest.mark.parametrize(
    "subject",
    [
        {"type": "strin"},
        {"pattern": "(a"},
        {"required": "a"},
        {"minLength": -1},
        {"properties": []},
        {"$ref": "#/$defs/none"},
        {"$ref": "missing.json"},
        {"$ref": "https://schemas.example/never-fetched.json"},
        {"$ref": "file:///etc/passwd"},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"$schema": "https://example.com/own-dialect"},
        {"default": float("nan")},
        {"const": b"x"},
        [],
        "string",
        None,
    ],
)
def test_check_schema_refuses(subject):
    with pytest.raises(SchemaError) as caught:
        check_schema(subject)
    assert caught.value.code == "invalid_schema"
    assert len(caught.value.detail) < 300
    assert "schema.invalid" not in caught.value.detail


def test_nothing_is_fetched(tmp_path):
    path = tmp_path / "other.json"
    path.write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        for reference in (path.as_uri(), f"http://127.0.0.1:{listener.getsockname()[1]}/other.json"):
            with pytest.raises(SchemaError):
                check_schema({"$ref": reference})
        with pytest.raises(TimeoutError):
            listener.accept()


def test_check_schema_accepts():
    check_schema(ORDER, {"common.json": COMMON})
    check_schema({})
    with pytest.raises(SchemaError):
        check_schema(ORDER)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4)
    ),
    max_leaves=15,
)


@given(json_values)
def test_errors_and_validity_agree(instance):
    validator = compile_schema(ORDER, {"common.json": COMMON})
    found = validator.errors(instance)
    assert (found == []) is validator.is_valid(instance)
    assert found == sorted(found, key=lambda error: schema._sort_key(error["pointer"]))
    for error in found:
        assert set(error) == {"pointer", "code", "detail"}
        assert error["pointer"] == "" or error["pointer"].startswith("/")
