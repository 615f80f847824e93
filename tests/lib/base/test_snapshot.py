"""X2: snapshots are read as a stream, and mistakes are named by line."""

import csv
import gzip
import io
import json

import pytest
from dist_integration_base.lib import snapshot
from dist_integration_base.lib.snapshot import Column, SnapshotError
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = [
    Column("sku", is_key=True),
    Column("lot", required=False, is_key=True),
    Column("quantity", is_number=True),
]


def stream(content):
    data = content if isinstance(content, bytes) else content.encode()
    return io.BufferedReader(io.BytesIO(data))


def read(content):
    return list(snapshot.read_rows(stream(content), COLUMNS))


def errors(content):
    with pytest.raises(SnapshotError) as caught:
        read(content)
    return dict(caught.value.errors)


def test_csv():
    """Columns in any order, others beside them, quotes, empty lines, a byte order mark."""
    rows = read('\ufeffQuantity;Note;SKU\n 1.5 ;x;A\n\n2;"a;b";"B ""2"""\n')
    assert rows == [(2, ("A", None, "1.5")), (4, ('B "2"', None, "2"))]


def test_json_lines():
    rows = read('{"sku": "A", "quantity": 1.50}\n\n{"sku": "B", "lot": "L", "quantity": "-2", "more": 1}')
    assert rows == [(1, ("A", None, "1.50")), (3, ("B", "L", "-2"))]
    assert snapshot.is_json(stream('\ufeff {"a": 1}')) and not snapshot.is_json(stream("sku,quantity"))


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "1,5", "NaN", "Infinity", "1e12", "-1e12", "1_000", "١", "1 2", "0x10",
        "1e99999999", "-1e99999999", "1e-99999999", "0e99999999", "1e9999999999999999999",
    ],
)  # fmt: skip
def test_not_a_number(text):
    assert list(errors(f"sku;quantity\nA;{text}\n")) == [2]


@pytest.mark.parametrize("text", ["0", "-1.5", "+2", "1e3", ".5", "5.", "999999999999.999999"])
def test_number(text):
    assert read(f"sku,quantity\nA,{text}\n") == [(2, ("A", None, text))]


def test_wrong_rows():
    """Each wrong line is named; reading ends after twenty of them."""
    found = errors("sku,quantity\nA,1\nB\nC,2,3\n,4\n" + "D," * 1 + "\n" + f"{'x' * 501},1\n")
    assert sorted(found) == [3, 4, 5, 6, 7]
    assert len(errors("sku,quantity\n" + "A,x\n" * 100)) == snapshot.MAX_ERRORS
    assert list(
        errors('{"sku": "A"}\n[]\n{"sku": {"a": 1}, "quantity": 1}\nno\n{"sku": true, "quantity": 1}')
    ) == [
        1,
        2,
        3,
        4,
        5,
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"sku": "\\ud800", "quantity": "1"}', "not printable"),
        ('{"sku": "A", "quantity": "\\udfff1"}', "quantity"),
        ('{"sku": "A", "quantity": "1", "quantity": "2"}', "a name stands twice"),
    ],
)
def test_what_json_alone_allows(line, text):
    """Half of a surrogate pair is no text, and of two values none is meant."""
    found = errors('{"sku": "A", "quantity": "1"}\n' + line)
    assert list(found) == [2] and text in found[2]


def test_quoted_line_break():
    """The line after a value of two lines has its own number."""
    assert list(errors('sku,quantity\n"A\nB",1\nC,x\n')) == [4]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "missing: sku, quantity"),
        ("sku\n", "missing: quantity"),
        ("sku,quantity,SKU\n", "more than once: sku"),
        (b"sku,quantity\nA,1\n\xff,1\n", "Line 3: not in UTF-8"),
    ],
)
def test_unusable(content, text):
    with pytest.raises(SnapshotError, match=text):
        read(content)


def test_find_lines():
    content = "sku,lot,quantity\nA,,1\nB,L,1\nA,,2\n"
    found = snapshot.find_lines(stream(content), COLUMNS, {("A", None), ("C", None)})
    assert found == {("A", None): [2, 4]}


def test_rows_of_a_program():
    rows = [{"sku": "A", "quantity": 1}, {"sku": "B", "lot": "L", "quantity": "2.5"}]
    file = io.BufferedReader(snapshot.RowFile(iter(rows)))
    assert snapshot.is_json(file)
    assert [row for _number, row in snapshot.read_rows(file, COLUMNS)] == [
        ("A", None, "1"),
        ("B", "L", "2.5"),
    ]


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), st.text("0123456789"))
    ),
    st.integers(1, 50),
)
def test_copy_stream(rows, size):
    """What the database reads is what the rows held, whatever the size of its blocks."""
    source = snapshot.CopyStream(rows)
    data = b""
    while part := source.read(size):
        assert len(part) <= size
        data += part
    assert [tuple(row) for row in csv.reader(io.StringIO(data.decode(), newline=""))] == rows


def test_copy_stream_keeps_the_error():
    """A driver hides what the rows raised."""
    source = snapshot.CopyStream(
        row for _number, row in snapshot.read_rows(stream("sku,quantity\nA,x\n"), COLUMNS)
    )
    with pytest.raises(SnapshotError):
        source.read(100)
    assert source.error.errors[0][0] == 2


@pytest.mark.parametrize(
    ("content", "found"), [("A,1\n\\.\nB,2\n", True), ("\\.", True), ("A\\.,1\n", False)]
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_end_mark(content, found, size):
    """PostgreSQL would stop reading there without a word."""
    seen = []
    source = snapshot.CheckedStream(io.BytesIO(content.encode()), seen.append)
    while source.read(size):
        pass
    assert source.has_end_mark is found
    assert seen[-1] == len(content)


@given(st.lists(st.dictionaries(st.sampled_from(["sku", "lot"]), st.text(max_size=5))))
def test_any_json(records):
    """Whatever the content, there are rows or named lines."""
    content = "\n".join(json.dumps({"quantity": "1", **record}) for record in records)
    try:
        assert len(read(content)) == len(records) if content else True
    except SnapshotError as error:
        assert all(1 <= number <= len(records) for number, _text in error.errors)


def packed(content, **options):
    return snapshot.open_stream(io.BufferedReader(io.BytesIO(content)), **options)


def test_packed_files_read_as_what_they_hold():
    """W5: gzip is recognised by itself; joined files and padding are read as gzip itself does."""
    content = b"".join(b"line %d\n" % number for number in range(100_000))
    assert packed(content).read() == content
    assert packed(gzip.compress(content)).read() == content
    joined = gzip.compress(content) + b"\0" * 70_000 + gzip.compress(b"end\n")
    assert packed(joined).read() == content + b"end\n"
    assert packed(gzip.compress(b"")).read() == b""


def test_packed_files_are_limited():
    """W5: a bomb is refused after the limit, without having been unpacked."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    unpacked = packed(bomb, limit=1_000_000)
    with pytest.raises(snapshot.SnapshotError, match="too large"):
        while unpacked.read(10_000):
            pass
    assert unpacked.raw._stream.tell() <= 64 * 1024


@pytest.mark.parametrize("end", [-1, -8, -20, 12])
def test_packed_files_that_are_cut_off(end):
    content = gzip.compress(b"".join(b"%d\n" % number for number in range(1000)))
    with pytest.raises(snapshot.SnapshotError, match="cut off"):
        packed(content[:end]).read()


def test_packed_files_that_are_damaged():
    content = bytearray(gzip.compress(b"abc" * 1000))
    content[15] ^= 0xFF
    with pytest.raises(snapshot.SnapshotError, match="damaged|cut off"):
        packed(bytes(content)).read()
    with pytest.raises(snapshot.SnapshotError, match="damaged"):
        packed(gzip.compress(b"abc") + b"rubbish").read()


def test_lines_without_an_end():
    """W5: a file without line ends is refused before it fills the memory, whichever way it is read."""
    head, rest = b"sku,quantity\n", b"x" * 3_000_000
    checked = snapshot.CheckedStream(io.BytesIO(rest))
    with pytest.raises(snapshot.SnapshotError, match="at most"):
        while checked.read(500_000):
            pass
    assert checked.error is not None
    columns = [snapshot.Column("sku"), snapshot.Column("quantity", is_number=True)]
    for content in (head + rest, b'{"sku": "' + rest):
        with pytest.raises(snapshot.SnapshotError, match="at most"):
            list(snapshot.read_rows(io.BufferedReader(io.BytesIO(content)), columns))
