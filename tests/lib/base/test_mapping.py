import json

import pytest
from dist_integration_base.lib.mapping import (
    MAX_ERRORS,
    MappingError,
    MappingRow,
    MissingCode,
    compile_mapping,
)
from hypothesis import given
from hypothesis import strategies as st

UNITS = {"PCE": "Units", "CT": "Carton"}


def lookup(domain, code):
    if domain != "uom" or code not in UNITS:
        raise MissingCode(domain, code)
    return UNITS[code]


def apply(rows, source, **options):
    return compile_mapping(rows).apply(source, **options)


ROWS = [
    {"target": "number", "source": "header.no", "converter": "upper", "required": True},
    {"target": "customer.code", "source": "header.buyer.id", "required": True},
    {"target": "customer.email", "source": "header.buyer.mail", "converter": "lower"},
    {"target": "currency", "source": "header.cur", "default": "EUR"},
    {"target": "channel", "default": "edi"},
    {"target": "wanted_on", "source": "header.date", "converter": "date(%Y%m%d)"},
    {
        "target": "lines",
        "source": "items[?qty != '0']",
        "required": True,
        "rows": [
            {"target": "position", "source": "$index"},
            {"target": "sku", "source": "art", "required": True},
            {"target": "quantity.value", "source": "qty", "converter": "quantity(comma)"},
            {
                "target": "quantity.uom",
                "source": "unit",
                "converter": "upper",
                "code_map": "uom",
                "default": "PCE",
            },
            {"target": "order", "source": "$.header.no"},
            {
                "target": "lots",
                "source": "lots",
                "rows": [{"target": "name", "source": "@", "required": True}],
            },
        ],
    },
]
SOURCE = {
    "header": {"no": "a7", "buyer": {"id": 12, "mail": " Me@Example.COM "}, "date": "20240531"},
    "items": [
        {"art": "X", "qty": "1.000,50", "unit": "ct", "lots": ["L1", "L2"]},
        {"art": "gone", "qty": "0"},
        {"art": "Y", "qty": 3, "unit": " "},
    ],
}


def test_a_whole_order():
    canonical, errors = apply(ROWS, SOURCE, code_lookup=lookup)
    assert errors == []
    assert canonical == {
        "number": "A7",
        "customer": {"code": 12, "email": "me@example.com"},
        "currency": "EUR",
        "channel": "edi",
        "wanted_on": "2024-05-31",
        "lines": [
            {
                "position": 1,
                "sku": "X",
                "quantity": {"value": "1000.5", "uom": "Carton"},
                "order": "a7",
                "lots": [{"name": "L1"}, {"name": "L2"}],
            },
            {"position": 2, "sku": "Y", "quantity": {"value": "3", "uom": "Units"}, "order": "a7"},
        ],
    }


def test_all_errors_are_collected_and_the_rest_is_mapped():
    source = {
        "header": {"no": " ", "cur": "USD", "date": "31.05.2024", "buyer": {"id": "C1"}},
        "items": [{"qty": "1.5.2", "unit": "BOX", "art": "X"}, {"qty": "1", "unit": "BOX"}],
    }
    canonical, errors = apply(ROWS, source, code_lookup=lookup)
    assert [(error["target"], error["pointer"], error["source"], error["code"]) for error in errors] == [
        ("number", "/number", "header.no", "required"),
        ("wanted_on", "/wanted_on", "header.date", "conversion"),
        ("lines[0].quantity.value", "/lines/0/quantity/value", "qty", "conversion"),
        ("lines[0].quantity.uom", "/lines/0/quantity/uom", "unit", "missing_code"),
        ("lines[1].sku", "/lines/1/sku", "art", "required"),
        ("lines[1].quantity.uom", "/lines/1/quantity/uom", "unit", "missing_code"),
    ]
    assert errors[3]["domain"] == "uom"
    assert errors[3]["external_code"] == "BOX"
    assert all(error["detail"] for error in errors)
    assert canonical["currency"] == "USD"
    assert canonical["lines"] == [{"position": 1, "sku": "X"}, {"position": 2, "quantity": {"value": "1"}}]


def test_the_source_is_not_changed():
    before = json.dumps(SOURCE)
    apply(ROWS, SOURCE, code_lookup=lookup)
    assert json.dumps(SOURCE) == before


def test_codes_are_asked_once_per_message():
    calls = []

    def counting(domain, code):
        calls.append((domain, code))
        return lookup(domain, code)

    rows = [{"target": "l", "source": "@", "rows": [{"target": "u", "source": "u", "code_map": "uom"}]}]
    canonical, _errors = apply(rows, [{"u": "PCE"}] * 50, code_lookup=counting)
    assert len(canonical["l"]) == 50
    assert calls == [("uom", "PCE")]


def test_a_code_may_be_mapped_to_nothing_special():
    rows = [{"target": "u", "source": "u", "code_map": "uom"}]
    assert apply(rows, {"u": 5}, code_lookup=lambda domain, code: {"5": 0}[code]) == ({"u": 0}, [])
    assert apply(rows, {"u": "PCE"})[1][0]["code"] == "missing_code"
    assert apply(rows, {"u": {"a": 1}}, code_lookup=lookup)[1][0]["code"] == "conversion"


def test_errors_of_the_look_up_itself_are_not_hidden():
    def broken(domain, code):
        raise ConnectionError("database gone")

    with pytest.raises(ConnectionError):
        apply([{"target": "u", "source": "u", "code_map": "uom"}], {"u": "PCE"}, code_lookup=broken)


def test_single_object_counts_as_a_list_of_one():
    rows = [{"target": "l", "source": "l", "rows": [{"target": "a", "source": "a"}]}]
    assert apply(rows, {"l": {"a": 1}}) == ({"l": [{"a": 1}]}, [])


@pytest.mark.parametrize("value", ["text", 7, 0, True, False])
def test_not_a_list(value):
    rows = [{"target": "l", "source": "l", "rows": [{"target": "a", "source": "a"}]}]
    canonical, (error,) = apply(rows, {"l": value})
    assert canonical == {}
    assert error["code"] == "not_a_list"


@pytest.mark.parametrize("value", [None, [], {}, ""])
def test_empty_list(value):
    rows = [{"target": "l", "source": "l", "required": True, "rows": [{"target": "a", "source": "a"}]}]
    canonical, (error,) = apply(rows, {"l": value})
    assert (canonical, error["code"]) == ({}, "required")
    rows[0]["required"] = False
    assert apply(rows, {"l": value}) == ({}, [])


def test_entries_of_a_list_that_are_no_objects():
    rows = [{"target": "l", "source": "l", "rows": [{"target": "a", "source": "a", "required": True}]}]
    canonical, errors = apply(rows, {"l": ["x", None, {"a": 1}]})
    assert canonical == {"l": [{}, {}, {"a": 1}]}
    assert [error["target"] for error in errors] == ["l[0].a", "l[1].a"]


def test_values_that_mean_something_are_kept():
    rows = [{"target": name, "source": name, "default": "unused"} for name in ("a", "b", "c", "d")]
    source = {"a": 0, "b": False, "c": [], "d": {}}
    assert apply(rows, source) == (source, [])


def test_default_is_converted_like_the_partners_value():
    rows = [{"target": "a", "source": "a", "converter": "integer", "default": "5"}]
    assert apply(rows, {}) == ({"a": 5}, [])
    rows = [{"target": "a", "default": "x", "converter": "integer"}]
    assert apply(rows, {})[1][0]["code"] == "conversion"
    rows = [{"target": "a", "source": "a", "default": False}]
    assert apply(rows, {}) == ({"a": False}, [])


def test_own_converter():
    rows = [{"target": "a", "source": "a", "converter": "partner.sku(X-)", "required": True}]

    def sku(value, argument):
        if not value.startswith(argument):
            raise ValueError(f"secret {value}")
        return value[len(argument) :] or None

    def run(value):
        return apply(rows, {"a": value}, converters={"partner.sku": sku})

    assert run("X-7") == ({"a": "7"}, [])
    assert run("X-")[1][0]["code"] == "required"
    for value in ("Y-7", 7):
        (error,) = run(value)[1]
        assert error["code"] == "conversion"
        assert "secret" not in error["detail"]
    assert apply(rows, {"a": "X-7"})[1][0]["code"] == "unknown_converter"


def test_own_converter_comes_before_the_built_in():
    rows = [{"target": "a", "source": "a", "converter": "upper"}]
    assert apply(rows, {"a": "x"}, converters={"upper": lambda value, argument: "mine"}) == (
        {"a": "mine"},
        [],
    )


def test_source_that_fails_on_this_message():
    rows = [{"target": "a", "source": "sum(l)"}, {"target": "b", "source": "b"}]
    canonical, (error,) = apply(rows, {"l": ["x"], "b": 1})
    assert (canonical, error["code"], error["target"]) == ({"b": 1}, "source", "a")


def test_errors_are_capped():
    rows = [{"target": "l", "source": "@", "rows": [{"target": "a", "source": "a", "required": True}]}]
    _canonical, errors = apply(rows, [{}] * 10_000)
    assert len(errors) == MAX_ERRORS


def test_code_domains():
    assert compile_mapping(ROWS).code_domains == {"uom"}


def test_rows_as_objects():
    rows = [MappingRow("l", "@", rows=(MappingRow("a.b", "x", required=True),))]
    assert apply(rows, [{"x": 1}]) == ({"l": [{"a": {"b": 1}}]}, [])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"target": "", "source": "a"}], "not a target"),
        ([{"target": "a..b", "source": "a"}], "not a target"),
        ([{"target": "a[0]", "source": "a"}], "not a target"),
        ([{"target": "__class__ x", "source": "a"}], "not a target"),
        ([{"source": "a"}], "target is missing"),
        ([{"target": "a", "source": "a", "sauce": "b"}], "unknown: sauce"),
        ([{"target": "a"}], "a: a source is missing"),
        ([{"target": "a", "source": "x["}], "a: the source is not JMESPath"),
        ([{"target": "a", "source": "nofunction(x) ||"}], "a: the source is not JMESPath"),
        ([{"target": "a", "source": "$parent.x"}], "a: the source is not JMESPath"),
        ([{"target": "a", "source": "a" * 1001}], "a: the source is longer"),
        ([{"target": "a", "source": "a", "converter": "Upper Case"}], "a:"),
        ([{"target": "a", "source": "a", "converter": "upper(x)"}], "a: upper: takes nothing"),
        ([{"target": "a", "source": "a", "converter": "date(nonsense)"}], "a: date:"),
        ([{"target": "a", "source": "a"}, {"target": "a", "source": "b"}], "a: two rows"),
        ([{"target": "a", "source": "a"}, {"target": "a.b", "source": "b"}], "a.b: a is a value"),
        ([{"target": "l", "rows": [{"target": "a", "source": "a"}]}], "l: a source is missing"),
        (
            [{"target": "l", "source": "l", "converter": "text", "rows": [{"target": "a", "source": "a"}]}],
            "l: a list",
        ),
        ([{"target": "l", "source": "l", "rows": [{"target": "a", "source": "!!"}]}], "a: the source"),
    ],
)
def test_rows_that_do_not_compile(rows, said):
    with pytest.raises(MappingError) as caught:
        compile_mapping(rows)
    assert caught.value.code == "invalid_mapping"
    assert said in caught.value.detail


def test_unknown_converter_is_refused_when_the_known_ones_are_named():
    rows = [{"target": "a", "source": "a", "converter": "partner.sku"}]
    compile_mapping(rows)
    compile_mapping(rows, known_converters=["partner.sku"])
    with pytest.raises(MappingError):
        compile_mapping(rows, known_converters=[])


def test_lists_are_not_nested_without_end():
    row = {"target": "a", "source": "a"}
    for _ in range(10):
        row = {"target": "l", "source": "l", "rows": [row]}
    with pytest.raises(MappingError, match="nested"):
        compile_mapping([row])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.decimals(),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["header", "items", "no", "art", "qty", "unit", "lots", "buyer"]), children
        )
    ),
    max_leaves=20,
)


@given(values)
def test_hostile_sources_give_errors_and_no_exception(source):
    canonical, errors = compile_mapping(ROWS).apply(source, lookup)
    assert isinstance(canonical, dict)
    assert all({"target", "pointer", "source", "code", "detail"} <= set(error) for error in errors)
    # What is required is either there or reported.
    assert "number" in canonical or any(error["target"] == "number" for error in errors)
