import pytest
from dist_integration_base.lib.schema import breaking_changes, compile_schema
from hypothesis import assume, given, settings
from hypothesis import strategies as st

ORDER = {
    "type": "object",
    "required": ["number", "lines"],
    "properties": {
        "number": {"type": "string", "maxLength": 30},
        "note": {"type": ["string", "null"]},
        "kind": {"enum": ["normal", "rush", "drop"]},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "quantity": {"$ref": "#/$defs/decimal"}},
            },
        },
    },
    "$defs": {"decimal": {"type": "string", "pattern": "^[0-9]+$"}},
}


def changed(path, value, base=ORDER):
    """Return a copy of *base* with *value* at *path*; None takes the member out."""
    head, *rest = path
    copy = dict(base)
    if rest:
        copy[head] = changed(rest, value, base.get(head, {}))
    elif value is None:
        copy.pop(head, None)
    else:
        copy[head] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (["required"], ["number", "lines", "note"], "/: note is required now"),
        (["properties", "note"], None, "/: note was removed"),
        (["properties", "note", "type"], "string", "/note: no longer accepts null"),
        (["properties", "note"], False, "/note: is no longer allowed"),
        (["properties", "kind", "enum"], ["normal"], '/kind: no longer accepts "rush", "drop"'),
        (["properties", "kind"], {"const": "rush"}, '/kind: no longer accepts "normal", "drop"'),
        (["properties", "kind", "type"], "integer", '/kind: no longer accepts "normal", "rush", "drop"'),
        (["properties", "number", "enum"], ["a"], "/number: accepts only a list of values now"),
        (["properties", "number", "maxLength"], 20, "/number: maxLength became stricter (20 instead of 30)"),
        (["properties", "number", "minLength"], 1, "/number: minLength became stricter (1 instead of none)"),
        (["properties", "number", "pattern"], "^a", "/number: the pattern changed"),
        (["properties", "number", "format"], "uuid", "/number: the format must be uuid now"),
        (["properties", "number", "type"], "integer", "/number: no longer accepts string"),
        (["properties", "lines", "minItems"], 1, "/lines: minItems became stricter (1 instead of none)"),
        (["properties", "lines", "uniqueItems"], True, "/lines: entries must be unique now"),
        (["properties", "lines", "items", "required"], ["sku"], "/lines/*: sku is required now"),
        (["$defs", "decimal", "pattern"], "^[0-9]$", "/lines/*/quantity: the pattern changed"),
        (["additionalProperties"], False, "/: other properties are no longer accepted"),
        (["unevaluatedProperties"], False, "/: other properties are no longer accepted"),
        (["additionalProperties"], {"type": "string"}, "/*: no longer accepts array, boolean"),
        (["dependentRequired"], {"note": ["kind"]}, "/: kind is required now when note is there"),
        (["not"], {"required": ["x"]}, "/: not changed"),
        (["allOf"], [{"required": ["x"]}], "/: a condition was added to allOf"),
        (["anyOf"], [{"required": ["x"]}], "/: anyOf changed"),
        (["minProperties"], 3, "/: minProperties became stricter (3 instead of none)"),
    ],
)
def test_breaking_for_those_who_send(path, value, expected):
    found = breaking_changes(ORDER, changed(path, value))
    assert len(found) == 1
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["required"], ["number"]),
        (["properties", "extra"], {"type": "string"}),
        (["properties", "number", "type"], ["string", "integer"]),
        (["properties", "kind", "enum"], ["drop", "rush", "normal", "sample"]),
        (["properties", "kind", "enum"], None),
        (["properties", "number", "maxLength"], 40),
        (["properties", "number", "minLength"], 0),
        (["properties", "number", "maxLength"], None),
        (["properties", "lines", "items"], None),
        (["$defs", "decimal", "pattern"], None),
        (["title"], "Order"),
        (["properties", "note", "description"], "Free text"),
        (["additionalProperties"], True),
        (["additionalProperties"], {}),
    ],
)
def test_not_breaking_for_those_who_send(path, value):
    assert breaking_changes(ORDER, changed(path, value)) == []


def test_several_are_all_listed_and_sorted():
    new = changed(["properties", "number", "type"], "integer", changed(["properties", "note"], None))
    found = breaking_changes(ORDER, new)
    assert found == sorted(found)
    assert len(found) == 2


@pytest.mark.parametrize(
    ("old", "new", "breaks"),
    [
        ({"minimum": 1}, {"exclusiveMinimum": 0}, False),
        ({"minimum": 1}, {"exclusiveMinimum": 1}, True),
        ({"exclusiveMinimum": 1}, {"minimum": 1}, False),
        ({"exclusiveMaximum": 5}, {"maximum": 5}, False),
        ({"maximum": 5}, {"maximum": 4}, True),
        ({"minimum": -5}, {"minimum": -4}, True),
        ({}, {"minimum": 0}, True),
        ({"minimum": 0}, {}, False),
        ({"multipleOf": 4}, {"multipleOf": 2}, False),
        ({"multipleOf": 2}, {"multipleOf": 4}, True),
        ({"multipleOf": 0.2}, {"multipleOf": 0.1}, False),
        ({"type": "number"}, {"type": "integer"}, True),
        ({"type": "integer"}, {"type": "number"}, False),
        ({"enum": [1, 2.5]}, {"enum": [1, 2.5], "type": "integer"}, True),
        ({"enum": [1, True]}, {"enum": [1, True], "type": ["integer", "boolean"]}, False),
        ({"prefixItems": [{"type": "string"}]}, {"prefixItems": [{"type": "integer"}]}, True),
        ({"items": {"type": "string"}}, {"items": False}, True),
        (True, False, True),
        (False, True, False),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"anyOf": [{"type": "string"}]}, True),
        (
            {"anyOf": [{"type": "string"}]},
            {"anyOf": [{"type": "null"}, {"type": "string"}]},
            False,
        ),
        (
            {"oneOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]},
            {"oneOf": [{"type": "string", "maxLength": 4}, {"type": "null"}]},
            True,
        ),
        ({"allOf": [{"minLength": 1}]}, {}, False),
        ({"if": {"required": ["a"]}}, {"if": {"required": ["b"]}}, True),
    ],
)
def test_pairs(old, new, breaks):
    assert bool(breaking_changes(old, new)) is breaks


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (["required"], ["number"], "/: lines is no longer always there"),
        (["properties", "note"], None, "/: note was removed"),
        (["properties", "number", "type"], ["string", "integer"], "/number: may now be integer"),
        (["properties", "kind", "enum"], ["normal", "rush", "drop", "sample"], '/kind: may now be "sample"'),
        (["properties", "kind", "enum"], None, "/kind: is no longer limited to a list of values"),
        (["properties", "number", "maxLength"], 40, "/number: maxLength became looser (40 instead of 30)"),
        (
            ["properties", "number", "maxLength"],
            None,
            "/number: maxLength became looser (none instead of 30)",
        ),
        (["$defs", "decimal", "pattern"], "^-?[0-9]+$", "/lines/*/quantity: the pattern changed"),
    ],
)
def test_breaking_for_those_who_read(path, value, expected):
    assert breaking_changes(ORDER, changed(path, value), direction="out") == [expected]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["required"], ["number", "lines", "kind"]),
        (["properties", "extra"], {"type": "string"}),
        (["properties", "note", "type"], "string"),
        (["properties", "kind", "enum"], ["normal"]),
        (["properties", "number", "maxLength"], 20),
        (["additionalProperties"], False),
    ],
)
def test_not_breaking_for_those_who_read(path, value):
    assert breaking_changes(ORDER, changed(path, value), direction="out") == []


def test_a_closed_message_that_readers_get_must_not_grow():
    closed = {**ORDER, "additionalProperties": False}
    grown = changed(["properties", "extra"], {}, closed)
    assert len(breaking_changes(closed, grown, direction="out")) == 1


def test_shared_schemas_are_followed():
    old = {"properties": {"a": {"$ref": "common.json#/$defs/money"}}}
    common = {"$defs": {"money": {"$ref": "#/$defs/decimal"}, "decimal": {"type": "string", "maxLength": 20}}}
    stricter = changed(["$defs", "decimal", "maxLength"], 10, common)
    before, after = {"common.json": common}, {"common.json": stricter}
    assert breaking_changes(old, old, "in", before, before) == []
    assert breaking_changes(old, old, "in", before, after) == [
        "/a: maxLength became stricter (10 instead of 20)"
    ]
    # Moving a definition changes nothing.
    inlined = {"properties": {"a": {"type": "string", "maxLength": 20}}}
    assert breaking_changes(old, inlined, "in", before) == []


def test_unknown_reference_counts_when_it_changes():
    assert breaking_changes({"$ref": "a.json"}, {"$ref": "a.json"}) == []
    assert breaking_changes({"$ref": "a.json"}, {"$ref": "b.json"}) == [
        "/: refers to b.json instead of a.json"
    ]


def test_schema_that_refers_to_itself_ends():
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}
    assert breaking_changes(tree, tree) == []
    assert breaking_changes(tree, {**tree, "required": ["children"]})
    assert breaking_changes({"$ref": "#"}, {"$ref": "#"}) == []


def test_direction_is_checked():
    with pytest.raises(ValueError):
        breaking_changes({}, {}, direction="both")


leaf = st.one_of(
    st.fixed_dictionaries(
        {}, optional={"type": st.sampled_from(["string", "integer", "number", "null", "boolean"])}
    ),
    st.fixed_dictionaries({}, optional={"type": st.just(["string", "null"]), "maxLength": st.integers(0, 3)}),
    st.fixed_dictionaries(
        {},
        optional={
            "minimum": st.integers(-2, 2),
            "maximum": st.integers(-2, 2),
            "exclusiveMinimum": st.integers(-2, 2),
            "multipleOf": st.sampled_from([1, 2, 0.5]),
        },
    ),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["", "ab", 1, 2, True, None]), min_size=1)}),
    st.fixed_dictionaries({"const": st.sampled_from(["ab", 1, None])}),
    st.booleans(),
)


def containers(children):
    objects = st.fixed_dictionaries(
        {"properties": st.fixed_dictionaries({"a": children, "b": children})},
        optional={
            "type": st.just("object"),
            "required": st.sets(st.sampled_from("ab")).map(sorted),
            "additionalProperties": st.booleans() | leaf,
            "minProperties": st.integers(0, 2),
            "maxProperties": st.integers(0, 2),
            "dependentRequired": st.just({"a": ["b"]}),
        },
    )
    arrays = st.fixed_dictionaries(
        {},
        optional={
            "type": st.just("array"),
            "items": children,
            "prefixItems": st.lists(children, min_size=1, max_size=2),
            "minItems": st.integers(0, 2),
            "uniqueItems": st.booleans(),
        },
    )
    combined = st.dictionaries(
        st.sampled_from(["anyOf", "allOf"]),
        st.lists(children, min_size=1, max_size=2),
        min_size=1,
        max_size=1,
    )
    return objects | arrays | combined


schemas = st.recursive(leaf, containers, max_leaves=6)
instances = st.recursive(
    st.sampled_from([None, True, 0, 1, 2, -1, 1.5, "", "ab", "abcd"]),
    lambda children: (
        st.lists(children, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "z"]), children)
    ),
    max_leaves=5,
)


REST = {"$ref": "#/$defs/rest"}
ANYTHING = {"properties": {"a": False, "b": False}, "additionalProperties": REST, "items": REST}
KEPT = ("enum", "const", "type", "required", "dependentRequired", "uniqueItems")


def without_new_names(schema):
    """Return *schema* refusing the names a and b wherever it does not declare them.

    A property added to an open object is no break by definition; every other message must go on being
    accepted.
    """
    if isinstance(schema, list):
        return [without_new_names(item) for item in schema]
    if not isinstance(schema, dict):
        return REST if schema is True else schema
    declared = {name: without_new_names(member) for name, member in schema.get("properties", {}).items()}
    copy = {
        keyword: value if keyword in KEPT else without_new_names(value)
        for keyword, value in schema.items()
        if keyword != "properties"
    }
    free = schema.get("additionalProperties") in (None, True)
    copy["properties"] = {**({"a": False, "b": False} if free else {}), **declared}
    return {"items": REST, "additionalProperties": REST, **copy}


@settings(max_examples=200)
@given(schemas, schemas, st.lists(instances, max_size=20))
def test_nothing_found_means_nothing_breaks(old, new, examples):
    """Whatever the comparison lets pass, a message of the old version is still accepted."""
    assume(breaking_changes(old, new) == [])
    before = compile_schema({"$defs": {"rest": ANYTHING}, "allOf": [without_new_names(old)]})
    after = compile_schema(new)
    for example in examples:
        if before.is_valid(example):
            assert after.is_valid(example)


@given(schemas)
def test_a_schema_does_not_break_itself(schema):
    assert breaking_changes(schema, schema) == breaking_changes(schema, schema, direction="out") == []
