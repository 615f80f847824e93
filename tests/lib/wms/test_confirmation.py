import pytest
from dist_integration_wms.lib.confirmation import digest_of

BODY = {
    "confirmation": "C-1",
    "lines": [{"sku": "1.0", "quantity": "10", "allocations": [{"lot": "7.0", "quantity": "10"}]}],
}


def with_line(**values):
    return {**BODY, "lines": [{**BODY["lines"][0], **values}]}


@pytest.mark.parametrize(
    "same",
    [
        dict(reversed(BODY.items())),
        {**BODY, "complete": True},
        with_line(quantity="10.0"),
        with_line(allocations=[{"lot": "7.0", "quantity": "10.000"}]),
    ],
)
def test_written_otherwise(same):
    """M5: the same content has one digest, however it is written."""
    assert digest_of(same) == digest_of(BODY)


@pytest.mark.parametrize(
    "other",
    [
        {**BODY, "complete": False},
        with_line(quantity="100"),
        with_line(quantity="1"),
        with_line(sku="1"),
        with_line(allocations=[{"lot": "7", "quantity": "10"}]),
    ],
)
def test_other_content(other):
    """M5: another number, lot or end is other content; what only looks like a number is none."""
    assert digest_of(other) != digest_of(BODY)
