"""Tokenizer and serializer: any tree comes back, any bytes end in a document or a clean error, in bounded memory."""

import io
import time
import tracemalloc
from dataclasses import replace

import pytest
from dist_integration_edi.lib import tokenizer
from dist_integration_edi.lib.errors import EdiError, EdiSyntaxError
from dist_integration_edi.lib.interchange import iterate_transactions, read_interchanges
from dist_integration_edi.lib.segment import Segment
from dist_integration_edi.lib.separators import EDIFACT_DEFAULT, X12_DEFAULT, detect
from dist_integration_edi.lib.serializer import serialize
from dist_integration_edi.lib.tokenizer import Tokenizer
from edi_kit import ISA, codes, edifact, sample, sample_names, x12
from hypothesis import example, given, settings
from hypothesis import strategies as st

TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cs", "Cc"]), max_size=12
)
TAG = st.from_regex(r"[B-HJ-T][A-Z0-9]{1,2}", fullmatch=True).filter(
    lambda tag: tag not in ("SE", "GE", "GS", "ST")
)
V4 = replace(EDIFACT_DEFAULT, repetition="*", codec="utf-8")


def trees(text, repetition):
    """Segments as a tokenizer gives them: one component is a text, one repetition no tuple."""
    composite = st.lists(text, min_size=2, max_size=4)
    element = st.one_of(text, composite)
    if repetition:
        element = st.one_of(element, st.lists(element, min_size=2, max_size=3).map(tuple))
    segment = st.tuples(TAG, st.lists(element, max_size=6)).map(lambda parts: Segment([parts[0], *parts[1]]))
    return st.lists(segment, max_size=8)


def without(marks):
    return TEXT.map(lambda value: "".join(character for character in value if character not in marks))


@given(trees(TEXT, repetition=True))
def test_any_tree_of_edifact_comes_back(segments):
    """E1: released characters, repetitions, empty components at the end."""
    head, tail = (
        Segment(["UNB", ["UNOY", "4"], "A", "B", ["20260615", "1200"], "7"]),
        Segment(["UNZ", "0", "7"]),
    )
    data = serialize([head, *segments, tail], V4)
    assert [segment.parts for segment in Tokenizer(data)] == [
        segment.parts for segment in [head, *segments, tail]
    ]


@given(trees(without("*>~^"), repetition=True), st.sampled_from(["", "\n", "\r\n"]))
def test_any_tree_of_x12_comes_back(segments, suffix):
    """E1: whatever line break stands behind the terminator."""
    separators = replace(X12_DEFAULT, repetition="^", suffix=suffix)
    head = Segment(ISA.replace("*U*00401*", "*^*00501*")[:-1].split("*"))
    tail = Segment(["IEA", "0", "000000007"])
    data = serialize([head, *segments, tail], separators)
    found = list(Tokenizer(data))
    assert [segment.parts for segment in found] == [segment.parts for segment in [head, *segments, tail]]
    # and from what was read, byte for byte
    assert serialize(found, separators) == data


MARKS = b"ISA*UNBUNA:+.?'~\n^>0123456789GSTHEZ \x1c\xef\xbb\xbf\xff"


@settings(max_examples=400)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.lists(st.sampled_from([bytes([byte]) for byte in MARKS]), max_size=300).map(b"".join),
        st.lists(
            st.sampled_from(
                [
                    b"UNA:+.? '",
                    b"UNB+UNOC:3+A+B+1:1+7'",
                    b"UNH+1+ORDERS:D:96A:UN'",
                    b"UNT+2+1'",
                    b"UNZ+1+7'",
                    b"?",
                    b"'",
                    b"UNG+1'",
                    ISA.encode(),
                    b"GS*PO*A*B*1*1*1*X*004010~",
                    b"ST*850*1~",
                    b"SE*2*1~",
                    b"GE*1*1~",
                    b"IEA*1*7~",
                    b"~",
                    b"\r\n",
                    b"UNE+1+1'",
                    b"IEA~",
                    b"UNZ'",
                    b"LIN:1+2'",
                ]
            ),
            max_size=20,
        ).map(b"".join),
    )
)
@example(b"UNA:+.? ?UNB+UNOA:1'")
@example(ISA.encode() + b"IEA~" * 5)
def test_any_bytes_are_read_or_refused(data):
    """E1: never another exception."""
    try:
        read_interchanges(data)
    except EdiError as error:
        assert error.code and error.detail


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_document_is_read_or_refused(data):
    """E1: bytes changed, cut or doubled."""
    whole = bytearray(data.draw(st.sampled_from([edifact("BGM+220+P?'1+9"), x12("BEG*00*SA*P1**20260302")])))
    for _change in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(whole) - 1))
        whole[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not whole:
            break
    try:
        read_interchanges(bytes(whole))
    except EdiError as error:
        assert error.code


class Slowly(io.RawIOBase):
    """A file that gives a few bytes at a time."""

    def __init__(self, data, step):
        self._data, self._step = io.BytesIO(data), step

    def read(self, size=-1):
        return self._data.read(self._step)


@pytest.mark.parametrize("step", [1, 2, 7, 100])
@pytest.mark.parametrize("name", sample_names()[::5])
def test_blocks_make_no_difference(name, step):
    """E1: the same segments whatever comes in at once."""
    data = sample(name)
    try:
        expected = [(segment.parts, segment.offset) for segment in Tokenizer(data)]
    except EdiError as error:
        with pytest.raises(EdiError) as refused:
            list(Tokenizer(Slowly(data, step)))
        assert refused.value.code == error.code
        return
    assert [(segment.parts, segment.offset) for segment in Tokenizer(Slowly(data, step))] == expected


@pytest.mark.parametrize("name", sample_names())
def test_offsets_are_those_of_the_file(name):
    """E1: each segment stands where it says, byte for byte."""
    data = sample(name)
    reader = Tokenizer(data)
    try:
        for segment in reader:
            raw = segment.raw(reader.separators)
            assert data[segment.offset : segment.offset + len(raw)] == raw
    except EdiError:
        pass


class Endless(io.RawIOBase):
    """A file with very many transactions, made while it is read."""

    def __init__(self, head, body, count, tail):
        self._parts = self._make(head, body, count, tail)

    @staticmethod
    def _make(head, body, count, tail):
        yield head
        for number in range(1, count + 1):
            yield body.replace(b"NUMBER", str(number).encode())
        yield tail

    def read(self, size=-1):
        return next(self._parts, b"")


LINE_X12 = b"PO1*1*12*EA*8.5**UP*614141007349~" * 50
LINE_EDIFACT = b"FTX+AAI+++what?'s this??'" * 50
LARGE = {
    "X12": (
        ISA.encode() + b"GS*PO*A*B*20260615*1200*1*X*004010~",
        b"ST*850*NUMBER~" + LINE_X12 + b"SE*52*NUMBER~",
        b"GE*COUNT*1~IEA*1*000000007~",
    ),
    "EDIFACT": (
        b"UNA:+.? 'UNB+UNOC:3+A+B+260615:1200+7'",
        b"UNH+NUMBER+ORDERS:D:96A:UN'" + LINE_EDIFACT + b"UNT+52+NUMBER'",
        b"UNZ+COUNT+7'",
    ),
}


@pytest.mark.parametrize("standard", LARGE)
def test_memory_is_bounded_by_a_transaction(standard):
    """E1: ten times the file, the same memory."""
    head, body, tail = LARGE[standard]

    def peak(count):
        tracemalloc.start()
        source = Endless(head, body, count, tail.replace(b"COUNT", str(count).encode()))
        found = sum(1 for transaction in iterate_transactions(source) if transaction.is_valid)
        assert found == count
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)
    assert peak(600) < 2 * peak(60) + 500_000


@pytest.mark.parametrize(
    "data",
    [
        ISA.encode() + b"A" * 1_000_000,
        b"UNA:+.? 'UNB+UNOC:3+A+B+1:1+7'" + b"?'" * 500_000,
        b"UNA:+.? 'UNB+UNOC:3+A+B+1:1+7'" + b"?" * 1_000_000,
        b"UNB+" * 200_000,
        b"UNB+UNOC:3+A+B+1:1+7'" + b"XUNZ+'" * 100_000,
        b"UNB+UNOC:3+A+B+1:1+7'UNZ+0+7'" * 15_000,
        b"UNA:+.? 'UNB+UNOC:3+A?'A+B+1:1+7'UNZ+0+7'\n" * 15_000,
        (ISA.encode() + b"IEA*0*000000007~") * 6_000,
        b" " * 1_000_000,
    ],
    ids=[
        "one segment",
        "released",
        "release characters",
        "headers",
        "trailers in data",
        "interchanges",
        "with UNA",
        "of X12",
        "blanks",
    ],
)
def test_hostile_files_cost_time_in_proportion(data):
    """E1: four times as much of anything costs about four times as much; quadratic would be sixteen times."""
    part, whole = _cost(data[: len(data) // 4]), _cost(data)
    assert whole < 10 * part + 0.5


def _cost(data):
    """Return the processor's seconds that reading takes, whatever it comes to."""
    started = time.process_time()
    try:
        read_interchanges(data)
    except EdiError as error:
        assert error.code
    return time.process_time() - started


def test_a_segment_without_end_is_refused_early(monkeypatch):
    """E1: a limit, with its words."""
    monkeypatch.setattr(tokenizer, "MAX_SEGMENT", 1000)
    with pytest.raises(EdiSyntaxError) as refused:
        read_interchanges(x12("MSG*" + "A" * 100_000))
    assert refused.value.code == "segment_too_long"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\x00\r\n", "empty"),
        (b"hello", "not_edi"),
        ("UNB+".encode("utf-16"), "not_edi"),
        (b"ISA*00", "bad_header"),
        (ISA.replace("*", "A").encode(), "bad_separators"),
        (ISA.replace(">", "*").encode(), "bad_separators"),
        (b"UNA::.? 'UNB:UNOA", "bad_separators"),
        (b"UNA:+.? 'UNH+1'", "not_edi"),
        (b"UNA:+", "truncated"),
        (x12("BEG*00") + b"rubbish", "not_edi"),
        (b"UNB|UNOA", "bad_header"),
        (x12("BEG*00*P\0"), "control_character"),
    ],
)
def test_what_is_wrong_with_the_form_is_named(data, code):
    """E1: code, place and a sentence."""
    with pytest.raises(EdiSyntaxError) as refused:
        read_interchanges(data)
    assert refused.value.code == code
    assert refused.value.detail.endswith(".")


def test_a_byte_of_zero_is_named_with_its_place():
    """E1: segment, element and byte."""
    data = x12("BEG*00*NE*P\0*20260101")
    with pytest.raises(EdiSyntaxError) as refused:
        read_interchanges(data)
    position = refused.value.position
    assert (position.tag, position.element, position.offset) == ("BEG", 3, data.index(b"\0"))
    assert position.segment == data[: data.index(b"\0")].count(b"~") + 1


@pytest.mark.parametrize(
    ("una", "unb", "repetition", "parts"),
    [
        ("UNA:+.?*'", "UNB+UNOC:3+A+B+260615:1200+7'", "", "a*b"),
        ("UNA:+.?*'", "UNB+UNOC:4+A+B+20260615:1200+7'", "*", ("a", "b")),
        ("UNA:+.? '", "UNB+UNOC:4+A+B+20260615:1200+7'", "", "a*b"),
        ("", "UNB+UNOC:4+A+B+20260615:1200+7'", "*", ("a", "b")),
        ("", "UNB+UNOA:2+A+B+260615:1200+7'", "", "a*b"),
    ],
)
def test_repetition_of_edifact(una, unb, repetition, parts):
    """E1: from syntax version 4 on; before, the character of UNA is reserved."""
    (interchange,) = read_interchanges(edifact("XYZ+a*b", una=una, unb=unb))
    assert interchange.separators.repetition == repetition
    assert interchange.transactions[0].body[0].parts[1] == parts


def test_a_lost_terminator_at_the_end_is_told():
    """E1: the trailer is whole, so is the interchange."""
    (interchange,) = read_interchanges(x12("BEG*00*SA*P1**20260302").removesuffix(b"~"))
    assert codes(interchange.issues) == ["missing_terminator"]
    assert interchange.trailer.parts == ["IEA", "1", "000000007"]


def test_separators_say_where_they_were_found():
    """E1: a suffix of the terminator is kept for what goes back."""
    found = detect(ISA + "\r\nGS*").separators
    assert (found.element, found.component, found.terminator, found.suffix) == ("*", ">", "~", "\r\n")
    assert set(found.to_dict()) >= {"standard", "element", "component", "terminator", "repetition", "release"}
