import pytest
from dist_integration_base.lib import gs1
from dist_integration_base.lib.gs1 import InvalidCodeError
from hypothesis import given
from hypothesis import strategies as st


def refused(call, *arguments):
    with pytest.raises(InvalidCodeError) as caught:
        call(*arguments)
    return caught.value.code


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # The worked example of the GS1 General Specifications, figure 7.9-1.
        ("629104150021", 3),
        # Published examples: GTIN-8, UPC-A, EAN-13, ISBN-13, SSCC of GS1 and Wikipedia.
        ("9638507", 4),
        ("03600029145", 2),
        ("400638133393", 1),
        ("978030640615", 7),
        ("10614141123456789", 7),
        ("061414100001", 2),
        ("00000000000000000", 0),
    ],
)
def test_check_digit(code, expected):
    assert gs1.check_digit(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("04006381333931", "04006381333931"),
        ("4 006381 333931", "04006381333931"),
        ("0-36000-29145-2", "00036000291452"),
    ],
)
def test_normalize_gtin(code, expected):
    assert gs1.normalize_gtin(code) == expected


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "not_digits"),
        ("40063813339A1", "not_digits"),
        ("٤006381333931", "not_digits"),
        ("4006381333932", "wrong_check_digit"),
        ("4006381339331", "wrong_check_digit"),
        ("40063813339", "wrong_length"),
        ("123456789", "wrong_length"),
        ("104006381333938", "wrong_length"),
    ],
)
def test_normalize_gtin_refuses(code, reason):
    assert refused(gs1.normalize_gtin, code) == reason


def test_wrong_check_digit_says_the_right_one():
    with pytest.raises(InvalidCodeError, match="is 2, it should be 1"):
        gs1.normalize_gtin("4006381333932")


def test_sscc():
    sscc = gs1.build_sscc(1, "0614141", 123456789)
    assert sscc == "106141411234567897"
    for written in (sscc, f"(00){sscc}", f"00{sscc}", f"(00) {sscc[0]} {sscc[1:8]} {sscc[8:17]} {sscc[17]}"):
        assert gs1.validate_sscc(written) == sscc
    # A number that starts with 00 is not shortened.
    low = gs1.build_sscc(0, "0614141", 1)
    assert gs1.validate_sscc(low) == low


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("106141411234567898", "wrong_check_digit"),
        ("10614141123456789", "wrong_length"),
        ("1061414112345678972", "wrong_length"),
        ("(01)106141411234567897", "not_digits"),
        ("", "not_digits"),
    ],
)
def test_sscc_refuses(code, reason):
    assert refused(gs1.validate_sscc, code) == reason


@pytest.mark.parametrize(
    ("extension", "prefix", "serial", "reason"),
    [
        (10, "0614141", 1, "wrong_length"),
        (-1, "0614141", 1, "wrong_length"),
        (0, "061", 1, "wrong_length"),
        (0, "0" * 13, 1, "wrong_length"),
        (0, "0614141", 10**9, "wrong_length"),
        (0, "0614141", -1, "wrong_length"),
        (0, "06141a1", 1, "not_digits"),
    ],
)
def test_build_sscc_refuses(extension, prefix, serial, reason):
    assert refused(gs1.build_sscc, extension, prefix, serial) == reason


def test_gln():
    assert gs1.validate_gln("0614141000012") == "0614141000012"
    assert refused(gs1.validate_gln, "0614141000013") == "wrong_check_digit"
    assert refused(gs1.validate_gln, "614141000012") == "wrong_length"


def test_is_valid():
    assert gs1.is_valid("4006381333931")
    for code in ("4006381333932", "", "1", "a", "4006381333931 "):
        assert not gs1.is_valid(code)


@given(st.text("0123456789", min_size=7, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_every_single_wrong_digit_is_seen(digits, position, shift):
    code = digits + str(gs1.check_digit(digits))
    assert gs1.is_valid(code)
    position %= len(code)
    wrong = str((int(code[position]) + shift) % 10)
    assert not gs1.is_valid(code[:position] + wrong + code[position + 1 :])


@given(st.integers(0, 9), st.integers(0, 10**9 - 1))
def test_built_sscc_is_valid(extension, serial):
    sscc = gs1.build_sscc(extension, "0614141", serial)
    assert gs1.validate_sscc(sscc) == sscc
    assert len(sscc) == 18
