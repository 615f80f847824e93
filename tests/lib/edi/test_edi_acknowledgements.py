"""Functional acknowledgements: what is sent of a wrong document, and what is read of those that come."""

import pytest
from dist_integration_edi.lib.acknowledgement import (
    Judged,
    acknowledge_envelope,
    acknowledge_group,
    acknowledge_interchange,
)
from dist_integration_edi.lib.acknowledgement_reading import read_acknowledgement
from dist_integration_edi.lib.envelope import Address, Envelope, build_interchange
from dist_integration_edi.lib.errors import EdiError, Issue, Position
from dist_integration_edi.lib.interchange import read_interchanges
from dist_integration_edi.lib.separators import EDIFACT_DEFAULT, X12_DEFAULT
from edi_kit import ISA, NOW, edifact, first, read, sample, validator, x12

BEG, PO1 = "BEG*00*SA*P1**20260302", "PO1*1*12*EA*8.5**UP*614141007349"
WRONG_X12 = {
    "a missing element": (
        ["BEG*00*SA***20260302", PO1],
        {"segment": 2, "tag": "BEG", "element": 3, "code": "1"},
    ),
    "a wrong date": (
        ["BEG*00*SA*P1**20261301", PO1],
        {"segment": 2, "tag": "BEG", "element": 5, "code": "8"},
    ),
    "a wrong code": (
        ["BEG*77*SA*P1**20260302", PO1],
        {"segment": 2, "tag": "BEG", "element": 1, "code": "7"},
    ),
    "a code that is too long": (
        ["BEG*0077*SA*P1**20260302", PO1],
        {"segment": 2, "tag": "BEG", "element": 1, "code": "5"},
    ),
    "a code that is too short": (
        ["BEG*7*SA*P1**20260302", PO1],
        {"segment": 2, "tag": "BEG", "element": 1, "code": "4"},
    ),
    "a wrong number": ([BEG, "PO1*1*1A*EA"], {"segment": 3, "tag": "PO1", "element": 2, "code": "6"}),
    "a missing segment": ([PO1], {"segment": 2, "tag": "BEG", "code": "3"}),
    "a segment without name": ([BEG, "WRONG*1", PO1], {"segment": 3, "tag": "WRONG", "code": "1"}),
}
WRONG_EDIFACT = {
    "a missing element": (["BGM+220++9", "DTM+137:20260302:102"], {"segment": 2, "element": 2, "code": "13"}),
    "a wrong date": (
        ["BGM+220+P1+9", "DTM+137:20261301:102"],
        {"segment": 3, "element": 1, "component": 2, "code": "12"},
    ),
    "a wrong code": (["BGM+220+P1+99", "DTM+137:20260302:102"], {"segment": 2, "element": 3, "code": "12"}),
    "a code that is too long": (
        ["BGM+220+P1+9999", "DTM+137:20260302:102"],
        {"segment": 2, "element": 3, "code": "39"},
    ),
    "a missing segment": (["BGM+220+P1+9"], {"segment": 2, "code": "13"}),
}


def judge(interchange):
    return [Judged(transaction, judged_issues(transaction)) for transaction in interchange.transactions]


def judged_issues(transaction):
    from dist_integration_edi.lib.documents import declaration_of
    from dist_integration_edi.lib.reading import read_document

    declaration = declaration_of(transaction.standard, transaction.code, version=transaction.version)
    return read_document(transaction, declaration).issues


def travel(outgoing, separators=X12_DEFAULT):
    """Send an acknowledgement and read it at the other end."""
    envelope = Envelope(Address("SELLER", "ZZ"), Address("BUYER", "ZZ"), 1, 1, NOW)
    (interchange,) = read_interchanges(build_interchange(envelope, [outgoing], separators))
    found = read_acknowledgement(interchange.transactions[0])
    assert validator("functional.acknowledgement").errors(found) == []
    return found


def fits(error, expected):
    return {name: error.get(name) for name in expected} == expected


@pytest.mark.parametrize("what", WRONG_X12)
@pytest.mark.parametrize("code", ["997", "999"])
def test_the_place_of_an_error_reaches_the_sender_of_x12(what, code):
    """E5: exact segment, element and code, there and back."""
    segments, expected = WRONG_X12[what]
    (interchange,) = read_interchanges(x12(*segments, version="005010" if code == "999" else "004010"))
    found = travel(acknowledge_group(interchange.groups[0], judge(interchange), code))
    assert found["status"] == "rejected" and found["group"]["control_number"] == "1"
    (transaction,) = found["transactions"]
    assert (transaction["status"], transaction["codes"]) == ("rejected", ["5"])
    assert any(fits(error, expected) for error in transaction["errors"]), transaction["errors"]


@pytest.mark.parametrize("what", WRONG_EDIFACT)
def test_the_place_of_an_error_reaches_the_sender_of_edifact(what):
    """E5: UCS counts UNH as 1, UCD the tag as 1."""
    segments, expected = WRONG_EDIFACT[what]
    (interchange,) = read_interchanges(edifact(*segments))
    found = travel(acknowledge_interchange(interchange, judge(interchange)), EDIFACT_DEFAULT)
    assert found["interchange"] == {"control_number": "7", "sender": "BUYER", "receiver": "SELLER"}
    (message,) = found["transactions"]
    assert message["status"] == "rejected" and message["code"] == "ORDERS"
    # A missing segment is told at the place where it should have been.
    assert any(fits(error, expected | {"segment": error["segment"]}) for error in message["errors"])


def test_a_group_partly_accepted():
    """E5: P, with the number that was accepted."""
    data = x12(BEG, PO1).replace(b"GE*1*1", b"ST*850*0002~BEG*00*SA~SE*4*0002~GE*2*1")
    (interchange,) = read_interchanges(data)
    outgoing = acknowledge_group(interchange.groups[0], judge(interchange))
    assert outgoing.segments[-1].parts == ["AK9", "P", "2", "2", "1"]
    found = travel(outgoing)
    assert [one["status"] for one in found["transactions"]] == ["accepted", "rejected"]
    assert "4" in found["transactions"][1]["codes"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [(b"GE*1*1", b"GE*2*1", "5"), (b"GE*1*1", b"GE*1*2", "4"), (b"GE*1*1~", b"", "3")],
)
def test_a_wrong_group_is_refused_as_a_whole(old, new, code):
    """E5: AK905."""
    (interchange,) = read_interchanges(x12(BEG, PO1).replace(old, new))
    last = acknowledge_group(interchange.groups[0], judge(interchange)).segments[-1]
    assert last.get(1) == "R" and last.get(4) == "0" and last.get(5) == code


def test_a_wrong_interchange_is_refused_as_a_whole():
    """E5: UCI says 4, with the code and the segment; no message in it is accepted."""
    (interchange,) = read_interchanges(
        edifact("BGM+220+P1+9", "DTM+137:20260302:102").replace(b"UNZ+1+7", b"UNZ+2+7")
    )
    found = travel(acknowledge_interchange(interchange, judge(interchange)), EDIFACT_DEFAULT)
    assert found["status"] == "rejected" and found["codes"] == ["29"] and found["errors"][0]["tag"] == "UNZ"
    assert [one["status"] for one in found["transactions"]] == ["rejected"]


WRONG_INTERCHANGES = {
    "another number": (b"IEA*1*000000007", b"IEA*1*000000008", "001"),
    "a wrong count": (b"IEA*1*", b"IEA*2*", "021"),
    "a transaction outside of a group": (b"IEA*1*", b"ST*850*0001~SE*2*0001~IEA*1*", "022"),
    "a segment between envelopes": (b"IEA*1*", b"BEG*00~IEA*1*", "022"),
}


@pytest.mark.parametrize("what", WRONG_INTERCHANGES)
@pytest.mark.parametrize(("code", "version", "tag"), [("997", "004010", "AK5"), ("999", "005010", "IK5")])
def test_a_wrong_interchange_of_x12_is_refused_as_a_whole(what, code, version, tag):
    """E5: TA1 says R and why, and no group or transaction in it is accepted."""
    old, new, note = WRONG_INTERCHANGES[what]
    (interchange,) = read_interchanges(x12(BEG, PO1, version=version).replace(old, new))
    (told,) = acknowledge_envelope(interchange).segments
    assert told.parts == ["TA1", "000000007", "260615", "1200", "R", note]
    judged = judge(interchange)
    segments = acknowledge_group(interchange.groups[0], judged[:1], code).segments
    assert [segment.parts for segment in segments[-2:]] == [[tag, "R"], ["AK9", "R", "1", "1", "0"]]


def test_what_stands_outside_of_a_group_is_acknowledged_with_the_interchange():
    """E5: 997 and 999 name a group; without one there is nothing they can name."""
    data = x12(BEG, PO1)
    data = data.replace(data[data.index(b"GS*") : data.index(b"ST*")], b"").replace(b"GE*1*1~IEA*1", b"IEA*0")
    (interchange,) = read_interchanges(data)
    assert acknowledge_group(interchange.groups[0], judge(interchange)) is None
    assert acknowledge_envelope(interchange).segments[0].parts[-2:] == ["R", "022"]


def test_the_interchange_is_acknowledged_on_request():
    """E5: ISA14 asks for it; nobody acknowledges an acknowledgement."""
    asked = ISA.replace("*0*T", "*1*T")
    assert acknowledge_envelope(read_interchanges(x12(BEG, PO1))[0]) is None
    told = acknowledge_envelope(read_interchanges(x12(BEG, PO1, isa=asked))[0])
    assert told.segments[0].parts == ["TA1", "000000007", "260615", "1200", "A", "000"]
    answer = x12("AK1*PO*1", "AK9*A*1*1*1", code="997", group="FA", isa=asked)
    assert acknowledge_envelope(read_interchanges(answer)[0]) is None


def test_the_acknowledgement_of_an_interchange_stands_beside_the_groups():
    """E5: TA1 follows ISA, is in no group and is not counted; it also goes alone."""
    asked = ISA.replace("*0*T", "*1*T")
    (interchange,) = read_interchanges(x12(BEG, PO1, isa=asked))
    group = acknowledge_group(interchange.groups[0], judge(interchange))
    told = acknowledge_envelope(interchange)
    envelope = Envelope(Address("SELLER", "ZZ"), Address("BUYER", "ZZ"), 1, 1, NOW)
    for transactions, tags in (([group, told], ["FA"]), ([told], [])):
        (sent,) = read_interchanges(build_interchange(envelope, transactions, X12_DEFAULT))
        assert not sent.issues and sent.version == "00401"
        assert [segment.tag for segment in sent.beside] == ["TA1"] and sent.beside[0].number == 2
        assert [one.functional_code for one in sent.groups] == tags


def test_what_is_well_is_accepted_and_warnings_are_told_on_demand():
    """E5: A, or E where the partner wants to hear of warnings."""
    (interchange,) = read_interchanges(x12(BEG, "PO1*1*12*XX"))
    group, judged = interchange.groups[0], judge(interchange)
    assert [segment.tag for segment in acknowledge_group(group, judged).segments] == [
        "AK1",
        "AK2",
        "AK5",
        "AK9",
    ]
    told = travel(acknowledge_group(group, judged, tell_warnings=True))
    assert told["status"] == "accepted_with_errors"
    assert told["transactions"][0]["errors"][0] == {
        "segment": 3, "tag": "PO1", "element": 3, "code": "7", "value": "XX", "reason": "Invalid code",
    }  # fmt: skip


def test_many_warnings_hide_no_error():
    """E5: a document with more warnings than are told is refused for the error behind them."""
    lines = [f"PO1*{number}*12*XX" for number in range(1, 300)]
    (interchange,) = read_interchanges(x12(BEG, *lines, "PO1*300*1A*EA"))
    found = travel(acknowledge_group(interchange.groups[0], judge(interchange)))
    assert found["status"] == "rejected"
    (error,) = found["transactions"][0]["errors"]
    assert fits(error, {"segment": 302, "tag": "PO1", "element": 2, "code": "6"})


def test_a_group_of_edifact_is_acknowledged_with_its_messages():
    """E5: UCF."""
    data = edifact("BGM+220+P1+9", "DTM+137:20260302:102")
    data = data.replace(b"UNH+1", b"UNG+ORDERS+A+B+260615:1200+G1+UN+D:96A'UNH+1").replace(
        b"UNZ", b"UNE+1+G1'UNZ"
    )
    (interchange,) = read_interchanges(data)
    outgoing = acknowledge_interchange(interchange, judge(interchange))
    assert [segment.tag for segment in outgoing.segments] == ["UCI", "UCF", "UCM"]


def test_bad_data_in_an_acknowledgement_is_scrubbed():
    """E5: what is repeated must not break the acknowledgement itself."""
    transaction = first(x12(BEG, PO1))
    place = Position(segment=4, tag="BEG", element=3, in_transaction=2)
    issue = Issue("invalid_code", "wrong", place, value="a*b~c" * 50)
    found = travel(acknowledge_group(transaction.group, [Judged(transaction, [issue])]))
    assert found["transactions"][0]["errors"][0]["value"].startswith("a b c")
    assert len(found["transactions"][0]["errors"][0]["value"]) <= 99


def test_a_published_999_is_read_with_its_places():
    """E5: IK3 and IK4, with loop and component."""
    found = read_acknowledgement(first(sample("999/cosyte+x12__ack_999-accept-with-errors.edi")))
    assert found["status"] == "accepted_with_errors"
    (error,) = found["transactions"][0]["errors"]
    assert fits(
        error, {"tag": "NM1", "segment": 8, "loop": "2010BA", "element": 1, "component": 2, "code": "7"}
    )


def test_a_published_997_is_read():
    """E5: one accepted, one refused."""
    found = read_acknowledgement(first(sample("997/chapdad031167+EDI-Map-Check__source_997_baseline.edi")))
    assert found["group"] == {"functional_code": "PO", "control_number": "1044"}
    assert [one["status"] for one in found["transactions"]] == ["accepted", "rejected"]
    assert (found["included"], found["accepted"]) == (2, 1)


def test_what_is_no_acknowledgement_is_refused():
    """E5: neither another document nor one that names nothing."""
    with pytest.raises(EdiError) as refused:
        read_acknowledgement(first(x12(BEG, PO1)))
    assert refused.value.code == "not_an_acknowledgement"
    for segments in (["AK9*A*1*1*1"], ["AK1*PO*1"]):
        with pytest.raises(EdiError) as refused:
            read_acknowledgement(first(x12(*segments, code="997", group="FA")))
        assert refused.value.code == "bad_acknowledgement"


def test_a_contrl_that_does_not_name_a_message_is_refused():
    """E5: UCM without the reference of the message it is about."""
    with pytest.raises(EdiError, match="UCM") as refused:
        read_acknowledgement(first(edifact("UCI+7+A+B+7", "UCM++ORDERS:D:96A:UN+4+13", code="CONTRL")))
    assert refused.value.code == "bad_acknowledgement"


def test_issues_have_places_in_bytes():
    """E5, E9: an error can be marked in the raw document."""
    data = x12("BEG*00*SA*P1**20261301", PO1)
    (issue,) = read(data).issues
    assert data[issue.position.offset : issue.position.end] == b"20261301"
    assert str(issue.position) == "segment 4 (BEG05)" and issue.to_dict()["position"]["in_transaction"] == 2
    data = edifact("BGM+220+P?'1+9", "DTM+137:20261301:102")
    (issue,) = read(data).issues
    assert data[issue.position.offset : issue.position.end] == b"20261301"


@pytest.mark.parametrize(("code", "version", "told"), [("997", "004010", "6"), ("999", "005010", "18")])
def test_a_transaction_in_the_group_of_another(code, version, told):
    """E5: GS01 belongs to ST01; the partner is told that it does not, by the code that the version has for it."""
    (interchange,) = read_interchanges(x12(BEG, PO1, group="IN", version=version))
    judged = judge(interchange)
    (issue,) = [issue for issue in judged[0].issues if issue.severity == "error"]
    assert issue.code == "wrong_group" and issue.position.tag == "ST"
    segments = acknowledge_group(interchange.groups[0], judged, code).segments
    assert [segment.parts[1:] for segment in segments[-2:]] == [["R", told], ["R", "1", "1", "0"]]


def test_an_acknowledgement_in_the_group_of_another():
    """E5: what is no acknowledgement's group settles nothing."""
    with pytest.raises(EdiError, match="belongs to a group FA"):
        read_acknowledgement(first(x12("AK1*PO*1", "AK9*A*1*1*1", code="997")))
