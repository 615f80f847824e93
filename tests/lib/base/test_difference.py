import pytest
from dist_integration_base.lib.difference import InvalidRule, Rules, compare, is_in_share
from hypothesis import given
from hypothesis import strategies as st

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


def found(ours, reference, **rules):
    return [(item.path, item.kind) for item in compare(ours, reference, Rules.parse(**rules))]


@given(documents)
def test_a_document_equals_itself(document):
    assert compare(document, document) == []


@given(documents, documents)
def test_both_ways_find_the_same_places(one, other):
    there, back = compare(one, other), compare(other, one)
    assert sorted(item.path for item in there) == sorted(item.path for item in back)


@given(documents, documents)
def test_ignoring_everything(one, other):
    rules = Rules.parse(ignore="*\n[]")
    both = isinstance(one, dict | list) and type(one) is type(other)
    assert not both or compare(one, other, rules) == []


def test_kinds():
    ours = {"a": 1, "b": {"c": "x"}, "only": True}
    reference = {"a": 2, "b": {"c": "x", "d": "y"}}
    assert found(ours, reference) == [("a", "changed"), ("b.d", "missing"), ("only", "extra")]


def test_null_is_the_same_as_left_out():
    assert found({"a": None}, {}) == []
    assert found({"a": None}, {"a": ""}) == [("a", "missing")]


@pytest.mark.parametrize(
    ("ours", "reference", "same"),
    [("10", "10.00", True), (10, "10.0", True), ("10", "10.01", False), (True, 1, False), ("a", "b", False),
     ("NaN", "NaN", True), ("NaN", 1, False), ([], {}, False)],
)  # fmt: skip
def test_values(ours, reference, same):
    assert (compare({"v": ours}, {"v": reference}) == []) is same


def test_lists_by_position_and_by_key():
    ours = {"lines": [{"line": "1", "q": 1}, {"line": "2", "q": 2}]}
    reference = {"lines": [{"line": "2", "q": 2}, {"line": "1", "q": 9}, {"line": "3"}]}
    by_key = found(ours, reference, keys="lines[] = line")
    assert by_key == [("lines[1].q", "changed"), ("lines[3]", "missing")]
    assert len(found(ours, reference)) == 5
    difference = compare(ours, reference, Rules.parse(keys="lines[] = line"))[0]
    assert (difference.pattern, difference.ours, difference.reference) == ("lines[].q", 1, 9)


def test_repeated_keys_are_paired_in_order():
    ours = {"l": [{"k": 1, "v": 1}, {"k": 1, "v": 2}]}
    assert found(ours, {"l": [{"k": 1, "v": 1}, {"k": 1, "v": 3}]}, keys="l[] = k") == [("l[1].v", "changed")]


def test_ignored_paths_cover_what_is_below():
    ours, reference = {"a": {"b": 1}, "l": [{"x": 1}]}, {"a": {"b": 2}, "l": [{"x": 2}]}
    assert found(ours, reference, ignore="a\nl[].x") == []
    assert found(ours, reference, ignore="*.b") == [("l[0].x", "changed")]


@pytest.mark.parametrize(
    ("tolerance", "same"), [("p = 0.05", True), ("p = 0.04", False), ("p = 1%", True), ("p = 0.1%", False)]
)
def test_tolerances(tolerance, same):
    assert (found({"p": "10.05"}, {"p": "10.00"}, tolerances=tolerance) == []) is same


@pytest.mark.parametrize(
    "rules",
    [
        {"tolerances": "p"},
        {"tolerances": "p = x"},
        {"tolerances": "p = -1"},
        {"keys": "lines[] ="},
        {"ignore": "."},
    ],
)
def test_rules_that_cannot_be_read(rules):
    with pytest.raises(InvalidRule):
        Rules.parse(**rules)


def test_share_is_stable_and_about_right():
    keys = [f"WEB-{number}" for number in range(2000)]
    taken = {key for key in keys if is_in_share(key, 30)}
    assert 450 < len(taken) < 750
    assert taken <= {key for key in keys if is_in_share(key, 60)}
    assert not any(is_in_share(key, 0) for key in keys)
    assert all(is_in_share(key, 100) for key in keys)
