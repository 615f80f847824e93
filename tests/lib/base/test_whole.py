import json

import pytest
from dist_integration_base.lib.erasure import holds, is_identifier, may_identify
from dist_integration_base.lib.masking import MASK, redact
from dist_integration_base.lib.whole import Person, to_plain_number

EMAIL, PHONE = "ann@ivorymail.example", "+1 555 777 1122"


@pytest.mark.parametrize(
    "text",
    [
        "ann@ivorymail.example", "ANN@Ivorymail.Example", "<ann@ivorymail.example>", "mailto:ann@ivorymail.example",
        "Write to ann@ivorymail.example.", "ann@ivorymail.example, bo@x.example", "- ann@ivorymail.example - Ann",
        "'ann@ivorymail.example'", "-ann@ivorymail.example", json.dumps("Dear\nann@ivorymail.example\nBest"),
        json.dumps("<ann@ivorymail.example>").replace("<", "\\u003c"), json.dumps("\n-ann@ivorymail.example"),
        "bo@x.example/ann@ivorymail.example", "COM+ann@ivorymail.example:EM'", "FTX+AAI+++ann@ivorymail.example'",
        "PER*IC**EM*ann@ivorymail.example~",
    ],
)  # fmt: skip
def test_an_address_is_found(text):
    """G6: whatever stands around it, also where JSON writes a line break as a letter."""
    assert Person([EMAIL]).is_in(text)
    assert EMAIL not in redact(text, [EMAIL]).lower()


@pytest.mark.parametrize(
    "text",
    [
        "joann@ivorymail.example", "jo.ann@ivorymail.example", "jo-ann@ivorymail.example", "jo+ann@ivorymail.example",
        "jo_ann@ivorymail.example", "o'ann@ivorymail.example", "ann@ivorymail.example.com",
        "ann@ivorymail.examples", "ann@ivorymail.example-group.example", "jo%ann@ivorymail.example", "ann@ivorymail",
    ],
)  # fmt: skip
def test_an_address_within_another_is_somebody_else(text):
    """G6: neither found nor erased."""
    assert not Person([EMAIL]).is_in(text)
    assert redact(text, [EMAIL]) == text
    assert not holds([text.encode()], [EMAIL])


@pytest.mark.parametrize(
    "text",
    [
        "+1 555 777 1122", "+1 (555) 777-1122", "15557771122", "001 555 777 1122", "0015557771122", "+1.555.777.1122",
        "Call +1-555-777-1122.", "+1 555 777 1122 2026-11-30 10:00", "tel:+15557771122", "a\\n+1 555 777 1122",
        "+1\u00a0555\u00a0777\u00a01122", "+1 555 777 1122 ext 5",
    ],
)  # fmt: skip
def test_a_number_is_found_with_other_separators(text):
    """G6: with and without what makes it easier to read."""
    assert Person([PHONE]).is_in(text)
    assert "1122" not in redact(text, [PHONE])


@pytest.mark.parametrize(
    "text",
    [
        "+1 555 777 11223", "+1 555 777 112", "215557771122", "+1 555 777 1122-34", "3.15557771122", "x15557771122",
        "155577711225",
    ],
)  # fmt: skip
def test_a_number_within_another_is_somebody_else(text):
    """G6: neither found nor erased."""
    assert not Person([PHONE]).is_in(text)
    assert redact(text, [PHONE]) == text


def test_the_beginning_of_a_number_is_somebody_else():
    """G6: a short number is not the beginning of a longer one."""
    assert not Person(["+33 6 12 34 56"]).is_in("+33 6 12 34 56 78")
    assert Person(["+33 6 12 34 56"]).is_in("+33 6 12 34 56 2026-11-30")
    assert Person(["+33 6 12 34 56"]).is_in("+33 6 12 34 56 10:15")


@pytest.mark.parametrize("text", ["+1 555", "+1 555 7", "+1555777", "555-012", "(555) 77", "030/123"])
def test_the_beginning_of_a_number_stands_for_nobody(text):
    """G6: refused, for it is the beginning of many."""
    assert not may_identify(text)
    assert not is_identifier(text)


@pytest.mark.parametrize("text", ["555-0123", "+49 30 12345", "+1 555 777 1122", "471100", "CUST-4711"])
def test_a_whole_number_stands_for_somebody(text):
    """G6: a short number of a town, of another country, and codes."""
    assert may_identify(text)


def test_a_name_needs_a_place():
    """G6: others have the name, or live there, too."""
    person = Person([], ["Ann Ivory"], ["Elm Street 7"])
    assert person.is_in("Ann Ivory, Elm Street 7")
    assert not person.is_in("Joann Ivory, Elm Street 7")
    assert not person.is_in("Ann Ivory, Elm Street 77")
    assert not person.is_in("Ann Ivory")
    assert not person.is_in(None)
    assert not Person([], ["Ann Ivory"]).is_in("Ann Ivory")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("+1 (555) 777-1122", "15557771122"), ("BE 0477.472.701", "be0477472701"), ("CUST-4711", None),
        ("2026-11-30", None), ("12345.67", None), ("Ann Ivory", None), ("", None),
    ],
)  # fmt: skip
def test_a_number_without_separators(text, plain):
    """G6: dates, amounts and short codes are looked for as they are written."""
    assert to_plain_number(text) == plain


@pytest.mark.parametrize("size", [1, 3, 7, 50, 1000])
def test_borders_of_the_parts_of_a_file(size):
    """G6: what stands around an address is seen, however a file is cut into parts."""
    for text, found in (
        (f"{'x;' * 200}joann@ivorymail.example;{'y;' * 200}", False),
        (f"{'x;' * 200}ann@ivorymail.example.com;{'y;' * 200}", False),
        (f"{'x;' * 200}ann@ivorymail.example;{'y;' * 200}", True),
        (f"{'x;' * 200}+1 (555) 777-1122", True),
        (f"{'x;' * 200}+1 (555) 777-11223", False),
    ):
        content = text.encode()
        blocks = [content[at : at + size] for at in range(0, len(content), size)]
        assert holds(blocks, [EMAIL, PHONE]) is found, text


def test_masking_is_as_exact():
    """G6: what hides an address leaves those of others readable."""
    text = "ann@ivorymail.example and joann@ivorymail.example"
    assert redact(text, [EMAIL], strict=True) == f"{MASK} and joann@ivorymail.example"
