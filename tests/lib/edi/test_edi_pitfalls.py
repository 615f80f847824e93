"""Twenty things that go wrong between trading partners, each with the rule that meets it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from dist_integration_edi.lib import values
from dist_integration_edi.lib.acknowledgement import Judged, acknowledge_group, acknowledge_interchange
from dist_integration_edi.lib.acknowledgement_reading import read_acknowledgement
from dist_integration_edi.lib.codes import by_code, table
from dist_integration_edi.lib.envelope import (
    Address,
    Envelope,
    Outgoing,
    build_interchange,
    next_control_number,
)
from dist_integration_edi.lib.errors import EdiError, EdiSyntaxError, EdiWriteError
from dist_integration_edi.lib.interchange import describe, iterate_transactions, read_interchanges
from dist_integration_edi.lib.segment import Segment
from dist_integration_edi.lib.separators import EDIFACT_DEFAULT, X12_DEFAULT
from dist_integration_edi.lib.serializer import scrub, serialize
from edi_kit import ISA, NOW, codes, edifact, errors, first, read, write, x12

BEG = "BEG*00*SA*P1**20260302"
PO1 = "PO1*1*12*EA*8.5**UP*614141007349"
ORDERS = ("BGM+220+P1+9", "DTM+137:20260302:102")


def test_01_collapsed_isa_is_read_by_its_elements_and_flagged():
    """E1: sixteen elements count, not 106 characters."""
    collapsed = "ISA*00**00**ZZ*BUYER*ZZ*SELLER*260615*1200*U*00401*000000007*0*T*>~"
    (interchange,) = read_interchanges(x12(BEG, PO1, isa=collapsed))
    assert codes(interchange.issues) == ["header_width"]
    assert (interchange.sender, interchange.receiver, interchange.control_number) == (
        "BUYER",
        "SELLER",
        "000000007",
    )
    assert not read_interchanges(x12(BEG, PO1))[0].issues


@pytest.mark.parametrize("terminator", ["~", "\n", "\r\n", "\x15", "\x1c", "}"])
@pytest.mark.parametrize("front", [b"", b"\xef\xbb\xbf", b"\r\n  "])
def test_02_terminators_and_what_stands_in_front(terminator, front):
    """E1: any terminator, a BOM and blanks in front."""
    (transaction,) = read_interchanges(front + x12(BEG, PO1, isa=ISA[:-1] + terminator, end=terminator))[
        0
    ].transactions
    assert [segment.tag for segment in transaction.segments] == ["ST", "BEG", "PO1", "SE"]
    assert transaction.is_valid


@pytest.mark.parametrize(
    ("isa11", "version", "repetition"),
    [("U", "00401", ""), ("^", "00401", ""), ("^", "00501", "^"), ("U", "00501", "")],
)
def test_03_repetition_separator_by_version(isa11, version, repetition):
    """E1: ISA11 is U before 00402, the repetition separator after."""
    isa = ISA.replace("*U*00401*", f"*{isa11}*{version}*")
    (interchange,) = read_interchanges(x12(BEG, "REF*DP*1^2", PO1, isa=isa))
    assert interchange.separators.repetition == repetition
    assert interchange.transactions[0].body[1].parts[2] == (("1", "2") if repetition else "1^2")
    other = read_interchanges(x12(BEG, "REF*DP*1>2", isa=ISA.replace(">", ":")))[0]
    assert other.separators.component == ":" and other.transactions[0].body[1].get(2) == "1>2"


def test_04_separators_are_scrubbed_on_the_way_out():
    """E1: X12 has no release character, EDIFACT has."""
    segment = Segment(["MSG", "5 * 3 ~ a>b\nnext"])
    assert scrub([segment], X12_DEFAULT)[0].parts == ["MSG", "5   3   a b next"]
    with pytest.raises(EdiWriteError):
        serialize([segment], X12_DEFAULT)
    written = serialize(
        scrub([Segment(["FTX", "AAI", "", "", "what's + this? 1:2"])], EDIFACT_DEFAULT), EDIFACT_DEFAULT
    )
    assert written.endswith(b"FTX+AAI+++what?'s ?+ this?? 1?:2'")


def test_05_several_interchanges_in_one_file():
    """E1: each with its own separators."""
    data = (
        x12(BEG, PO1)
        + b"\r\n"
        + x12(BEG, PO1, isa=ISA.replace("*", "|").replace("~", "\n"), end="\n").replace(b"*", b"|")
    )
    found = read_interchanges(data + edifact(*ORDERS))
    assert [one.separators.element for one in found] == ["*", "|", "+"]
    assert [one.code for one in iterate_transactions(data)] == ["850", "850"]


def test_06_control_numbers_have_nine_digits_and_wrap_to_one():
    """E6: the number behind the largest is 1; a number that does not fit is refused."""
    assert next_control_number(1) == 2
    assert next_control_number(999_999_999) == 1
    assert b"IEA*1*000000008~" in write(ORDER, "X12", "850", "004010")
    envelope = Envelope(Address("A", "ZZ"), Address("B", "ZZ"), 1_000_000_000, 1, NOW)
    with pytest.raises(EdiWriteError) as refused:
        build_interchange(envelope, [Outgoing("850", [], "004010", "PO")], X12_DEFAULT)
    assert refused.value.code == "control_number"


def test_07_what_a_duplicate_is_recognized_by():
    """E6: sender's qualifier, id, control number and date are at hand."""
    found = describe(read_interchanges(x12(BEG, PO1))[0])
    assert found["sender"] == {"qualifier": "ZZ", "id": "BUYER"}
    assert (found["control_number"], found["prepared_at"]) == ("000000007", "2026-06-15T12:00:00")
    twice = x12(BEG, PO1).replace(b"GE*1*1", b"ST*850*0001~SE*2*0001~GE*2*1")
    assert codes(read_interchanges(twice)[0].transactions[1].issues) == ["duplicate_control_number"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"SE*4*0001", b"SE*5*0001", "segment_count"),
        (b"SE*4*0001", b"SE*4*0002", "transaction_reference"),
        (b"SE*4*0001~", b"", "missing_transaction_trailer"),
        (b"GE*1*1", b"GE*2*1", "group_count"),
        (b"GE*1*1", b"GE*1*2", "group_reference"),
        (b"GE*1*1~", b"", "missing_group_trailer"),
        (b"IEA*1*", b"IEA*2*", "interchange_count"),
        (b"IEA*1*000000007", b"IEA*1*000000009", "interchange_reference"),
    ],
)
def test_08_counts_and_references_of_x12(old, new, code):
    """E1: each is checked."""
    (interchange,) = read_interchanges(x12(BEG, PO1).replace(old, new))
    groups = [issue for group in interchange.groups for issue in group.issues]
    inner = [issue for transaction in interchange.transactions for issue in transaction.issues]
    assert codes([*interchange.issues, *groups, *inner]) == [code]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"UNT+4+1", b"UNT+3+1", "segment_count"),
        (b"UNT+4+1", b"UNT+4+2", "transaction_reference"),
        (b"UNZ+1+7", b"UNZ+2+7", "interchange_count"),
        (b"UNZ+1+7", b"UNZ+1+8", "interchange_reference"),
    ],
)
def test_08_counts_and_references_of_edifact(old, new, code):
    """E1: each is checked."""
    (interchange,) = read_interchanges(edifact(*ORDERS).replace(old, new))
    inner = [issue for transaction in interchange.transactions for issue in transaction.issues]
    assert codes([*interchange.issues, *inner]) == [code]


@pytest.mark.parametrize("data", [x12(BEG, PO1), edifact(*ORDERS)])
def test_08_a_truncated_file_is_refused(data):
    """E1: without trailer the interchange is incomplete, wherever it ends."""
    whole = len(data.rstrip())
    for end in range(20, whole):
        try:
            read_interchanges(data[:end])
        except EdiSyntaxError as error:
            assert error.code in ("truncated", "bad_header")
        else:
            # Of the trailer only the terminator, or part of the number, is lost: the number shows it.
            assert end > whole - len("IEA*1*000000007~")
            (interchange,) = read_interchanges(data[:end])
            assert interchange.issues


def test_09_a_997_has_the_exact_place_and_counts_st_as_one():
    """E5: AK3, AK4, AK5 and AK9."""
    transaction = first(x12("BEG*00*SA***20261301", PO1))
    reading = read(x12("BEG*00*SA***20261301", PO1))
    outgoing = acknowledge_group(transaction.group, [Judged(transaction, reading.issues)])
    assert [segment.parts for segment in outgoing.segments] == [
        ["AK1", "PO", "1"],
        ["AK2", "850", "0001"],
        ["AK3", "BEG", "2", "", "8"],
        ["AK4", "3", "", "1"],
        ["AK4", "5", "", "8", "20261301"],
        ["AK5", "R", "5"],
        ["AK9", "R", "1", "1", "0"],
    ]
    nine = acknowledge_group(transaction.group, [Judged(transaction, reading.issues)], code="999")
    assert [segment.tag for segment in nine.segments] == ["AK1", "AK2", "IK3", "IK4", "IK4", "IK5", "AK9"]


def test_09_an_acknowledgement_is_never_acknowledged():
    """E5: neither 997, 999 nor CONTRL."""
    data = x12("AK1*PO*1", "AK9*A*1*1*1", code="997", group="FA")
    transaction = first(data)
    assert acknowledge_group(transaction.group, [Judged(transaction)]) is None
    (interchange,) = read_interchanges(edifact("UCI+7+A+B+7", code="CONTRL", version="D:3"))
    assert acknowledge_interchange(interchange, [Judged(interchange.transactions[0])]) is None


def test_10_an_acknowledgement_is_matched_on_the_groups_number():
    """E5: GS06, not ISA13."""
    found = read_acknowledgement(
        first(x12("AK1*PO*1044", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1", code="997", group="FA"))
    )
    assert found["group"] == {"functional_code": "PO", "control_number": "1044"}
    assert found["transactions"] == [{"code": "850", "control_number": "0001", "status": "accepted"}]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("IA", "accepted"),
        ("IR", "rejected"),
        ("R2", "rejected"),
        ("IQ", "quantity_changed"),
        ("IP", "price_changed"),
        ("IB", "backordered"),
        ("BP", "backordered"),
        ("IS", "substituted"),
        ("DR", "date_changed"),
    ],
)
def test_11_answers_of_an_855(code, status):
    """E2: ACK by line."""
    reading = read(x12("BAK*00*AC*P1*20260302", PO1, f"ACK*{code}*12*EA", code="855"))
    assert reading.canonical["lines"][0]["answers"] == [{"status": status, "quantity": "12", "unit": "EA"}]


def test_11_several_answers_to_a_line():
    """E2: part accepted, part later."""
    reading = read(x12("BAK*00*AC*P1*20260302", PO1, "ACK*IA*8*EA", "ACK*IB*4*EA*068*20260401", code="855"))
    assert [answer["quantity"] for answer in reading.canonical["lines"][0]["answers"]] == ["8", "4"]
    assert reading.canonical["lines"][0]["answers"][1]["date"] == "2026-04-01"


SHIPMENT, ORDER_LEVEL, TARE, PACK, ITEM = (
    ["REF*BM*B1"],
    ["PRF*P1"],
    ["MAN*GM*106141411234567897"],
    ["MAN*GM*106141411234567804"],
    ["LIN*1*UP*614141007349", "SN1*1*12*EA"],
)
SHAPES = {
    "S-O-P-I": [
        ("1", "", "S", SHIPMENT),
        ("2", "1", "O", ORDER_LEVEL),
        ("3", "2", "P", PACK),
        ("4", "3", "I", ITEM),
    ],
    "S-O-I": [("1", "", "S", SHIPMENT), ("2", "1", "O", ORDER_LEVEL), ("3", "2", "I", ITEM)],
    "S-I": [("1", "", "S", SHIPMENT), ("2", "1", "I", ITEM)],
    "S-O-T-P-I": [
        ("1", "", "S", SHIPMENT),
        ("2", "1", "O", ORDER_LEVEL),
        ("3", "2", "T", TARE),
        ("4", "3", "P", PACK),
        ("5", "4", "I", ITEM),
    ],
}


def ship_notice(levels):
    segments = ["BSN*00*N1*20260305*1015*0001"]
    for number, parent, kind, inner in levels:
        segments += [f"HL*{number}*{parent}*{kind}", *inner]
    return read(x12(*segments, code="856", group="SH"))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("turned", [False, True])
def test_12_ship_notices_of_every_shape_in_any_order(shape, turned):
    """E2: the tree is built by HL02, not by order."""
    levels = SHAPES[shape][::-1] if turned else SHAPES[shape]
    reading = ship_notice(levels)
    assert errors(reading.issues) == []
    (line,) = reading.canonical["lines"]
    assert line.get("order") == ("P1" if "O" in shape else None)
    assert line.get("package") == ("106141411234567804" if "P" in shape else None)
    within = {package["package"]: package.get("within") for package in reading.canonical.get("packages", [])}
    if "T" in shape:
        assert within == {"106141411234567897": None, "106141411234567804": "106141411234567897"}
    assert reading.canonical["bill_of_lading"] == "B1"


def test_12_levels_that_hang_nowhere():
    """E2: a parent that is missing, a number twice, a level within itself."""
    levels = [
        ("1", "", "S", SHIPMENT),
        ("2", "9", "O", ORDER_LEVEL),
        ("2", "1", "I", ITEM),
        ("4", "5", "O", []),
        ("5", "4", "O", []),
    ]
    reading = ship_notice(levels)
    assert set(errors(reading.issues)) >= {"unknown_parent", "duplicate_level"}


@pytest.mark.parametrize(
    ("pairs", "item"),
    [
        ("UP*614141007349*VN*V1*BP*B1", {"gtin": "00614141007349", "supplier_sku": "V1", "buyer_sku": "B1"}),
        ("CB*B1*VP*V1*EN*4006381333931", {"gtin": "04006381333931", "supplier_sku": "V1", "buyer_sku": "B1"}),
        ("SK*S1*UK*10614141007346", {"gtin": "10614141007346", "sku": "S1"}),
        ("IN*B1*XX*9", {"buyer_sku": "B1", "codes": {"XX": "9"}}),
        ("UP*614141007340", {"codes": {"UP": "614141007340"}}),
    ],
)
def test_13_item_numbers_in_any_order(pairs, item):
    """E6: qualifiers of PO1; every GTIN has 14 digits."""
    reading = read(x12(BEG, f"PO1*1*12*EA*8.5**{pairs}"))
    assert reading.canonical["lines"][0]["item"] == item


def test_13_item_numbers_of_edifact():
    """E6: LIN and PIA."""
    reading = read(edifact(*ORDERS, "LIN+1++4006381333931:EN", "PIA+1+B1:IN+V1:SA", "QTY+21:12:PCE", "UNS+S"))
    assert reading.canonical["lines"][0]["item"] == {
        "gtin": "04006381333931",
        "buyer_sku": "B1",
        "supplier_sku": "V1",
    }


@pytest.mark.parametrize(
    ("x12_code", "edifact_code", "unit"),
    [
        ("EA", "PCE", "EA"),
        ("CA", "CS", "CS"),
        ("DZ", "DZN", "DZN"),
        ("LB", "LBR", "LBR"),
        ("KG", "KGM", "KGM"),
    ],
)
def test_14_units(x12_code, edifact_code, unit):
    """E6: CA is the case of X12, CS that of EDIFACT; a partner may have codes of his own."""
    assert read(x12(BEG, f"PO1*1*12*{x12_code}")).canonical["lines"][0]["unit"] == unit
    found = read(edifact(*ORDERS, "LIN+1++X:SA", f"QTY+21:12:{edifact_code}")).canonical["lines"][0]
    assert found["unit"] == unit
    own = {"codes": {"units": {unit: "ZZ"}}}
    assert read(x12(BEG, "PO1*1*12*ZZ"), own).canonical["lines"][0]["unit"] == unit


def test_14_a_cassette_is_no_case():
    """E6: an unknown unit stays as it is, and is told; the pack factor is kept."""
    reading = read(x12(BEG, "PO1*1*2*CS", "PO4*24*1*EA"))
    assert codes(reading.issues) == ["unknown_unit"]
    assert reading.canonical["lines"][0]["unit"] == "CS"
    assert reading.canonical["lines"][0]["pack"] == {"quantity": "24", "size": "1", "unit": "EA"}


@pytest.mark.parametrize(
    ("x12_code", "edifact_code", "role"),
    [
        ("ST", "DP", "ship_to"),
        ("BT", "IV", "invoice_to"),
        ("BY", "BY", "buyer"),
        ("SE", "SU", "supplier"),
        ("SF", "SF", "ship_from"),
        ("RE", "PE", "pay_to"),
        ("WH", "WH", "warehouse"),
    ],
)
def test_15_parties_by_qualifier_and_code(x12_code, edifact_code, role):
    """E6: the same roles in both standards."""
    found = read(x12(BEG, f"N1*{x12_code}*ACME*92*0118", PO1)).canonical["parties"]
    assert found == {role: {"name": "ACME", "id_type": "92", "id": "0118"}}
    found = read(edifact(*ORDERS, f"NAD+{edifact_code}+0118::92++ACME")).canonical["parties"]
    assert found == {role: {"name": "ACME", "id_type": "92", "id": "0118"}}


@pytest.mark.parametrize(
    "line", ["PO1*1*1,000*EA*8.5**VN*X", "PO1*1*1*EA*1,000**VN*X"], ids=["quantity", "price"]
)
def test_16_a_comma_is_no_decimal_mark_of_x12(line):
    """E1: what may mean a thousand is not read as one."""
    (issue,) = read(x12(BEG, line)).issues
    assert (issue.code, issue.value) == ("invalid_number", "1,000")
    with pytest.raises(values.ValueProblem):
        values.read_implied("1,234", 2)
    with pytest.raises(values.ValueProblem):
        values.read_integer("1.5")


def test_16_implied_decimals():
    """E1: TDS01 is in cents, an explicit point is believed, EDIFACT's mark comes from UNA."""

    def invoice(total):
        return read(x12("BIG*20260302*I1", f"TDS*{total}", code="810", group="IN")).canonical["amount_total"]

    assert invoice("31300") == "313"
    assert invoice("313.05") == "313.05"
    assert invoice("-5") == "-0.05"
    assert values.read_implied("123456789012345678", 2) == Decimal("1234567890123456.78")
    data = edifact(*ORDERS, "LIN+1++X:SA", "QTY+21:1,5:KGM", "PRI+AAA:19,90", una="UNA:+,? '")
    line = read(data).canonical["lines"][0]
    assert (line["quantity"], line["unit_price"]) == ("1.5", "19.9")
    assert b"PRI+AAA:8,5'" in write(
        ORDER, "EDIFACT", "ORDERS", "D96A", separators=replace(EDIFACT_DEFAULT, decimal=",")
    )
    with pytest.raises(EdiWriteError):
        write({**INVOICE, "amount_total": "1.005"}, "X12", "810", "004010")


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        ("20260302", "102", "2026-03-02T00:00:00Z"),
        ("202603021405", "203", "2026-03-02T14:05:00Z"),
        ("20260302140530", "204", "2026-03-02T14:05:30Z"),
        ("260302", "101", "2026-03-02T00:00:00Z"),
        ("202610", "616", "2026-03-02T00:00:00Z"),
        ("2026030220260308", "718", "2026-03-02T00:00:00Z"),
    ],
)
def test_17_dates_of_edifact(value, form, expected):
    """E1: by the format beside them."""
    assert values.read_edifact_moment(value, form) == expected


def test_17_dates_of_x12_and_of_envelopes():
    """E1: six digits in ISA, eight in GS and DTM; UNB has eight in version 4."""
    assert values.read_date("260302") == values.read_date("20260302") == "2026-03-02"
    assert values.read_moment("20260302", "1405") == "2026-03-02T14:05:00Z"
    for wrong in ("20261301", "2026-03-02", "", "٢٠٢٦٠٣٠٢"):
        with pytest.raises(values.ValueProblem):
            values.read_date(wrong)
    four = edifact(*ORDERS, unb="UNB+UNOC:4+A+B+20260615:1200+7'")
    assert describe(read_interchanges(four)[0])["prepared_at"] == "2026-06-15T12:00:00"


@pytest.mark.parametrize(
    ("syntax", "text", "raw"),
    [
        ("UNOA", "MUELLER", b"MUELLER"),
        ("UNOC", "Müller", "Müller".encode("iso8859-1")),
        ("UNOD", "Dvořák", "Dvořák".encode("iso8859-2")),
        ("UNOE", "Иванов", "Иванов".encode("iso8859-5")),
        ("UNOF", "Παπάς", "Παπάς".encode("iso8859-7")),
        ("UNOK", "Şahin", "Şahin".encode("iso8859-9")),
        ("UNOW", "报文", "报文".encode()),
        ("UNOY", "报文", "报文".encode()),
    ],
)
def test_18_character_sets(syntax, text, raw):
    """E1: as UNB says; what is outside of it is read all the same, and told."""
    data = edifact(*ORDERS, "NAD+BY+1::9++NAME", unb=f"UNB+{syntax}:3+A+B+260615:1200+7'").replace(
        b"NAME", raw
    )
    (interchange,) = read_interchanges(data)
    assert interchange.issues == []
    assert interchange.transactions[0].body[2].get(4) == text


def test_18_other_characters_than_announced():
    """E1: told once, nothing lost; UNOX is refused."""
    data = edifact(*ORDERS, "NAD+BY+1::9++NAME", unb="UNB+UNOA:3+A+B+260615:1200+7'")
    (interchange,) = read_interchanges(data.replace(b"NAME", "Müller".encode()))
    assert codes(interchange.issues) == ["charset"]
    assert interchange.transactions[0].body[2].get(4) == "Müller"
    with pytest.raises(EdiSyntaxError) as refused:
        read_interchanges(edifact(*ORDERS, unb="UNB+UNOX:3+A+B+260615:1200+7'"))
    assert refused.value.code == "unsupported_charset"


@pytest.mark.parametrize(("action", "status"), [("4", "rejected"), ("7", "accepted"), ("8", "received")])
def test_19_actions_of_contrl(action, status):
    """E5: refused, acknowledged, received."""
    found = read_acknowledgement(first(edifact(f"UCI+7+A+B+{action}", code="CONTRL", version="D:3")))
    assert found["status"] == status


@pytest.mark.parametrize(
    ("code", "purpose"), [("9", "original"), ("1", "cancel"), ("4", "change"), ("5", "replace")]
)
def test_19_functions_of_bgm(code, purpose):
    """E2: 1225; 27 and 29 answer an order."""
    assert read(edifact(f"BGM+220+P1+{code}", ORDERS[1])).canonical["purpose"] == purpose
    answers = {"27": "rejected", "29": "accepted", "4": "accepted_with_changes"}
    for answer, status in answers.items():
        data = edifact(f"BGM+231+R1+{answer}", ORDERS[1], "RFF+ON:P1", code="ORDRSP")
        assert read(data).canonical["status"] == status


def test_19_quantities_and_amounts_by_their_qualifiers():
    """E2: 21 ordered, 12 despatched, 47 invoiced, 83 backorder; allowances and tax are kept apart."""
    data = edifact(
        "BGM+351+N1+9",
        ORDERS[1],
        "CPS+1",
        "LIN+1++X:SA",
        "QTY+21:12",
        "QTY+12:8:PCE",
        "QTY+83:4",
        code="DESADV",
    )
    (line,) = read(data).canonical["lines"]
    assert (line["ordered"], line["quantity"], line["backordered"]) == ("12", "8", "4")
    data = edifact(
        "BGM+380+I1+9", ORDERS[1], "LIN+1++X:SA", "QTY+47:8:PCE", "ALC+A+++++TD", "MOA+204:5", "UNS+S", "MOA+77:114",
        "MOA+125:100", "TAX+7+VAT+++:::19+S", "MOA+124:19", code="INVOIC",
    )  # fmt: skip
    found = read(data).canonical
    assert found["lines"][0]["quantity"] == "8"
    assert found["lines"][0]["charges"][0]["type"] == "allowance"
    assert (found["amount_total"], found["amount_untaxed"]) == ("114", "100")


def test_20_test_interchanges_and_check_digits():
    """E6: a test interchange is told apart; SSCC and GTIN share the check digit."""
    assert read_interchanges(x12(BEG, PO1))[0].is_test
    assert not read_interchanges(x12(BEG, PO1, isa=ISA.replace("*T*", "*P*")))[0].is_test
    assert not read_interchanges(edifact(*ORDERS))[0].is_test
    assert read_interchanges(edifact(*ORDERS, unb="UNB+UNOC:3+A+B+260615:1200+7++++++1'"))[0].is_test
    assert values.has_check_digit("106141411234567897") and not values.has_check_digit("106141411234567898")
    assert values.gtin_14("614141007349") == "00614141007349" and values.gtin_14("614141007340") is None


def test_20_codes_of_both_standards_are_complete_and_unambiguous():
    """E6: every canonical unit of X12 can be written in EDIFACT; no code is read as two things."""
    for name in ("units", "parties", "purpose", "line_status", "references", "inventory"):
        for standard in ("X12", "EDIFACT"):
            words = table(name, standard)
            every = [code for listed in words.values() for code in listed]
            assert len(every) == len(set(every)), (name, standard)
            assert set(by_code(words)) == set(every)
    assert set(table("units", "X12")) <= set(table("units", "EDIFACT"))


ORDER = {
    "number": "P1",
    "purpose": "original",
    "order_date": "2026-03-02",
    "lines": [{"line": "1", "item": {"sku": "S1"}, "quantity": "12", "unit": "EA", "unit_price": "8.5"}],
}
INVOICE = {"number": "I1", "type": "invoice", "invoice_date": "2026-03-02", "amount_total": "1.05"}


def test_unknown_documents_are_named():
    """E1: no guess at what is not known."""
    with pytest.raises(EdiError) as refused:
        read(x12("BMG*00**03", code="864"))
    assert refused.value.code == "unknown_document"
