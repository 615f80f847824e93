"""What GS1-128 symbols encode."""

import pytest
from dist_integration_base.lib.gs1 import InvalidCodeError
from dist_integration_base.lib.gs1_label import FNC1, readable, symbol

# of the GS1 General Specifications, section 6: content of a pallet, then its SSCC
CONTENT = [("02", "00614141007349"), ("17", "320131"), ("37", "12"), ("10", "L-1")]


def test_a_symbol_starts_with_function_1():
    """E3: an SSCC has one length, so nothing follows it."""
    assert symbol([("00", "106141411234567897")]) == FNC1 + "00106141411234567897"


def test_what_has_no_fixed_length_is_ended():
    """E3: all but the last element."""
    assert symbol(CONTENT) == f"{FNC1}0200614141007349173201313712{FNC1}10L-1"
    assert readable(CONTENT) == "(02) 00614141007349 (17) 320131 (37) 12 (10) L-1"


@pytest.mark.parametrize(
    "element",
    [
        ("00", "12345"),
        ("02", "614141007349"),
        ("10", "L 1"),
        ("10", "x" * 21),
        ("37", "123456789"),
        ("17", "32-1-1"),
    ],
)
def test_data_of_another_form(element):
    """E3: no symbol is better than one that reads as something else."""
    with pytest.raises(InvalidCodeError):
        symbol([element])
