"""Views of a document, and what a sample says of a partner."""

import json

import pytest
from dist_integration_edi.lib.documents import declaration_of
from dist_integration_edi.lib.errors import EdiError
from dist_integration_edi.lib.reading import read_document
from dist_integration_edi.lib.recognition import recognize
from dist_integration_edi.lib.rendering import parse_tree, render
from edi_kit import edifact, first, sample, sample_names, x12

BEG, PO1 = "BEG*00*SA*P1**20260302", "PO1*1*12*EA*8.5**UP*614141007349"


def tree(data):
    transaction = first(data)
    declaration = declaration_of(transaction.standard, transaction.code)
    return parse_tree(transaction, declaration, read_document(transaction, declaration).issues)


def test_segments_with_names_and_marks_at_bytes():
    """E9: each element is named, and errors stand where they are."""
    data = x12("BEG*00*SA*P1**20261301", "DTM*002*20260401", PO1)
    segments = tree(data)
    assert [segment["tag"] for segment in segments] == ["ST", "BEG", "DTM", "PO1", "SE"]
    beg, dtm, line = segments[1:4]
    assert data[beg["start"] : beg["end"]] == b"BEG*00*SA*P1**20261301"
    date = beg["elements"][4]
    assert (date["name"], data[date["start"] : date["end"]]) == ("Order date", b"20261301")
    assert date["issues"] == ['"20261301" is not a date.']
    assert dtm["elements"][1]["name"] == "Requested date"
    assert (line["name"], line["elements"][2]["name"]) == ("Order line", "Unit")
    json.dumps(segments)


def test_components_and_missing_segments():
    """E9: components have marks of their own; a segment that is missing is shown where it should be."""
    data = edifact("BGM+220+P?+1+9", "RFF+ON:X:7")
    segments = tree(data)
    missing = next(segment for segment in segments if segment.get("missing"))
    assert missing["tag"] == "DTM" and missing["issues"]
    reference = next(segment for segment in segments if segment["tag"] == "RFF")
    parts = reference["elements"][0]["components"]
    assert [data[part["start"] : part["end"]] for part in parts] == [b"ON", b"X", b"7"]
    number = next(segment for segment in segments if segment["tag"] == "BGM")["elements"][1]
    assert number["value"] == "P+1" and data[number["start"] : number["end"]] == b"P?+1"


def test_elements_named_by_a_qualifier_that_stands_elsewhere():
    """E9, G6: a phone number is called so, whichever element says that it is one."""
    segments = tree(x12(BEG, "N1*BY*ACME", "PER*BD*Mary*TE*555-0100*EM*mary@example.com", PO1))
    person = next(segment for segment in segments if segment["tag"] == "PER")
    named = {element["value"]: element["name"] for element in person["elements"]}
    assert (named["555-0100"], named["mary@example.com"]) == ("Phone", "Email")
    segments = tree(edifact("BGM+220+P1+9", "NAD+BY+1::9", "CTA+OC+:Mary", "COM+555-0100:TE"))
    number = next(segment for segment in segments if segment["tag"] == "COM")["elements"][0]
    assert number["components"][0]["name"] == "Phone"


@pytest.mark.parametrize("name", sample_names())
def test_every_sample_can_be_shown(name):
    """E9: marks lie within the file, one behind the other."""
    data = sample(name)
    try:
        transaction = first(data)
    except EdiError:
        return
    end = 0
    for segment in parse_tree(transaction):
        assert end <= segment["start"] <= segment["end"] <= len(data)
        end = segment["end"]
        for element in segment["elements"]:
            assert segment["start"] <= element["start"] <= element["end"] <= segment["end"]


def test_a_document_for_people():
    """E9: header, parties and lines."""
    transaction = first(
        x12(BEG, "CUR*BY*USD", "N1*ST*Store*92*7", "N3*Main St", "N4*Boulder*CO*80301", PO1, "PID*F****Mix")
    )
    canonical = read_document(transaction, declaration_of("X12", "850")).canonical
    page = render(canonical, "purchase.order")
    assert page["title"] == "Purchase order"
    assert ["Order date", "2026-03-02"] in page["header"] and ["Currency", "USD"] in page["header"]
    assert page["parties"] == [
        {"role": "Ship to", "id": "7", "lines": ["Store", "Main St", "80301 Boulder CO"]}
    ]
    (table,) = page["tables"]
    assert table["title"] == "Lines"
    row = dict(zip(table["columns"], table["rows"][0]))
    assert (row["Quantity"], row["Unit"], row["Item gtin"], row["Description"]) == (
        "12",
        "EA",
        "00614141007349",
        "Mix",
    )


def test_a_partner_is_proposed_from_a_sample():
    """E7: standard, ids, separators, documents, codes, item numbers; what has no meaning yet stands out."""
    data = x12(BEG, "N1*ST*Store*92*71", "N1*Q9*Else", "PO1*1*12*XX*8.5**UP*614141007349*ZQ*17")
    found = recognize(data)
    assert found["standard"] == "X12" and found["separators"]["component"] == ">"
    (interchange,) = found["interchanges"]
    assert interchange["sender"] == {"qualifier": "ZZ", "id": "BUYER"} and interchange["test"] is True
    assert interchange["groups"][0]["functional_code"] == "PO"
    assert found["documents"] == [
        {
            "code": "850",
            "version": "004010",
            "association": "",
            "count": 1,
            "known": True,
            "document": "purchase.order",
        }
    ]
    assert found["codes"]["units"] == [{"code": "XX", "count": 1, "meaning": None}]
    assert {"code": "Q9", "count": 1, "meaning": None} in found["codes"]["parties"]
    assert {one["qualifier"]: one["meaning"] for one in found["items"]} == {"UP": "gtin", "ZQ": None}
    assert found["parties"][0]["role"] == "ship_to"
    assert {issue["code"] for issue in found["issues"]} == {"unknown_unit"}
    json.dumps(found)


def test_articles_units_and_refused_codes():
    """E7: items with all their numbers and their name, units as they are told on, codes that refuse a document."""
    line = "PO1*1*12*XX*8.5**UP*614141007349*VN*V-1"
    found = recognize(x12("BEG*77*SA*P1**20260302", line, "PID*F****Mix", line.replace("*1*", "*2*", 1)))
    assert found["articles"] == [
        {"numbers": {"gtin": "00614141007349", "supplier_sku": "V-1"}, "description": "Mix", "count": 2}
    ]
    assert found["units"] == [{"code": "XX", "count": 2}]
    (refused,) = found["refused"]
    assert (refused["list"], refused["code"]) == ("purpose", "77") and "original" in refused["words"]


def test_a_partner_of_edifact():
    """E7: the same of UNB, LIN and PIA."""
    data = edifact(
        "BGM+220+P1+9", "DTM+137:20260302:102", "LIN+1++4006381333931:EN", "PIA+1+V1:SA", "QTY+21:3:PCE"
    )
    found = recognize(data)
    assert found["interchanges"][0]["receiver"] == {"qualifier": "14", "id": "SELLER"}
    assert {one["qualifier"] for one in found["items"]} == {"EN", "SA"}
    assert found["codes"]["units"] == [{"code": "PCE", "count": 1, "meaning": "EA"}]


@pytest.mark.parametrize("name", sample_names())
def test_every_readable_sample_is_recognized(name):
    """E7: whatever can be read."""
    try:
        found = recognize(sample(name))
    except EdiError as error:
        assert error.code in ("truncated", "not_edi", "bad_header")
        return
    assert found["documents"]
    told = [*found["parties"], *found["articles"]]
    assert all(value is not None for one in told for value in one.values())
    json.dumps(found)


def test_what_is_no_edi_is_refused():
    """E7: with a sentence."""
    for data in (b"", b"   ", b"<xml/>", b"PK\x03\x04", "ISA".encode("utf-16")):
        with pytest.raises(EdiError):
            recognize(data)
