"""Documents both ways: canonical to segments and back, partners' overlays, documents nobody publishes samples of."""

import json
import re

import pytest
from dist_integration_edi.lib.declaration import compile_declaration
from dist_integration_edi.lib.documents import DECLARATIONS, declaration_of
from dist_integration_edi.lib.errors import DeclarationError, EdiWriteError
from dist_integration_edi.lib.structure import build_tree, parse_structure
from edi_kit import ROOT, codes, edifact, errors, first, read, validator, write, x12

VERSIONS = {"X12": ("004010", "005010"), "EDIFACT": ("D96A", "D01B")}
SCHEMAS = ROOT / "addons" / "dist_integration_edi" / "schemas"


def example(document):
    for addon in ("dist_integration_edi", "dist_integration_wms"):
        path = ROOT / "addons" / addon / "schemas" / f"{document}.v1.json"
        if path.is_file():
            return json.loads(path.read_text())["examples"][0]
    raise LookupError(document)


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_schemas_and_their_examples(path):
    """E1: each schema is valid 2020-12, and describes every field."""
    schema = json.loads(path.read_text())
    document = re.fullmatch(r"(.+)\.v1\.json", path.name)[1]
    assert validator(document).errors(schema["examples"][0]) == []
    assert all("description" in field for field in schema["properties"].values())


@pytest.mark.parametrize(("standard", "code"), DECLARATIONS)
def test_every_document_both_ways_in_every_version(standard, code):
    """E1: what is written is read as the same, for both versions of each standard."""
    for version in VERSIONS[standard]:
        declaration = declaration_of(standard, code, version=version)
        reading = read(write(example(declaration.document), standard, code, version))
        assert errors(reading.issues) == []
        assert validator(declaration.document).errors(reading.canonical) == []
        # Once written, the document says the same for good.
        again = read(write(reading.canonical, standard, code, version))
        assert again.canonical == reading.canonical


@pytest.mark.parametrize(
    ("standard", "code", "version"),
    [("X12", "850", "005010"), ("EDIFACT", "ORDERS", "D96A"), ("EDIFACT", "ORDERS", "D01B")],
)
def test_an_order_comes_back_as_it_was(standard, code, version):
    """E3: nothing of the example is lost."""
    order = example("purchase.order")
    order["notes"] = [{"text": "Ring at gate 5"}]
    order["parties"]["ship_to"] = {
        "name": "Store 118",
        "street": "4501 Cascade Ave",
        "city": "Boulder",
        "zip": "80301",
    }
    reading = read(write(order, standard, code, version))
    found = reading.canonical
    for name in ("number", "purpose", "order_date", "currency", "requested_date", "parties", "lines"):
        assert json.dumps(found[name], sort_keys=True) == json.dumps(order[name], sort_keys=True), name
    assert found["notes"][0]["text"] == "Ring at gate 5"


@pytest.mark.parametrize(
    ("standard", "code", "version"), [("X12", "856", "004010"), ("EDIFACT", "DESADV", "D96A")]
)
def test_a_ship_notice_of_pallets_and_cartons_comes_back(standard, code, version):
    """E3: lots, packages in packages and two orders."""
    notice = {
        "number": "N1",
        "purpose": "original",
        "created_at": "2026-03-05T10:15:00Z",
        "shipped_at": "2026-03-05T00:00:00Z",
        "packages": [
            {"package": "106141411234567897", "sscc": "106141411234567897"},
            {"package": "106141411234567804", "sscc": "106141411234567804", "within": "106141411234567897"},
        ],
        "lines": [
            {"line": "1", "item": {"gtin": "00614141007349"}, "quantity": "12", "unit": "EA", "order": "P1",
             "package": "106141411234567804", "lot": "L1", "expiry": "2027-06-30"},
            {"line": "2", "item": {"buyer_sku": "B2"}, "quantity": "1.5", "unit": "KGM", "order": "P2"},
        ],
    }  # fmt: skip
    found = read(write(notice, standard, code, version)).canonical
    assert sorted(found["lines"], key=lambda line: line["line"]) == notice["lines"]
    packages = {package["package"]: package.get("within") for package in found["packages"]}
    assert packages == {"106141411234567897": None, "106141411234567804": "106141411234567897"}
    if standard == "X12":
        standard_shape = write(notice, standard, code, version, {"options": {"hierarchy": "standard"}})
        assert b"*P~" not in standard_shape and b"HL*2*1*O~" in standard_shape


def test_an_inventory_report_in_edifact():
    """E3: INVRPT."""
    reading = read(
        edifact(
            "BGM+35+STOCK1+9",
            "DTM+137:20260308:102",
            "NAD+SU+4000001000005::9",
            "LIN+1++4006381333931:EN",
            "QTY+145:500:PCE",
            "LOC+18+A1",
            "QTY+61:20:PCE",
            "LIN+2++X1:SA",
            "INV+2+11",
            "QTY+156:3:CS",
            "CNT+2:2",
            code="INVRPT",
        )  # fmt: skip
    )
    assert errors(reading.issues) == []
    first_line, second = reading.canonical["lines"]
    assert first_line["quantities"] == [
        {"type": "on_hand", "quantity": "500", "unit": "EA", "location": "A1"},
        {"type": "on_order", "quantity": "20", "unit": "EA"},
    ]
    assert second["quantities"] == [{"type": "available", "quantity": "3", "unit": "CS"}]
    assert validator("inventory.report").errors(reading.canonical) == []


def test_a_change_of_an_order_in_edifact():
    """E2: ORDCHG by line."""
    reading = read(
        edifact(
            "BGM+230+C1+4",
            "DTM+137:20260304:102",
            "RFF+ON:P1",
            "DTM+171:20260302:102",
            "LIN+1+3+4006381333931:EN",
            "QTY+21:10:PCE",
            "LIN+2+2+X1:SA",
            "UNS+S",
            "CNT+2:2",
            code="ORDCHG",
        )  # fmt: skip
    )
    assert errors(reading.issues) == []
    found = reading.canonical
    assert (found["order"], found["order_date"], found["purpose"]) == ("P1", "2026-03-02", "change")
    assert [(line["change"], line.get("quantity")) for line in found["lines"]] == [
        ("change", "10"),
        ("delete", None),
    ]
    assert validator("purchase.change").errors(found) == []


def test_an_acknowledged_change_in_x12():
    """E2: 865."""
    reading = read(
        x12("BCA*00*AC*P1**1*20260302***SO1*20260304", "POC*1*QD*10*0*EA*8.5**UP*614141007349", "ACK*IQ*10*EA",
            "CTT*1", code="865", group="CA")
    )  # fmt: skip
    assert errors(reading.issues) == []
    found = reading.canonical
    assert (found["order"], found["number"], found["status"]) == ("P1", "SO1", "accepted_with_changes")
    assert found["lines"][0]["answers"] == [{"status": "quantity_changed", "quantity": "10", "unit": "EA"}]
    assert validator("purchase.acknowledgement").errors(found) == []


def test_a_price_catalogue():
    """E2: 832 and PRICAT tell the same."""
    left = read(
        x12("BCT*PC*CAT1", "CUR*SE*USD", "DTM*007*20260401", "LIN*1*UP*614141007349", "PID*F****TRAIL MIX",
            "CTP**UCP*8.5*1*EA", code="832", group="SC")
    ).canonical  # fmt: skip
    right = read(
        edifact("BGM+9+CAT1+9", "DTM+137:20260301:102", "DTM+194:20260401:102", "CUX+2:USD:9",
        "LIN+1+1+00614141007349:EN",
                "IMD+F++:::TRAIL MIX", "PRI+AAA:8.5:::1:PCE", code="PRICAT")
    ).canonical  # fmt: skip
    for found in (left, right):
        assert (found["number"], found["currency"], found["valid_from"]) == ("CAT1", "USD", "2026-04-01")
        assert found["lines"][0]["item"]["gtin"] == "00614141007349"
        assert found["lines"][0]["prices"][0]["unit_price"] == "8.5"
        assert validator("price.catalogue").errors(found) == []


# -- overlays ------------------------------------------------------------------------------------------------

BEG, PO1 = "BEG*00*SA*P1**20260302", "PO1*1*12*EA*8.5**VN*V1"


def test_a_partner_moves_removes_and_adds_fields():
    """E6: deviations are data laid over the document."""
    data = x12(
        BEG, "REF*ZA*77", "DTM*010*20260401", "DTM*002*20260402", PO1, "PID*F****Trail mix", "REF*LI*9"
    )
    overlay = {
        "fields": {
            "requested_date": {"from": "DTM02(01=010)"},
            "lines.description": None,
            "extensions.zone": {"from": "REF02(01=ZA)"},
            "lines.extensions.position": {"from": "REF02(01=LI)", "as": "integer"},
        }
    }
    found = read(data, overlay).canonical
    assert found["requested_date"] == "2026-04-01"
    assert "description" not in found["lines"][0]
    assert found["extensions"] == {"zone": "77"} and found["lines"][0]["extensions"] == {"position": "9"}
    assert validator("purchase.order").errors(found) == []
    assert b"DTM*010*20260401" in write(found, "X12", "850", "004010", overlay)
    assert read(data).canonical["requested_date"] == "2026-04-02"


def test_a_partners_codes_and_item_numbers():
    """E6: his codes in front of ours, both ways."""
    overlay = {
        "codes": {"units": {"CS": ["BX"]}, "parties": {"ship_to": "SN"}},
        "item_numbers": {"buyer_sku": ["VN"]},
    }
    data = x12(BEG, "N1*SN*Store", "PO1*1*12*BX***VN*V1")
    found = read(data, overlay).canonical
    assert found["lines"][0] == {"line": "1", "quantity": "12", "unit": "CS", "item": {"buyer_sku": "V1"}}
    assert found["parties"] == {"ship_to": {"name": "Store"}}
    written = write(found, "X12", "850", "004010", overlay)
    assert b"PO1*1*12*BX***VN*V1~" in written and b"N1*SN*Store~" in written


def test_a_partners_structure_default_and_required_field():
    """E6: a default stands in, a field he has to send is missed."""
    overlay = {"fields": {"currency": {"default": "EUR"}, "contract": {"required": True}}}
    reading = read(x12(BEG, PO1), overlay)
    assert reading.canonical["currency"] == "EUR"
    assert errors(reading.issues) == ["missing_element"]
    assert reading.issues[0].position.in_transaction == 2 and reading.issues[0].position.element == 6


@pytest.mark.parametrize(
    "overlay",
    [
        {"fields": {"unheard_of": {"as": "date"}}},
        {"fields": {"number": {"from": "BEG"}, "x": None}},
        {"fields": {"number": {"from": "beg03"}}},
        {"fields": {"number": {"as": "money"}}},
        {"fields": {"number": {"colour": "red"}}},
        {"structure": "BEG! ("},
        {"structure": "BEG! PO1*{"},
        {"structure": "BEG! BEG"},
        {"colour": "red"},
    ],
)
def test_a_wrong_overlay_is_refused_at_once(overlay):
    """E6: an administrator hears what is wrong with it."""
    with pytest.raises(DeclarationError):
        declaration_of("X12", "850", overlay)


def test_declarations_are_data():
    """E6: they survive JSON, and an unknown member is refused."""
    for source in DECLARATIONS.values():
        assert compile_declaration(json.loads(json.dumps(source))).code == source["code"]
    with pytest.raises(DeclarationError):
        compile_declaration({**next(iter(DECLARATIONS.values())), "colour": "red"})


# -- structure -----------------------------------------------------------------------------------------------


def test_segments_find_their_loops_whatever_their_order():
    """E1: what is not known changes nothing; a segment outside closes a loop."""
    level = parse_structure("BEG! DTM* N1*{N3 N4} PO1+{PID* DTM*} CTT{AMT} AMT")
    segments = first(
        x12(BEG, "N1*ST*A", "N4*X", "ZZ9*1", "N3*Y", "DTM*002*1", PO1, "DTM*002*2", "CTT*1", "AMT*TT*3")
    )
    tree = build_tree(segments.body, level)
    assert [segment.tag for segment in tree.segments] == ["BEG", "DTM"]
    assert [(loop.tag, [segment.tag for segment in loop.segments]) for loop in tree.loops] == [
        ("N1", ["N1", "N4", "N3"]),
        ("PO1", ["PO1", "DTM"]),
        ("CTT", ["CTT", "AMT"]),
    ]


def test_writing_says_what_is_missing():
    """E1: in the words of the document."""
    with pytest.raises(EdiWriteError, match="order_date is required"):
        write({"number": "P1", "purpose": "original"}, "X12", "850", "004010")
    order = example("purchase.order")
    with pytest.raises(EdiWriteError, match="purpose"):
        write({**order, "purpose": "celebration"}, "X12", "850", "004010")
    for answer in (True, False):
        with pytest.raises(EdiWriteError, match=r"references\[0\].number"):
            write({**order, "references": [{"type": "contract", "number": answer}]}, "X12", "850", "004010")
    order["lines"][0]["quantity"] = "twelve"
    with pytest.raises(EdiWriteError, match=r"lines\[0\].quantity"):
        write(order, "X12", "850", "004010")


def test_counts_that_do_not_fit_are_told():
    """E1: CTT against the lines."""
    reading = read(x12(BEG, PO1, "CTT*2"))
    assert codes(reading.issues) == ["control_total"] and reading.issues[0].severity == "warning"


def test_places_of_a_line():
    """E3: SDQ names up to ten places with their quantities, one behind the other."""
    stores = [("71", "5"), ("72", "4"), ("73", "3")]
    pairs = "*".join(part for store in stores for part in store)
    many = "*".join(f"{number}*1" for number in range(80, 90))
    found = read(x12("BEG*00*SA*P1**20260302", "PO1*1*22*EA", f"SDQ*EA*92*{pairs}", f"SDQ*EA*92*{many}"))
    told = {one["place"]: one["quantity"] for one in found.canonical["lines"][0]["destinations"]}
    assert told == {**dict(stores), **{str(number): "1" for number in range(80, 90)}}
    assert not found.issues and validator("purchase.order").errors(found.canonical) == []
