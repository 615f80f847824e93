from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from dist_integration_base.lib.converters import BUILT_IN, ConversionError
from hypothesis import assume, given
from hypothesis import strategies as st


def convert(name, value, argument=""):
    BUILT_IN[name].check(argument)
    return BUILT_IN[name](value, argument)


@pytest.mark.parametrize(
    ("name", "argument", "value", "expected"),
    [
        ("text", "", "  a b ", "a b"),
        ("text", "", 12, "12"),
        ("text", "", Decimal("1E+3"), "1000"),
        ("upper", "", " straße ", "STRASSE"),
        ("lower", "", "PCE", "pce"),
        ("cut", "5", "abc defgh", "abc d"),
        ("cut", "4", "abc defgh", "abc"),
        ("decimal", "", "12.50", "12.50"),
        ("decimal", "", "-0.5", "-0.5"),
        ("decimal", "", "+7", "7"),
        ("decimal", "", "12.50-", "-12.50"),
        ("decimal", "", ".5", "0.5"),
        ("decimal", "", "007", "7"),
        ("decimal", "", 7, "7"),
        ("decimal", "", Decimal("1E+3"), "1000"),
        ("decimal", "", 0.1, "0.1"),
        ("decimal", "", 1e-7, "0.0000001"),
        ("decimal", "point", "1,234,567.50", "1234567.50"),
        ("decimal", "point", "1234.5", "1234.5"),
        ("decimal", "comma", "1.234.567,50", "1234567.50"),
        ("decimal", "comma", "1234,5", "1234.5"),
        ("decimal", "comma", "1\u00a0234,5", "1234.5"),
        ("decimal", "comma", "1 234,5-", "-1234.5"),
        ("decimal", "comma", "12", "12"),
        ("decimal", "point", "1'234.5", "1234.5"),
        ("quantity", "", "12.000", "12"),
        ("quantity", "", "12.050", "12.05"),
        ("quantity", "", "100", "100"),
        ("quantity", "", "-0.0", "0"),
        ("quantity", "comma", "1.000,00", "1000"),
        ("integer", "", "12", 12),
        ("integer", "", "12.00", 12),
        ("integer", "comma", "1.200", 1200),
        ("integer", "", Decimal("3"), 3),
        ("integer", "", "9" * 40, int("9" * 40)),
        ("implied_decimal", "2", "0001250", "12.50"),
        ("implied_decimal", "2", "-1250", "-12.50"),
        ("implied_decimal", "2", "5", "0.05"),
        ("implied_decimal", "0", "5", "5"),
        ("implied_decimal", "3", 1250, "1.250"),
        ("implied_decimal", "2", "1" * 40, "1" * 38 + ".11"),
        ("implied_decimal", "2", "-000", "0.00"),
        ("date", "", "2024-02-29", "2024-02-29"),
        ("date", "%Y%m%d", "20240531", "2024-05-31"),
        ("date", "%Y%m%d", 20240531, "2024-05-31"),
        ("date", "%y%m%d", "240531", "2024-05-31"),
        ("date", "%d.%m.%Y", "1.5.2024", "2024-05-01"),
        ("date", "%Y%m%d;%d.%m.%Y", "31.05.2024", "2024-05-31"),
        ("date", "", date(2024, 5, 31), "2024-05-31"),
        ("datetime", "", "2024-05-31T13:45:00Z", "2024-05-31T13:45:00Z"),
        ("datetime", "", "2024-05-31T13:45:00+02:00", "2024-05-31T11:45:00Z"),
        ("datetime", "", "2024-05-31T13:45+0200", "2024-05-31T11:45:00Z"),
        ("datetime", "", "2024-05-31 13:45:00.5Z", "2024-05-31T13:45:00.500000Z"),
        ("datetime", "", "2024-05-31T13:45:00.123456789Z", "2024-05-31T13:45:00.123456Z"),
        ("datetime", "iso;Europe/Berlin", "2024-05-31T13:45:00", "2024-05-31T11:45:00Z"),
        ("datetime", "iso;Europe/Berlin", "2024-05-31T13:45:00Z", "2024-05-31T13:45:00Z"),
        ("datetime", "%Y%m%d%H%M;Europe/Berlin", "202401311345", "2024-01-31T12:45:00Z"),
        ("datetime", "%Y-%m-%dT%H:%M:%S%z", "2024-05-31T13:45:00+0200", "2024-05-31T11:45:00Z"),
        ("datetime", "unix", "1717163100", "2024-05-31T13:45:00Z"),
        ("datetime", "unix", 0, "1970-01-01T00:00:00Z"),
        ("boolean", "", "Yes", True),
        ("boolean", "", 0, False),
        ("boolean", "", True, True),
        ("boolean", "J,Ja;N,Nein", "ja", True),
        ("boolean", "J;N", "n", False),
    ],
)
def test_conversions(name, argument, value, expected):
    found = convert(name, value, argument)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("text", "", True),
        ("text", "", ["a"]),
        ("text", "", {"#text": "a"}),
        ("text", "", Decimal("NaN")),
        ("decimal", "", "1,5"),
        ("decimal", "", "1,234.5"),
        ("decimal", "", "1 234"),
        ("decimal", "comma", "1,234.5"),
        ("decimal", "point", "1.234,5"),
        ("decimal", "point", "1,23"),
        ("decimal", "point", "12,34,567"),
        ("decimal", "comma", "1.23"),
        ("decimal", "", "1e5"),
        ("decimal", "", "NaN"),
        ("decimal", "", "inf"),
        ("decimal", "", float("nan")),
        ("decimal", "", Decimal("Infinity")),
        ("decimal", "", "--5"),
        ("decimal", "", "-5-"),
        ("decimal", "", "5 EUR"),
        ("decimal", "", "0x10"),
        ("decimal", "", "1_000"),
        ("decimal", "", "١٢"),
        ("decimal", "", "-"),
        ("decimal", "", "."),
        ("decimal", "", "1" * 41),
        ("decimal", "", Decimal("1e99")),
        ("decimal", "", True),
        ("decimal", "", []),
        ("integer", "", "12.5"),
        ("integer", "", "abc"),
        ("implied_decimal", "2", "12.50"),
        ("implied_decimal", "2", "12,50"),
        ("implied_decimal", "2", "1" * 41),
        ("implied_decimal", "2", "١٢"),
        ("date", "", "20240531"),
        ("date", "", "2024-W22-5"),
        ("date", "", "2023-02-29"),
        ("date", "", "31.05.2024"),
        ("date", "", "2024-05-31T00:00:00"),
        ("date", "", datetime(2024, 5, 31)),
        ("date", "", True),
        ("date", "%Y%m%d", "2024131"),
        ("date", "%Y%m%d", "20241301"),
        ("date", "%y%m%d", "2405"),
        ("date", "%d.%m.%Y", "31/05/2024"),
        ("date", "%Y%m%d", "٢٠٢٤٠٥٣١"),
        ("date", "%Y%m%d", "2" * 5000),
        ("datetime", "", "2024-05-31T13:45:00"),
        ("datetime", "", "2024-05-31"),
        ("datetime", "", "2024-05-31T25:00:00Z"),
        ("datetime", "", "2024-05-31T13:45:00+99:00"),
        ("datetime", "", "0001-01-01T00:00:00+05:00"),
        ("datetime", "%Y%m%d%H%M", "202405311345"),
        ("datetime", "%Y%m%d%H%M;Europe/Berlin", "20240531134"),
        ("datetime", "unix", "1717163100.5"),
        ("datetime", "unix", "9" * 30),
        ("datetime", "", 5),
        ("datetime", "", None),
        ("boolean", "", "maybe"),
        ("boolean", "", 2),
        ("boolean", "J;N", "yes"),
    ],
)
def test_refused(name, argument, value):
    with pytest.raises(ConversionError) as caught:
        convert(name, value, argument)
    assert caught.value.code == "conversion"


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"text", "upper", "lower", "cut"}))
def test_the_value_is_not_repeated(name):
    argument = {"implied_decimal": "2", "date": "%d.%m.%Y"}.get(name, "")
    with pytest.raises(ConversionError) as caught:
        convert(name, "SECRET", argument)
    assert "SECRET" not in caught.value.detail


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("text", "5"),
        ("upper", "x"),
        ("cut", ""),
        ("cut", "0"),
        ("cut", "-1"),
        ("cut", "99999"),
        ("decimal", ","),
        ("quantity", "dot"),
        ("implied_decimal", ""),
        ("implied_decimal", "two"),
        ("implied_decimal", "19"),
        ("date", "yyyy-mm-dd"),
        ("date", "%Q"),
        ("date", "%Y-%m-%d;nonsense"),
        ("datetime", "%Y;Mars/Base"),
        ("datetime", ";../../etc/passwd"),
        ("boolean", "J"),
        ("boolean", "J;N;?"),
    ],
)
def test_argument_is_checked_when_the_mapping_is_saved(name, argument):
    with pytest.raises(ValueError):
        BUILT_IN[name].check(argument)


numbers = st.decimals(-(10**12), 10**12, places=4, allow_nan=False)


@given(numbers)
def test_decimal_survives_every_spelling(number):
    plain = format(number, "f")
    assert convert("decimal", plain) == convert("decimal", number) == plain
    grouped = f"{number:,}"
    assert convert("decimal", grouped, "point") == plain
    assert convert("decimal", grouped.translate(str.maketrans(",.", ".,")), "comma") == plain
    assert Decimal(convert("quantity", plain)) == number
    assert Decimal(convert("implied_decimal", plain.replace(".", ""), "4")) == number


@given(numbers)
def test_converters_of_numbers_may_be_applied_twice(number):
    once = convert("quantity", number)
    assert convert("quantity", once) == once


@given(st.datetimes(min_value=datetime(1000, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_datetime_is_the_same_moment_in_utc(moment, minutes):
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assume(datetime(1000, 1, 2) < moment < datetime(9999, 12, 30))
    found = convert("datetime", aware.isoformat())
    assert datetime.fromisoformat(found.replace("Z", "+00:00")) == aware
    assert convert("datetime", found) == found


@given(
    st.dates(min_value=date(1000, 1, 1)), st.sampled_from(["%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%j", "%Y%j"])
)
def test_date_survives_its_pattern(day, pattern):
    assert convert("date", day.strftime(pattern), pattern) == day.isoformat()


@given(
    st.sampled_from(sorted(BUILT_IN)),
    st.none()
    | st.text(max_size=20)
    | st.floats()
    | st.integers()
    | st.decimals()
    | st.lists(st.integers())
    | st.booleans(),
    st.sampled_from(["", "comma", "2", "%Y%m%d", "unix", "J;N"]),
)
def test_only_conversion_errors_come_out(name, value, argument):
    try:
        BUILT_IN[name].check(argument)
    except ValueError:
        return
    try:
        BUILT_IN[name](value, argument)
    except ConversionError:
        pass
