import pytest
from dist_integration_base.lib.prometheus import Metric, render
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families


def parse(metrics):
    return list(text_string_to_metric_families(render(metrics).decode()))


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=30), st.floats(allow_nan=False))
def test_values_and_labels_come_through(text, value):
    """X4: whatever a label holds, Prometheus' own parser reads it back."""
    metric = Metric("dist_things", "gauge", "Some things.")
    metric.add(value, system=text)
    (family,) = parse([metric])
    (sample,) = family.samples
    assert (sample.name, sample.labels, sample.value) == ("dist_things", {"system": text}, value)


def test_histogram():
    """X4: buckets add up, sum and count stand beside them."""
    metric = Metric("dist_wait_seconds", "histogram", "Waiting.")
    metric.add_histogram({0: 2, 6: 1}, 1.52, system="shop")
    (family,) = parse([metric])
    assert family.type == "histogram"
    values = {(sample.name, sample.labels.get("le")): sample.value for sample in family.samples}
    assert values["dist_wait_seconds_bucket", "0.01"] == 2
    assert values["dist_wait_seconds_bucket", "1"] == 3
    assert values["dist_wait_seconds_bucket", "+Inf"] == 3
    assert values["dist_wait_seconds_count", None] == 3
    assert values["dist_wait_seconds_sum", None] == 1.52


def test_description_in_one_line():
    metric = Metric("dist_things_total", "counter", "Two\nlines \\ and a stroke")
    metric.add(1)
    (family,) = parse([metric])
    assert family.documentation == "Two\nlines \\ and a stroke"


def test_no_sample():
    assert b"# TYPE dist_things gauge" in render([Metric("dist_things", "gauge", "None of them.")])
    assert render([]) == b""


@pytest.mark.parametrize(
    "name", ["things", "dist_Things", "dist_things\n", "dist-things", "dist_things_count"]
)
def test_names_of_counters(name):
    """X4: a counter's name ends in _total, and all begin with the suite's prefix."""
    with pytest.raises(ValueError):
        Metric(name, "counter", "x")


@pytest.mark.parametrize("label", ["le", "Bad", "1st", "a-b"])
def test_names_of_labels(label):
    with pytest.raises(ValueError):
        Metric("dist_things", "gauge", "x").add(1, **{label: "x"})
