"""How short and long elements of X12 may be: what differs is read, and told of."""

import pytest
from dist_integration_edi.lib.acknowledgement import Judged, acknowledge_group
from dist_integration_edi.lib.acknowledgement_reading import read_acknowledgement
from dist_integration_edi.lib.declaration import ItemRow, ListRow
from dist_integration_edi.lib.documents import DECLARATIONS, declaration_of
from dist_integration_edi.lib.envelope import Address, Envelope, build_interchange
from dist_integration_edi.lib.interchange import read_interchanges
from dist_integration_edi.lib.lengths import fault_of, length_of
from dist_integration_edi.lib.separators import X12_DEFAULT
from edi_kit import NOW, edifact, first, read, x12

BEG, PO1 = "BEG*00*SA*P1**20260302", "PO1*1*12*EA*8.5**VN*V-1"
# case codes of the warehouse documents: any GTIN is taken there
CASE_CODES = {"W0103", "W0403", "W0703", "W1206", "W1904"}


def paths_of(rows):
    """Every place that rows are read from."""
    for row in rows:
        if isinstance(row, ListRow):
            yield from row.key.paths if row.key else ()
            yield from paths_of(row.rows)
        elif not isinstance(row, ItemRow) and row.to:
            yield from row.paths


def declared_rows(declaration):
    levels = (declaration.hierarchy or {}).get("levels", {})
    return [*declaration.rows, *(row for rows in levels.values() for row in rows)]


def wrong(data):
    """Code, place and severity of what is wrong with the first transaction."""
    return [
        (issue.code, f"{issue.position.tag}{issue.position.element:02d}", issue.severity)
        for issue in read(data).issues
    ]


@pytest.mark.parametrize("code", [code for standard, code in DECLARATIONS if standard == "X12"])
def test_every_element_that_is_read_has_one(code):
    """E1: no mapping reads an element whose length nobody knows."""
    for path in paths_of(declared_rows(declaration_of("X12", code))):
        if f"{path.tag}{path.element:02d}" not in CASE_CODES:
            assert length_of(path.tag, path.element, "004010"), path.text


@pytest.mark.parametrize(
    ("segments", "code", "place"),
    [
        (["BEG*00*SA*" + "9" * 23 + "**20260302", PO1], "too_long", "BEG03"),
        ([BEG, "N1*ST*" + "N" * 61, PO1], "too_long", "N102"),
        ([BEG, "N1*ST*Store*92*7", PO1], "too_short", "N104"),
        ([BEG, "N1*ST*Store*92*71", "N4*X*OH*43004*US", PO1], "too_short", "N401"),
        ([BEG, "PO1*1*1234567890123456*EA"], "too_long", "PO102"),
        ([BEG, "PO1*1*12*EA*8.5**VN*" + "V" * 49], "too_long", "PO107"),
        ([BEG, "DTM*002*260514", PO1], "too_short", "DTM02"),
    ],
)
def test_what_differs_is_read_and_told_of(segments, code, place):
    """E5: a value of another length than its element has is no reason to refuse; it is a warning, told once."""
    assert wrong(x12(*segments)) == [(code, place, "warning")]


def test_the_acknowledgement_says_so():
    """E5: AK403 of what is too long is 5, of what is too short 4, with the document accepted."""
    data = x12(BEG, "N1*ST*" + "N" * 61 + "*92*7", PO1)
    (interchange,) = read_interchanges(data)
    judged = [Judged(interchange.transactions[0], read(data).issues)]
    told = acknowledge_group(interchange.groups[0], judged, tell_warnings=True)
    envelope = Envelope(Address("SELLER", "ZZ"), Address("BUYER", "ZZ"), 1, 1, NOW)
    answer = read_acknowledgement(first(build_interchange(envelope, [told], X12_DEFAULT)))
    assert answer["status"] == "accepted_with_errors"
    found = [(error["tag"], error["element"], error["code"]) for error in answer["transactions"][0]["errors"]]
    assert found == [("N1", 2, "5"), ("N1", 4, "4")]


def test_codes_that_are_refused():
    """E5: a code that means nothing is said to be too short or too long where it is."""
    for code, fault in (("7", "too_short"), ("77", "invalid_code"), ("077", "too_long")):
        assert wrong(x12(BEG.replace("*00*", f"*{code}*"), PO1)) == [(fault, "BEG01", "error")]


def test_what_does_not_count():
    """E1: signs and points of numbers, and blanks that fill a text up to its least length."""
    assert fault_of("-123456789012345.", (1, 15), is_number=True) is None
    assert fault_of("1234567890.123456", (1, 15), is_number=True) == "too_long"
    assert fault_of("A ", (2, 30)) is None
    assert fault_of("A" * 30 + "  ", (2, 30)) is None
    assert fault_of("A", (2, 30)) == "too_short"
    assert wrong(x12(BEG, "N1*ST*Store*92*71", "N4*X *OH", PO1)) == []


@pytest.mark.parametrize(
    ("version", "faults"),
    [
        ("004010", [("too_long", "REF02", "warning")]),
        ("005010", []),
        ("003060", []),
        ("006020", []),
    ],
)
def test_versions(version, faults):
    """E1: 005010 has room for more; of versions that are not known nothing is said."""
    assert wrong(x12(BEG, "REF*DP*" + "7" * 40, PO1, version=version)) == faults


def test_edifact_is_left_alone():
    """E1: the lengths are those of X12."""
    data = edifact(
        "BGM+220+P1+9", "DTM+137:20260302:102", "NAD+BY+B::92++" + "N" * 70, "LIN+1++B:IN", "QTY+21:1"
    )
    assert not [issue for issue in read(data).issues if issue.code in ("too_long", "too_short")]
