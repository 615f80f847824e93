import json
import time
from decimal import Decimal

import pytest
from dist_integration_base.lib import strict_json
from dist_integration_base.lib.strict_json import StrictJsonError, dumps, loads
from hypothesis import given
from hypothesis import strategies as st


def refused(raw, **limits):
    started = time.process_time()
    with pytest.raises(StrictJsonError) as caught:
        loads(raw, **limits)
    assert time.process_time() - started < 2
    return caught.value


def test_plain_document():
    raw = b'{"a": [1, -2.50, true, false, null, "\xc3\xa9\\u00e9\\n"], "": {}}'
    found = loads(raw)
    assert found == {"a": [1, Decimal("-2.50"), True, False, None, "éé\n"], "": {}}
    assert str(found["a"][1]) == "-2.50"
    assert isinstance(found["a"][0], int)


@pytest.mark.parametrize("raw", [b"1", b'"x"', b"null", b"[]", b" {} \r\n\t"])
def test_any_value_may_be_the_document(raw):
    assert loads(raw) == json.loads(raw)


def test_byte_order_mark_is_skipped_once():
    assert loads(b"\xef\xbb\xbf[1]") == [1]
    assert refused(b"\xef\xbb\xbf\xef\xbb\xbf[1]").code == "syntax"


def test_surrogate_pair_is_one_character():
    assert loads(b'"\\ud83d\\ude00"') == "😀"


def test_escaped_backslash_before_u_is_no_escape():
    assert loads(b'"\\\\u0000 \\\\ud800"') == "\\u0000 \\ud800"


@pytest.mark.parametrize("raw", [b"", b"  \n", b"\xef\xbb\xbf"])
def test_empty(raw):
    assert refused(raw).code == "empty"


@pytest.mark.parametrize(
    "raw", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', '{"a":1}'.encode("utf-16"), b'"\xf4\x90\x80\x80"']
)
def test_other_encodings(raw):
    assert refused(raw).code == "encoding"


def test_utf16_without_mark():
    assert refused('{"a":1}'.encode("utf-16-le")).code == "syntax"


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[1,]",
        b"{,}",
        b"{'a':1}",
        b'{"a":1}x',
        b'{"a" 1}',
        b"[01]",
        b"[1.]",
        b"[.5]",
        b"[+1]",
        b"[0x10]",
        b"[1e]",
        b"nul",
        b"undefined",
        b'"\t"',
        b'"\x00"',
        b'"\\x"',
        b'"\\u12"',
        b'"\\"',
        b'"abc',
        b"]",
        b"[}",
        b"/* */ 1",
        "\u00a01".encode(),
        "[\u0661]".encode(),
    ],
)
def test_syntax(raw):
    error = refused(raw)
    assert error.code == "syntax"
    assert error.line >= 1 and error.column >= 1


def test_syntax_error_says_where():
    error = refused(b'{\n "a": 1,\n "b": x}')
    assert (error.line, error.column) == (3, 7)
    assert "line 3, column 7" in error.detail


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"a":1,"a":1}', "/a"),
        (b'{"a":[{"b":1,"c":2,"b":3}]}', "/a/0/b"),
        (b'{"x/y":1,"x/y":2}', "/x~1y"),
        (b'{"a":1,"\\u0061":2}', "/a"),
    ],
)
def test_duplicate_names(raw, pointer):
    error = refused(raw)
    assert (error.code, error.pointer) == ("duplicate_key", pointer)
    assert error.detail == f"{pointer} {error.predicate}."


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity"])
def test_not_a_number(literal):
    error = refused(b'{"a":[0,' + literal + b"]}")
    assert (error.code, error.pointer) == ("not_a_number", "/a/1")


@pytest.mark.parametrize(
    "literal",
    [
        "1" * 41,
        "-" + "1" * 41,
        "1" * 5000,
        "0." + "1" * 40,
        "1e61",
        "1e-61",
        "1E+999999999",
        "1e" + "9" * 5000,
    ],
)
def test_numbers_without_bound(literal):
    error = refused(f'{{"a":{literal}}}'.encode())
    assert (error.code, error.pointer) == ("number_too_long", "/a")


def test_numbers_at_the_bound():
    assert loads(b"1" * 40) == int("1" * 40)
    assert loads(b"-1e60") == Decimal("-1e60")
    assert loads(b"0." + b"1" * 39) == Decimal("0." + "1" * 39)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"a":"x\\u0000y"}', "/a"),
        (b'{"a":["\\ud800"]}', "/a/0"),
        (b'{"a":["\\udc00\\ud800"]}', "/a/0"),
        (b'{"a":{"\\u0000":1}}', "/a/\ufffd"),
        (b'{"\\ud800":1}', "/?"),
        (b'"\\uD800"', ""),
    ],
)
def test_what_the_database_cannot_hold(raw, pointer):
    error = refused(raw)
    assert (error.code, error.pointer) == ("forbidden_character", pointer)
    assert "\x00" not in error.detail
    error.detail.encode()


def test_the_first_of_several_is_named():
    assert refused(b'{"a":1e99,"b":{"c":NaN,"c":"\\u0000"}}').pointer == "/a"


def test_depth():
    assert loads(b"[" * 64 + b"]" * 64)
    assert refused(b"[" * 65 + b"]" * 65).code == "too_deep"
    assert refused(b'[{"a":' * 40 + b"1" + b"}]" * 40).code == "too_deep"
    assert loads(b"[" + b"[]," * 1000 + b'"[[[[["]', max_depth=2)
    assert refused(b"[" * 201 + b"]" * 201, max_depth=10**9).code == "too_deep"


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 10**6,
        b'{"a":' * 10**6,
        b"[" * 10**6 + b"]" * 10**6,
        b'"' + b'\\"' * 2_000_000,
        b'"' * 1_000_001,
        b"[" + b'"' + b"\\" * 1_000_001,
        b"{" + b",".join(b'"%d":1' % number for number in range(200_000)) + b',"5":1}',
        b'["' + b"\\u0000" * 500_000 + b'"]',
        b"1" * 5_000_000,
        b"-" * 1_000_000,
        b" " * 5_000_000 + b"x",
    ],
    ids=lambda raw: f"{raw[:6]!r}x{len(raw)}",
)
def test_hostile_input_is_refused_quickly(raw):
    refused(raw)


def test_size_and_items():
    assert refused(b"[1,2,3]", max_bytes=6).code == "too_large"
    assert loads(b"[1,2,3]", max_bytes=7)
    assert refused(b"[1,2,3]", max_items=2).code == "too_many_items"
    assert loads(b'["1,2,3,4,5,6"]', max_items=1)
    assert refused(b"[" + b"{}," * 100 + b"{}]", max_items=150).code == "too_many_items"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**39), 10**39)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda children: (
        st.lists(children) | st.dictionaries(st.text(st.characters(codec="ascii"), min_size=1), children)
    ),
    max_leaves=30,
)


@given(json_values)
def test_round_trip(value):
    if "\x00" in repr(value) or "\\x00" in repr(value):
        return
    raw = dumps(value)
    assert loads(raw) == value
    assert dumps(loads(raw)) == raw


@given(st.binary(max_size=100))
def test_loads_raises_only_its_own_error(raw):
    try:
        found = loads(raw)
    except StrictJsonError:
        return
    json.dumps(found, default=str).encode()


@given(st.text(st.sampled_from('{}[]",:\\u0d8c1eE+-. nNaI\n'), max_size=60))
def test_never_more_lenient_than_the_standard_library(text):
    try:
        found = loads(text.encode())
    except StrictJsonError:
        return
    assert found == json.loads(text, parse_float=Decimal)


def test_dumps_is_canonical():
    value = {"b": Decimal("12.50"), "a": ("é", 1, True, None), "c": {"z": 0.5, "y": Decimal("1E+3")}}
    assert dumps(value) == '{"a":["é",1,true,null],"b":"12.50","c":{"y":"1000","z":0.5}}'.encode()
    assert dumps({"x": 1, "y": 2}) == dumps({"y": 2, "x": 1})
    assert dumps(Decimal("1E-7")) == b'"0.0000001"'


loop: list = []
loop.append(loop)
deep: list = []
for _ in range(100_000):
    deep = [deep]


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("1e9999999"),
        {1: 2},
        {None: 1},
        {True: 1},
        [{"a": {2: 3}}],
        b"x",
        object(),
        {"a", "b"},
        "\ud800",
        loop,
        deep,
    ],
    ids=lambda value: type(value).__name__,
)
def test_dumps_refuses(value):
    with pytest.raises(StrictJsonError) as caught:
        dumps(value)
    assert caught.value.code == "not_serializable"
    assert len(caught.value.detail) < 200


@pytest.mark.parametrize("raw", [b'{"a":"\\u0000"}', b'{"a":"x\\ud800y"}', b'{"a":"\\udfff"}'])
def test_texts_that_are_refused_later(raw):
    """M9: who takes a document apart keeps such a text as it came, and whoever reads the part refuses it."""
    assert dumps(loads(raw, any_text=True), any_text=True) == raw
    assert refused(dumps(loads(raw, any_text=True), any_text=True)).code == "forbidden_character"
    assert refused(b'{"a":NaN,"b":"\\u0000"}', any_text=True).code in ("not_a_number", "forbidden_character")


def test_body_hash():
    first = strict_json.body_hash("post", "/v1/orders?a=1", b"{}")
    assert first == strict_json.body_hash("POST", "/v1/orders?a=1", b"{}")
    others = [
        strict_json.body_hash("PUT", "/v1/orders?a=1", b"{}"),
        strict_json.body_hash("POST", "/v1/orders", b"{}"),
        strict_json.body_hash("POST", "/v1/orders?a=1", b"{} "),
    ]
    assert len({first, *others}) == 4
    assert len(first) == 64
