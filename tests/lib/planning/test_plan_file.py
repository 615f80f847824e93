"""P2: files of plans, faults named by line and field."""

import hashlib
import io
import json

import pytest
from dist_integration_planning.lib import plan_file
from dist_integration_planning.lib.plan_file import Reader
from hypothesis import given
from hypothesis import strategies as st

HEAD = "sku,warehouse,bucket_start,unit,baseline,uplift\n"
ROW = {"sku": "TAPE", "warehouse": "WH", "bucket_start": "2026-03-02", "unit": "Units", "baseline": 5}


def read(content, kind, names=None):
    content = content if isinstance(content, bytes) else content.encode()
    reader = Reader(io.BufferedReader(io.BytesIO(content)), "plan", kind, names)
    rows = [(found, row) for found, part in reader.read_parts() for row in part]
    return rows, reader.faults


def test_csv_and_json_lines_are_read_alike():
    """P2: both formats come to the same rows, with their line numbers."""
    from_csv, faults = read(HEAD + "TAPE,WH,2026-03-02,Units,5,\n", "forecast")
    assert not faults
    from_json, faults = read(json.dumps(ROW), "forecast")
    assert not faults
    assert from_csv[0][1][1:] == from_json[0][1][1:]
    assert (from_csv[0][1][0], from_json[0][1][0]) == (2, 1)
    assert from_csv[0][1][7:9] == [5.0, None]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf"])
def test_json_lines_without_a_row(content):
    """P2: nothing in a file is no row where it is said to be JSON lines; a CSV file has its first line at least."""
    for said_json, codes in ((True, []), (False, {"unreadable", "column_missing"})):
        stream = io.BufferedReader(io.BytesIO(content))
        reader = Reader(stream, "plan", "alert", said_json=said_json)
        assert list(reader.read_parts()) == []
        assert {fault.code for fault in reader.faults} <= set(codes)
        assert bool(reader.faults) != said_json


def test_all_kinds_in_one_file():
    """P2: rows of all kinds come in one file, behind the manifest."""
    lines = [
        {"record": "manifest", "plan": "R1"},
        {"record": "forecast", **ROW},
        {"record": "alert", "sku": "TAPE", "code": "late", "text": "Ends in June"},
    ]
    rows, faults = read("\n".join(json.dumps(line) for line in lines), "plan")
    assert not faults
    assert [(kind, row[0]) for kind, row in rows] == [("forecast", 2), ("alert", 3)]


def test_faults_name_line_field_and_value():
    """P2: what is wrong is named with file, line, field and value; good rows do not hide it."""
    content = (
        HEAD + "TAPE,WH,2026-03-02,Units,5,\nTAPE,WH,02.03.2026,Units,5,\nTAPE,WH,2026-03-02,,x,\nTAPE,WH\n"
    )
    rows, faults = read(content, "forecast")
    assert len(rows) == 1
    assert [(fault.line, fault.field, fault.value, fault.code) for fault in faults] == [
        (3, "bucket_start", "02.03.2026", "invalid_value"),
        (4, "unit", "", "missing_value"),
        (5, "", "", "unreadable"),
    ]
    assert (
        plan_file.describe(faults[0])
        == "plan, line 3, bucket_start: is not a date such as 2026-03-02 (02.03.2026)"
    )


def test_head():
    """P2: a first line without a column, or with one twice, is told; other columns are nobody's business."""
    _rows, faults = read("sku,warehouse,unit,unit,baseline,colour\n", "forecast")
    assert {(fault.field, fault.code) for fault in faults} == {
        ("bucket_start", "column_missing"),
        ("unit", "column_twice"),
    }


def test_other_names():
    """P2: columns are read by the names that the sender gives them."""
    names = {"sku": "Item", "warehouse": "Location", "baseline": "Qty"}
    rows, faults = read(
        "Item;Location;bucket_start;unit;Qty\nTAPE;WH;2026-03-02;Units;7\n", "forecast", names
    )
    assert not faults
    assert rows[0][1][1:3] == ["TAPE", "WH"]


def test_unreadable():
    """P2: what is no JSON, no UTF-8 or of no kind is told by its line."""
    for content, kind, line in (
        (b'{"record": "alert"', "plan", 1),
        (b'{"record": "weather"}', "plan", 1),
        (HEAD.encode() + b"\xff\xfe,WH,2026-03-02,Units,5,\n", "forecast", 2),
        (b"sku,text\n", "plan", 1),
    ):
        rows, faults = read(content, kind)
        assert not rows
        assert faults[0].line == line


def test_numbers():
    """P2: not everything that Python takes for a number is one."""
    for value in ("nan", "inf", "1e13", "1_000", "five", "1,5", True):
        _rows, faults = read(json.dumps({**ROW, "baseline": value}), "forecast")
        assert faults[0].field == "baseline", value


def test_many_faults_end_the_reading():
    """P2: the list of faults is bounded."""
    _rows, faults = read(HEAD + "TAPE,WH,x,Units,5,\n" * 500, "forecast")
    assert len(faults) == plan_file.MAX_FAULTS


def test_manifest():
    """P2: the first line says what the file holds, checked over the bytes behind it."""
    rows = json.dumps({"record": "forecast", **ROW}).encode() + b"\n"
    stream = io.BufferedReader(io.BytesIO(b'{"record": "manifest", "plan": "R1"}\n' + rows))
    assert plan_file.read_manifest(stream)["plan"] == "R1"
    assert plan_file.hash_rows(stream) == hashlib.sha256(rows).hexdigest()
    assert plan_file.read_manifest(io.BufferedReader(io.BytesIO(rows))) is None
    assert plan_file.read_manifest(io.BufferedReader(io.BytesIO(b"[" * 100_000))) is None


def test_moment():
    assert str(plan_file.read_moment("2026-03-02T02:00:00+01:00")) == "2026-03-02 01:00:00"
    assert plan_file.read_moment("2026-03-02T02:00:00") is None
    assert plan_file.read_moment(None) is None
    assert plan_file.read_moment("0001-01-01T00:00:00+14:00") is None
    assert plan_file.read_moment("9999-12-31T23:59:59-12:00") is None


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "2026-W49-1", "2026-13-01", "02.03.2026"])
def test_days_are_days_of_this_century(text):
    """P2: a day that nobody plans for is a mistake of the sender."""
    assert plan_file.read_day(text) is None
    assert str(plan_file.read_day("2026-03-02")) == "2026-03-02"


@pytest.mark.parametrize(
    "content, line, message",
    [
        (b"", 0, "The file is empty."),
        (HEAD.encode("utf-16"), 1, "is not in UTF-8"),
        (HEAD.encode("utf-16-le"), 1, "is not in UTF-8"),
        (
            (HEAD + "TAPE,WH,2026-03-02,Units,5,\n").replace("\n", "\r").encode(),
            1,
            "Lines end with a line feed",
        ),
    ],
)
def test_head_that_cannot_be_read(content, line, message):
    """P2: what is wrong with a whole file is told once, in words."""
    rows, faults = read(content, "forecast")
    assert not rows
    assert [fault.line for fault in faults] == [line]
    assert faults[0].message.startswith(message)


@pytest.mark.parametrize(
    "row, field",
    [
        ({**ROW, "sku": "A\0B"}, "sku"),
        ({**ROW, "sku": "\ud800"}, "sku"),
        ({**ROW, "record": []}, "record"),
        ({**ROW, "record": {}}, "record"),
        ({"record": "parameter", **ROW, "explanation": {"a": "\0"}}, "explanation"),
        ({"record": "parameter", **ROW, "explanation": "\ud800"}, "explanation"),
    ],
)
def test_what_no_database_takes_is_named(row, field):
    """P2: the fault can be stored, whatever the value was."""
    rows, faults = read(json.dumps({"record": "forecast", **row}), "plan")
    assert not rows
    assert [fault.field for fault in faults] == [field]
    assert faults[0].value.encode() and "\0" not in faults[0].value


def test_a_value_twice():
    """P2, M5: a row that says a value twice is refused, whichever was meant; so is one that is no number in JSON."""
    text = json.dumps(ROW)[:-1] + ', "baseline": 99999}'
    rows, faults = read(text, "forecast")
    assert not rows
    assert faults[0][1:] == (1, "", "", "unreadable", "baseline is there more than once")
    row = {"sku": "TAPE", "warehouse": "WH", "unit": "Units", "explanation": {"error": float("nan")}}
    rows, faults = read(json.dumps(row), "parameter")
    assert not rows
    assert (faults[0].field, faults[0].message) == ("explanation", "is not JSON")


def test_checksum():
    """P2: the same files are the same plan in whichever order they came."""
    parts = [("forecast", "a"), ("proposal", "b")]
    assert plan_file.checksum(parts) == plan_file.checksum(parts[::-1]) != plan_file.checksum(parts[:1])


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_line_is_read_or_told(values):
    """P2: whatever stands in a file, it is read or named; nothing else happens."""
    text = plan_file.to_csv([values]).getvalue()
    rows, faults = read(HEAD + text, "forecast")
    assert len(rows) <= 1 or not faults
