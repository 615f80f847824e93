import pytest
from dist_integration_base.lib import trace
from hypothesis import given
from hypothesis import strategies as st

# The example of the specification.
HEADER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_parse_the_specifications_example():
    found = trace.parse(HEADER)
    assert found.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert found.span_id == "00f067aa0ba902b7"
    assert found.flags == 1
    assert found.header == HEADER


def test_child_stays_in_the_trace():
    parent = trace.parse(HEADER)
    child = parent.child()
    assert child.trace_id == parent.trace_id
    assert child.parent_id == parent.span_id
    assert child.span_id != parent.span_id
    assert trace.parse(child.header).span_id == child.span_id


def test_new_is_valid_and_differs():
    first, second = trace.new(), trace.new()
    assert first.trace_id != second.trace_id
    assert trace.parse(first.header).trace_id == first.trace_id
    assert first.parent_id is None


def test_continue_or_new():
    assert trace.continue_or_new(HEADER).trace_id == trace.parse(HEADER).trace_id
    assert trace.continue_or_new("nonsense").parent_id is None


def test_not_sampled_and_unknown_flags():
    assert trace.parse(HEADER[:-2] + "00").header.endswith("-00")
    assert trace.parse(HEADER[:-2] + "fe").header.endswith("-00")
    assert trace.parse(HEADER[:-2] + "ff").header.endswith("-01")


@pytest.mark.parametrize("header", [f"01{HEADER[2:]}", f"cc{HEADER[2:]}-what-comes-later", f" {HEADER}\t"])
def test_later_version_is_read_by_its_known_part(header):
    assert trace.parse(header).header == HEADER


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        HEADER.upper(),
        HEADER + "-00",
        HEADER + "0",
        HEADER + "\nX: y",
        f"ff{HEADER[2:]}",
        f"cc{HEADER[2:]}.later",
        HEADER[:-1],
        HEADER.replace("4bf9", "4bg9"),
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        f"{HEADER},{HEADER}",
    ],
)
def test_invalid_header_means_none(header):
    assert trace.parse(header) is None


@given(st.text(max_size=80))
def test_never_raises(header):
    found = trace.parse(header)
    assert found is None or trace.parse(found.header) is not None
