"""Files of a plan: forecasts, parameters, proposals and alerts, read as a stream, faults named by line and field.

A file of one kind is CSV or JSON lines. A file of the kind ``plan`` is JSON lines of all kinds, each with its
``record``; its first line may be the manifest, ``{"record": "manifest", ...}``.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timezone
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"
DAY = re.compile(r"2[01]\d\d-\d\d-\d\d")
DELIMITERS = ",;\t|"
BLOCK = 1024 * 1024
MAX_LINE = 1024 * 1024
MAX_NUMBER = 1e12
CHUNK = 20_000
# more of them help nobody: what is wrong with a hundred rows is wrong with all
MAX_FAULTS = 100
MAX_TEXT = 500
# of a plan's number
MAX_REFERENCE = 64
SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_LONG_TEXT = 20_000


class Column(NamedTuple):
    """A value of each row.

    :ivar kind: ``text``, ``number``, ``date``, ``long`` (a long text) or ``json``
    """

    name: str
    kind: str = "text"
    required: bool = False


COLUMNS = {
    "forecast": (
        Column("sku", required=True),
        Column("warehouse", required=True),
        Column("bucket_start", "date", required=True),
        Column("bucket"),
        Column("calendar"),
        Column("unit", required=True),
        Column("baseline", "number", required=True),
        Column("uplift", "number"),
        Column("low", "number"),
        Column("lower", "number"),
        Column("upper", "number"),
        Column("high", "number"),
    ),
    "parameter": (
        Column("sku", required=True),
        Column("warehouse", required=True),
        Column("unit", required=True),
        Column("safety_stock", "number"),
        Column("reorder_point", "number"),
        Column("maximum", "number"),
        Column("service_level", "number"),
        Column("lead_time_days", "number"),
        Column("explanation", "json"),
    ),
    "proposal": (
        Column("key", required=True),
        Column("kind", required=True),
        Column("sku", required=True),
        Column("warehouse", required=True),
        Column("source_warehouse"),
        Column("supplier"),
        Column("unit", required=True),
        Column("quantity", "number", required=True),
        Column("maximum", "number"),
        Column("date_planned", "date"),
        Column("date_order", "date"),
    ),
    "alert": (
        Column("sku", required=True),
        Column("warehouse"),
        Column("code", required=True),
        Column("severity"),
        Column("text", "long", required=True),
        Column("date", "date"),
    ),
}
KINDS = tuple(COLUMNS)


class Fault(NamedTuple):
    """What is wrong with a plan, and where.

    :ivar file: name of the file; empty for the plan as a whole
    :ivar line: counted from 1; 0 for the file as a whole
    """

    file: str
    line: int
    field: str
    value: str
    code: str
    message: str


def describe(fault: Fault) -> str:
    """Return a fault as one line for a person."""
    place = [fault.file] if fault.file else []
    place += [f"line {fault.line}"] if fault.line else []
    place += [fault.field] if fault.field else []
    value = f" ({fault.value})" if fault.value else ""
    return f"{', '.join(place)}: {fault.message}{value}" if place else f"{fault.message}{value}"


def read_manifest(stream: io.BufferedReader) -> dict | None:
    """Consume the first line of a file when it is the manifest.

    :param stream: the rows, unpacked
    :return: the manifest; None when the first line is something else, which is consumed as well
    """
    line = stream.readline(MAX_LINE).removeprefix(BOM)
    try:
        record = json.loads(line, object_pairs_hook=to_record)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and record.get("record") == "manifest" else None


def is_manifest(manifest: dict) -> bool:
    """Tell whether the manifest of a file of all kinds says what it has to, in a form that can be kept."""
    plan, counts = manifest.get("plan"), manifest.get("counts")
    return (
        isinstance(plan, str)
        and 0 < len(plan) <= MAX_REFERENCE
        and plan == plan.strip()
        and plan.isprintable()
        and bool(SHA256.fullmatch(str(manifest.get("sha256"))))
        and isinstance(counts, dict)
        and all(isinstance(count, int) and name.isprintable() for name, count in counts.items())
    )


class TwiceError(ValueError):
    """An object names a value more than once."""


def to_record(pairs: list[tuple[str, object]]) -> dict:
    """Make an object of its pairs, for json.loads.

    :raises TwiceError: a name is there twice
    """
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _value in pairs]
        raise TwiceError(f"{max(names, key=names.count)} is there more than once")
    return record


def read_moment(text: object) -> datetime | None:
    """Return a moment (UTC, naive) of ISO 8601 with a zone; None where the text is none."""
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        if not moment.tzinfo:
            return None
        return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
    except (ValueError, OverflowError):
        return None


def read_day(text: str) -> date | None:
    """Return the day of a text such as 2026-03-02, in this century or the next; None where it is none."""
    if not DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def is_json(stream: io.BufferedReader, said: bool = False) -> bool:
    """Tell whether a file is JSON lines; nothing is consumed.

    :param said: whether its sender says so, which counts where there is nothing in it
    """
    sign = stream.peek(64).removeprefix(BOM).lstrip()[:1]
    return sign in (b"{", b"[") if sign else said


def hash_rows(stream: io.BufferedReader) -> str:
    """Return the SHA-256 (hexadecimal) of what is left of a stream."""
    found = hashlib.sha256()
    while block := stream.read(BLOCK):
        found.update(block)
    return found.hexdigest()


def checksum(parts: Iterable[tuple[str, str]]) -> str:
    """Return what a plan's rows are recognised by, in whichever order its files came.

    :param parts: (kind, SHA-256 of the unpacked rows) of each file
    """
    return hashlib.sha256("\n".join(" ".join(part) for part in sorted(parts)).encode()).hexdigest()


class Reader:
    """Reads a file of a plan in parts.

    :param stream: the rows, unpacked
    :param name: of the file, for faults
    :param kind: of its rows; ``plan`` for all kinds
    :param names: our column to the name it has in the file, where that differs
    :param added: lines in front that are not the sender's, and are not counted
    :param said_json: as ``said`` of `is_json`
    :ivar faults: list of Fault found so far
    """

    def __init__(
        self,
        stream: io.BufferedReader,
        name: str,
        kind: str,
        names: Mapping[str, str] | None = None,
        added: int = 0,
        said_json: bool = False,
    ) -> None:
        self._stream = stream
        self._name = name
        self._kind = kind
        self._names = names or {}
        self._added = added
        self._said_json = said_json
        self.faults: list[Fault] = []

    def read_parts(self) -> Iterator[tuple[str, list[list]]]:
        """Read part by part: (kind, rows of line number and values in the order of the kind's columns).

        Reading ends with the file or with too many faults.
        """
        parts: dict[str, list[list]] = {kind: [] for kind in KINDS}
        for kind, row in self._read_rows():
            part = parts[kind]
            part.append(row)
            if len(part) >= CHUNK:
                yield kind, part
                parts[kind] = []
            if len(self.faults) >= MAX_FAULTS:
                return
        for kind, part in parts.items():
            if part:
                yield kind, part

    def _read_rows(self) -> Iterator[tuple[str, list]]:
        records = self._read_json() if is_json(self._stream, self._said_json) else self._read_csv()
        for number, record in records:
            kind = self._kind
            if kind == "plan":
                kind = record.get("record")
                if kind == "manifest" and number == 1:
                    continue
                if not isinstance(kind, str) or kind not in COLUMNS:
                    self._add(number, "record", kind, "unknown_record", f"is not one of {', '.join(KINDS)}")
                    continue
            row = self._clean(number, kind, record)
            if row:
                yield kind, row
            elif len(self.faults) >= MAX_FAULTS:
                return

    def _read_json(self) -> Iterator[tuple[int, dict]]:
        number = 0
        while line := self._stream.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                self._add(number, "", "", "line_too_long", f"A line has at most {MAX_LINE:,} bytes.")
                return
            text = line.removeprefix(BOM) if number == 1 else line
            if not text.strip():
                continue
            record, fault = _read_record(text)
            if record is not None:
                yield number, record
            else:
                self._add(number, "", "", "unreadable", fault)
                if len(self.faults) >= MAX_FAULTS:
                    return

    def _read_csv(self) -> Iterator[tuple[int, dict]]:
        if self._kind == "plan":
            self._add(1, "", "", "unreadable", "Rows of all kinds in one file are JSON lines.")
            return
        delimiter, names = self.read_head()
        if self.faults:
            return
        reader = csv.reader(self._read_texts(), delimiter=delimiter, strict=True)
        while True:
            try:
                values = next(reader, None)
            except csv.Error as error:
                self._add(reader.line_num + 1, "", "", "unreadable", str(error))
                return
            if values is None:
                return
            if len(values) == len(names):
                yield reader.line_num + 1, dict(zip(names, values, strict=True))
            elif values:
                message = f"{len(values)} values, but {len(names)} columns"
                self._add(reader.line_num + 1, "", "", "unreadable", message)

    def read_head(self) -> tuple[str, list[str]]:
        """Return the delimiter and the names of the first line of a CSV file, in small letters.

        What the line does not name, or names twice, is noted as a fault, and so is a line that cannot be read.
        """
        line = self._stream.readline(MAX_LINE).removeprefix(BOM)
        fault = _get_fault_of_head(line)
        if fault:
            self._add(1 if line else 0, "", "", "unreadable", fault)
            return ",", []
        text = line.decode().strip("\r\n")
        delimiter = max(DELIMITERS, key=text.count)
        names = [name.strip().lower() for name in next(csv.reader([text], delimiter=delimiter), [])]
        self._check_head(names)
        return delimiter, names

    def _check_head(self, names: list[str]) -> None:
        for column in COLUMNS[self._kind]:
            count = names.count(self.get_name(column))
            if count > 1:
                self._add(1, column.name, "", "column_twice", "is named more than once in the first line")
            elif column.required and not count:
                self._add(1, column.name, "", "column_missing", "is not named in the first line")

    def _read_texts(self) -> Iterator[str]:
        number = 1
        while line := self._stream.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                self._add(number, "", "", "line_too_long", f"A line has at most {MAX_LINE:,} bytes.")
                return
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self._add(number, "", "", "unreadable", "is not in UTF-8")
                return

    def get_name(self, column: Column) -> str:
        """Return what a column is called in the file."""
        return self._names.get(column.name, column.name).lower()

    def _clean(self, number: int, kind: str, record: dict) -> list | None:
        row: list = [number - self._added]
        for column in COLUMNS[kind]:
            value = record.get(self.get_name(column))
            try:
                row.append(clean(value, column))
            except ValueError as error:
                code = "missing_value" if value in (None, "") else "invalid_value"
                self._add(number, column.name, value, code, str(error))
                return None
        return row

    def _add(self, line: int, field: str, value: object, code: str, message: str) -> None:
        shown = "" if value is None else to_printable(str(value)[:100])
        self.faults.append(Fault(self._name, max(line - self._added, 0), field, shown, code, message))


def _read_record(line: bytes) -> tuple[dict | None, str]:
    """Return the object of a line, or what is wrong with it."""
    try:
        record = json.loads(line, object_pairs_hook=to_record)
    except TwiceError as error:
        return None, to_printable(str(error)[:MAX_TEXT])
    except (ValueError, RecursionError):
        record = None
    return record if isinstance(record, dict) else None, "is not a JSON object on a line of its own"


def to_printable(text: str) -> str:
    """Return a text as it can be kept: what no person sees, and no database takes, is a question mark."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def _get_fault_of_head(line: bytes) -> str | None:
    if not line:
        return "The file is empty."
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "is not in UTF-8"
    if "\0" in text:
        return "is not in UTF-8"
    if "\r" in text.rstrip("\r\n"):
        return "Lines end with a line feed, or with a carriage return and a line feed."
    return None


def _is_storable(text: str) -> bool:
    """Tell whether the database takes a text: no zero, no half of a pair of surrogates."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def clean(value: object, column: Column) -> object:
    """Return a value as the database takes it, None where it is empty.

    :raises ValueError: what is wrong with it, in the words of whoever made the file
    """
    if value is None or value == "":
        if column.required:
            raise ValueError("is missing")
        return None
    return _CLEANERS[column.kind](value)


def _clean_text(value: object, limit: int = MAX_TEXT) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("is not a text")
    text = str(value).strip()
    if len(text) > limit or not _is_storable(text):
        raise ValueError(f"is longer than {limit} characters or not printable")
    return text


def _clean_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("is not a number")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    # nan fails as well
    if not abs(number) < MAX_NUMBER or (isinstance(value, str) and "_" in value):
        raise ValueError("is not a number; decimals stand behind a point")
    return number


def _clean_date(value: object) -> str:
    if not isinstance(value, str) or not read_day(value):
        raise ValueError("is not a date such as 2026-03-02")
    return value


def _clean_json(value: object) -> str:
    try:
        read = json.loads(value) if isinstance(value, str) else value
        text = json.dumps(read, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not _is_storable(text) or "\\u0000" in text:
        raise ValueError("is not printable")
    return text


_CLEANERS = {
    "text": _clean_text,
    "long": lambda value: _clean_text(value, MAX_LONG_TEXT),
    "number": _clean_number,
    "date": _clean_date,
    "json": _clean_json,
}


def to_csv(rows: Iterable[Iterable]) -> io.StringIO:
    """Return rows as a file that the database copies from."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    text.seek(0)
    return text
