import base64
import json
from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from dist_integration_base.lib.cursor import InvalidCursorError, decode, encode
from hypothesis import given
from hypothesis import strategies as st

KEY = b"0123456789abcdef0123456789abcdef"
VALUES = ["A7", 42, None, True, 1.5, Decimal("12.50"), datetime(2024, 5, 31, 13, 45, 0, 7), date(2024, 5, 31)]


def refused(cursor, key=KEY, context=""):
    with pytest.raises(InvalidCursorError) as caught:
        decode(cursor, key, context)
    assert caught.value.code == "invalid_cursor"


def test_values_keep_their_types():
    found = decode(encode(VALUES, KEY), KEY)
    assert found == VALUES
    assert [type(value) for value in found] == [type(value) for value in VALUES]
    aware = datetime(2024, 5, 31, tzinfo=timezone.utc)
    assert decode(encode([aware], KEY), KEY) == [aware]


def test_it_fits_a_url():
    cursor = encode(["é/+?&" * 20], KEY)
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_other_key_or_context_does_not_decode():
    cursor = encode([1], KEY, "orders")
    assert decode(cursor, KEY, "orders") == [1]
    refused(cursor, KEY, "invoices")
    refused(cursor, KEY)
    refused(cursor, b"x" * 32, "orders")


def test_context_and_values_cannot_be_shifted():
    assert encode([1], KEY, "a") != encode([1], KEY, "b")
    refused(encode(["b"], KEY, "a"), KEY, 'a["b"]')


@pytest.mark.parametrize(
    "cursor", ["", "a", "!!!!", "é", "A" * 5000, base64.urlsafe_b64encode(b"\0" * 16).decode()]
)
def test_not_a_cursor(cursor):
    refused(cursor)


def test_a_crafted_cursor_is_refused():
    payload = json.dumps([{"t": "2024-05-31T00:00:00"}]).encode()
    refused(base64.urlsafe_b64encode(b"\0" * 16 + payload).decode().rstrip("="))


def test_padding_and_other_spellings_are_refused():
    cursor = encode([1, 2], KEY)
    refused(cursor + "=")
    refused(cursor + "\n")
    refused(" " + cursor)


@given(st.integers(0, 200), st.sampled_from("ABCabc019-_"))
def test_one_changed_character_is_refused(position, character):
    cursor = encode(VALUES, KEY)
    position %= len(cursor)
    changed = cursor[:position] + character + cursor[position + 1 :]
    if changed != cursor:
        refused(changed)


@given(st.text(max_size=100))
def test_decode_raises_only_its_own_error(text):
    refused(text)


@given(
    st.lists(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=30)
        | st.dates()
        | st.datetimes()
        | st.decimals(allow_nan=False, allow_infinity=False)
        | st.floats(allow_nan=False, allow_infinity=False),
        max_size=5,
    )
)
def test_round_trip(values):
    assert decode(encode(values, KEY), KEY) == values


@pytest.mark.parametrize("value", [b"x", object(), [1], float("nan")])
def test_values_that_do_not_fit(value):
    with pytest.raises(ValueError):
        encode([value], KEY)


def test_too_long_and_short_key():
    with pytest.raises(ValueError):
        encode(["x" * 3000], KEY)
    with pytest.raises(ValueError):
        encode([1], b"short")
