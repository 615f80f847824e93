"""P1, P2: a platform's file is read by what a mapping says of it, and its mistakes are named by line."""

import csv
import io

import pytest
from dist_integration_planning.lib.plan_file import Reader
from dist_integration_planning.lib.translation import (
    ColumnRule,
    FileRule,
    TranslatedFile,
    TranslationError,
    check_argument,
    check_words,
)

COLUMNS = [
    ColumnRule("sku", "Id", conversion="part", argument="/1", required=True),
    ColumnRule("warehouse", "Id", conversion="part", argument="/2"),
    ColumnRule("kind", constant="purchase"),
    ColumnRule("quantity", "Qty", conversion="decimal_comma"),
    ColumnRule("date_planned", "Due", conversion="date", argument="DD.MM.YYYY"),
    ColumnRule("unit", "Id", conversion="item_unit", argument="/1", words={"TAPE": "Units"}),
    ColumnRule("key", "Id + Due"),
]


def read(text, **rule):
    stream = io.BytesIO(text.encode() if isinstance(text, str) else text)
    translated = TranslatedFile(stream, FileRule(**{"columns": COLUMNS, **rule}))
    return list(csv.DictReader(io.TextIOWrapper(io.BufferedReader(translated), newline="")))


def test_columns_are_renamed_and_values_converted():
    rows = read("Id;Qty;Due\nTAPE/WH;12,5;01.03.2026\nX/WH;3;\n", delimiter=";")
    assert rows[0] == {
        "sku": "TAPE",
        "warehouse": "WH",
        "kind": "purchase",
        "quantity": "12.5",
        "date_planned": "2026-03-01",
        "unit": "Units",
        "key": "TAPE/WH/01.03.2026",
    }
    assert (rows[1]["unit"], rows[1]["date_planned"], rows[1]["key"]) == ("?", "", "X/WH")


def test_an_item_whose_number_holds_the_sign():
    """P2: an Id made of item and warehouse is taken apart from its end: numbers of items hold slashes."""
    columns = [
        ColumnRule("sku", "Id", conversion="part", argument="/-2"),
        ColumnRule("warehouse", "Id", conversion="part", argument="/-1"),
        ColumnRule("unit", "Id", conversion="item_unit", argument="/-2", words={"BOLT/8": "Units"}),
    ]
    rows = read("Id\nBOLT/8/WH\nTAPE/WH\n", columns=columns)
    assert [tuple(row.values()) for row in rows] == [("BOLT/8", "WH", "Units"), ("TAPE", "WH", "?")]
    with pytest.raises(TranslationError, match="no part"):
        read("Id\nTAPE\n", columns=columns)


def test_a_file_without_names_goes_by_position():
    rows = read('TAPE/WH,"3",01.03.2026\n', positions=("Id", "Qty", "Due"))
    assert [row["sku"] for row in rows] == ["TAPE"]


def test_json_lines():
    rows = read('{"Id": "TAPE/WH", "Qty": "3", "Due": null}\n\n', content="jsonl")
    assert [(row["sku"], row["quantity"]) for row in rows] == [("TAPE", "3")]


ALERT = [
    COLUMNS[0],
    ColumnRule("code", constant="late"),
    ColumnRule("text", constant="Late."),
    ColumnRule("date", "Due"),
]


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("Id,Due\n\n\nA/WH,\n\nB/WH,soon\n", {}, 6),
        ('Id,note,Due\nA/WH,"two\nlines",\nB/WH,,soon\n', {}, 4),
        ("A/WH,\n\nB/WH,soon\n", {"positions": ("Id", "Due")}, 3),
        ('\n{"Id": "A/WH"}\n{"Id": "B/WH", "Due": "soon"}\n', {"content": "jsonl"}, 3),
        ("Id,Due,status\nA/WH,,x\n\nB/WH,soon,y\n", {"only_column": "status", "only_values": "y"}, 4),
    ],
)
def test_lines_are_those_of_the_platforms_file(text, rule, line):
    """P2: a mistake that shows only in our words is named by its line in theirs, whatever is empty or left out."""
    rule = FileRule(columns=ALERT, **rule)
    stream = io.BufferedReader(TranslatedFile(io.BytesIO(text.encode()), rule))
    reader = Reader(stream, "x.csv", "alert", added=rule.added)
    assert all(row[0] < line for _kind, rows in reader.read_parts() for row in rows)
    assert [fault.line for fault in reader.faults] == [line]


def test_a_line_that_cannot_be_read_is_named():
    with pytest.raises(TranslationError, match="Line 3"):
        read('Id,Qty,Due\nA/WH,1,\n"A"/WH,1,\n')


def test_rows_are_chosen_and_lines_keep_their_numbers():
    text = "Id,Qty,Due,status\nA/WH,1,,confirmed\nB/WH,2,,proposed\n"
    rule = FileRule(columns=COLUMNS[:1], only_column="status", only_values=("proposed",))
    with io.BufferedReader(TranslatedFile(io.BytesIO(text.encode()), rule)) as found:
        assert found.read() == b"sku\n\nB\n"


CHOSEN = {"columns": COLUMNS[:1], "only_column": "status", "only_values": ("proposed",)}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Id,Qty\nA/WH,1\n", {}),
        ("Id,Status\nA/WH,proposed\n", {}),
        ("A/WH,proposed\n", {"positions": ("Id", "Stand")}),
        ('{"Id": "A/WH", "status": "proposed"}\n{"Id": "B/WH"}\n', {"content": "jsonl"}),
    ],
)
def test_a_file_that_does_not_say_which_rows_count_is_refused(text, rule):
    """P2: otherwise it would say that there is nothing, and all that is open would leave the list."""
    with pytest.raises(TranslationError, match="status"):
        read(text, **CHOSEN, **rule)


def test_rows_are_chosen_in_small_and_capital_letters():
    assert read("Id,status\nA/WH,Proposed\nB/WH,confirmed\n", **CHOSEN) == [{"sku": "A"}]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Id,Qty,Due,Qty\nA/WH,1,,9999\n", {}),
        ("Id,Qty,Due,status,status\nA/WH,1,,proposed,confirmed\n", {"only_column": "status"}),
        ('{"Id": "A/WH", "Qty": "1", "Qty": "9999"}\n', {"content": "jsonl"}),
    ],
)
def test_a_column_that_is_there_twice_is_refused(text, rule):
    """P2: nobody knows which of the two counts; of those that are not read it does not matter."""
    with pytest.raises(TranslationError, match="Qty|status"):
        read(text, **rule)
    assert read("Id,Qty,Due,note,note\nA/WH,1,,x,y\n")[0]["quantity"] == "1"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("Id,Qty,Due\nA/WH,1.5,01.03.2026\n", 2, "Qty"),
        ("Id,Qty,Due\nA/WH,1,01.03.2026\nB,1,01.03.2026\n", 3, "Id"),
        ("Id,Qty,Due\nA/WH,1,2026-03-01\n", 2, "Due"),
    ],
)
def test_mistakes_are_named_by_line_and_column(text, line, column):
    with pytest.raises(TranslationError) as caught:
        read(text)
    assert caught.value.errors[0][:2] == (line, column)


@pytest.mark.parametrize(
    "text",
    [b"Qty,Due\n1,\n", b"Id,Qty,Due\nA/WH,1\n", b"Id,Qty,Due\n\xff/WH,1,\n", b'Id,Qty,Due\n"A/WH,1,\n'],
)
def test_a_file_that_is_none_is_refused(text):
    """No column, another number of values, no UTF-8, no end of a quote."""
    with pytest.raises(TranslationError):
        read(text)


def test_memory_stays_flat():
    """A file of a million rows is read in parts."""
    rule = FileRule(columns=COLUMNS[:1])

    class Endless(io.RawIOBase):
        served = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            part = (b"A/WH,1,\n" * (len(buffer) // 8))[: len(buffer)]
            buffer[: len(part)] = part
            self.served += len(part)
            return len(part)

    endless = Endless()
    stream = io.BufferedReader(endless)
    first = io.BufferedReader(TranslatedFile(io.BufferedReader(_Headed(stream)), rule))
    assert first.read(100_000)
    assert endless.served < 4_000_000


class _Headed(io.RawIOBase):
    """A stream behind a first line."""

    def __init__(self, stream):
        super().__init__()
        self._stream, self._rest = stream, b"Id,Qty,Due\n"

    def readable(self):
        return True

    def readinto(self, buffer):
        part = self._rest or self._stream.read(len(buffer))
        self._rest = b""
        buffer[: len(part)] = part
        return len(part)


def test_words_and_arguments_are_checked():
    assert check_words("confirmed = done\n\n x=y ") == {"confirmed": "done", "x": "y"}
    for text in ("done", "= y", "a = b\na = c"):
        with pytest.raises(ValueError):
            check_words(text)
    for conversion, argument in (
        ("date", "%d"),
        ("flag", "1"),
        ("text_around", "x"),
        ("part", "2"),
        ("part", "/0"),
        ("part", "/-3"),
        ("item_unit", "x"),
    ):
        with pytest.raises(ValueError):
            check_argument(conversion, argument)
    check_argument("item_unit", "")
    check_argument("part", "/-2")
