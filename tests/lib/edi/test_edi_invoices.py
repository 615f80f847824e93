"""What one unit of an invoiced line costs."""

from decimal import Decimal

import pytest
from dist_integration_edi.lib.invoices import read_net_price


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"quantity": "12"}, None),
        ({"quantity": "12", "unit_price": "3.25"}, "3.25"),
        ({"quantity": "12", "unit_price": "3.25", "amount": "39"}, "3.25"),
        ({"quantity": "3", "unit_price": "0.3333", "amount": "1"}, "0.3333"),
        ({"quantity": "12", "unit_price": "4", "amount": "39"}, "3.25"),
        ({"quantity": "10", "unit_price": "4", "charges": [{"amount": "-5"}, {"amount": "2"}]}, "3.7"),
        ({"quantity": "0", "amount": "7"}, "7"),
        ({"quantity": "0", "unit_price": "7", "charges": [{"amount": "2"}]}, "7"),
    ],
)
def test_net_price(line, expected):
    """E2: allowances and charges before the match; a rounded amount is no other price."""
    assert read_net_price(line, 2) == (expected and Decimal(expected))
