"""Snapshots that partners hand over: CSV or JSON lines, read as a stream, mistakes named by line.

A CSV file can go into the database as it is, behind its head (`read_head`). When the database refuses it, and for
JSON lines, `read_rows` reads line by line, cleans the values and collects what is wrong.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import BinaryIO, NamedTuple

from .errors import IntegrationError

MAX_ERRORS = 20
MAX_TEXT = 500
MAX_NUMBER = Decimal(10) ** 12
DELIMITERS = ",;\t|"
BOM = b"\xef\xbb\xbf"
MAX_LINE = 1024 * 1024


class Column(NamedTuple):
    """A value of each row.

    :param name: as in the head of a CSV file and in JSON objects
    :param is_number: a decimal number, with a point
    :param required: it may not be empty
    :param is_key: it belongs to what tells rows apart
    """

    name: str
    is_number: bool = False
    required: bool = True
    is_key: bool = False


class SnapshotError(IntegrationError):
    """The snapshot cannot be used.

    :param errors: list of (line number counted from 1, what is wrong with it)
    """

    code = "invalid_snapshot"

    def __init__(self, detail: str, errors: Sequence[tuple[int, str]] = ()) -> None:
        lines = [f"Line {number}: {text}" for number, text in errors]
        super().__init__("\n".join([detail, *lines]))
        self.errors = list(errors)


class Head(NamedTuple):
    """First line of a CSV file.

    :param names: the names of the wanted columns, None for those that nobody asked for
    """

    delimiter: str
    names: list[str | None]


def is_json(stream: io.BufferedReader) -> bool:
    """Tell whether a snapshot is in JSON lines; nothing is consumed."""
    return stream.peek(64).removeprefix(BOM).lstrip()[:1] in (b"{", b"[")


def read_head(stream: BinaryIO, columns: Sequence[Column]) -> Head:
    """Consume the first line of a CSV file.

    :raises SnapshotError: it is no head, or a column is missing or there twice
    """
    line = _decode(stream.readline(MAX_LINE).removeprefix(BOM), 1).strip("\r\n")
    delimiter = max(DELIMITERS, key=line.count)
    given = [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])]
    wanted = {column.name for column in columns}
    missing = [column.name for column in columns if column.required and column.name not in given]
    if missing:
        raise SnapshotError(f"The first line names the columns; missing: {', '.join(missing)}.")
    twice = sorted({name for name in given if name in wanted and given.count(name) > 1})
    if twice:
        raise SnapshotError(f"A column is there more than once: {', '.join(twice)}.")
    return Head(delimiter, [name if name in wanted else None for name in given])


def read_rows(
    stream: io.BufferedReader, columns: Sequence[Column]
) -> Iterator[tuple[int, tuple[str | None, ...]]]:
    """Read a snapshot line by line, without empty ones.

    :return: iterator of (line number, values in the order of the columns: text, None where empty)
    :raises SnapshotError: after the last good row; it names the first lines that are wrong
    """
    errors: list[tuple[int, str]] = []
    records = _read_json(stream, errors) if is_json(stream) else _read_csv(stream, columns, errors)
    for number, record in records:
        try:
            row = tuple(_clean(record.get(column.name), column) for column in columns)
        except ValueError as error:
            errors.append((number, str(error)))
        else:
            yield number, row
        if len(errors) >= MAX_ERRORS:
            break
    if errors:
        raise SnapshotError("The snapshot was not read, nothing of it counts.", errors)


def find_lines(
    stream: io.BufferedReader, columns: Sequence[Column], wanted: Collection[tuple[str | None, ...]]
) -> dict[tuple[str | None, ...], list[int]]:
    """Where rows with certain keys stand.

    :param wanted: values of the key columns
    :return: dict, values of the key columns to line numbers
    """
    positions = [position for position, column in enumerate(columns) if column.is_key]
    found: dict[tuple[str | None, ...], list[int]] = {}
    for number, row in read_rows(stream, columns):
        key = tuple(row[position] for position in positions)
        if key in wanted:
            found.setdefault(key, []).append(number)
    return found


class CopyStream(io.RawIOBase):
    """Rows as a file of CSV that the database copies from; nothing is held but the part being read.

    :ivar error: what the rows raised; whoever reads the stream through a driver gets the driver's error instead
    """

    def __init__(self, rows: Iterable[Sequence[str | None]]) -> None:
        super().__init__()
        self._rows = iter(rows)
        self._rest = b""
        self.error: SnapshotError | None = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:  # pylint: disable=method-required-super
        """Return the next bytes, at most *size*; none at the end."""
        size = size if size > 0 else io.DEFAULT_BUFFER_SIZE
        if len(self._rest) < size:
            try:
                self._rest += self._fill(size)
            except SnapshotError as error:
                self.error = error
                raise
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def _fill(self, size: int) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL)
        for row in self._rows:
            writer.writerow(row)
            if text.tell() >= size:
                break
        return text.getvalue().encode()


class RowFile(io.RawIOBase):
    """Rows of a program as a snapshot in JSON lines, so that they are checked like a file.

    :param rows: dicts, name of the column to text or number
    """

    def __init__(self, rows: Iterable[dict]) -> None:
        super().__init__()
        self._rows = iter(rows)
        self._rest = b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:
        """Fill the buffer as far as it goes."""
        if not self._rest:
            row = next(self._rows, None)
            self._rest = b"" if row is None else json.dumps(row, default=str).encode() + b"\n"
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


class CheckedStream(io.RawIOBase):
    """A CSV file on its way into the database.

    :param on_read: called with the number of bytes read so far
    :ivar has_end_mark: a line holds nothing but ``\\.``, where PostgreSQL's COPY stops reading
    """

    def __init__(self, stream: BinaryIO, on_read: object = None) -> None:
        super().__init__()
        self._stream = stream
        self._on_read = on_read
        self._tail = b"\n"
        self._size = 0
        self.has_end_mark = False

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:  # pylint: disable=method-required-super
        """Return the next bytes."""
        part = self._stream.read(size)
        if b"\n\\." in self._tail + part:
            self.has_end_mark = True
        self._tail = (self._tail + part)[-3:]
        self._size += len(part)
        if callable(self._on_read):
            self._on_read(self._size)
        return part


def _decode(line: bytes, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise SnapshotError("The snapshot is not in UTF-8.", [(number, "not in UTF-8")]) from error


def _read_csv(
    stream: BinaryIO, columns: Sequence[Column], errors: list[tuple[int, str]]
) -> Iterator[tuple[int, dict]]:
    head = read_head(stream, columns)
    lines = (_decode(line, number) for number, line in enumerate(stream, 2))
    reader = csv.reader(lines, delimiter=head.delimiter, strict=True)
    while True:
        try:
            values = next(reader, None)
        except csv.Error as error:
            errors.append((reader.line_num + 1, str(error)))
            return
        if values is None:
            return
        number = reader.line_num + 1
        if not values:
            continue
        if len(values) != len(head.names):
            errors.append((number, f"{len(values)} values, but {len(head.names)} columns"))
            if len(errors) >= MAX_ERRORS:
                return
            continue
        yield number, {name: value for name, value in zip(head.names, values, strict=True) if name}


def _read_json(stream: BinaryIO, errors: list[tuple[int, str]]) -> Iterator[tuple[int, dict]]:
    number = 0
    while line := stream.readline(MAX_LINE):
        number += 1
        text = _decode(line.removeprefix(BOM) if number == 1 else line, number).strip()
        if not text:
            continue
        try:
            record = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            errors.append((number, "not a JSON object on a line of its own"))
        else:
            if isinstance(record, dict):
                yield number, record
            else:
                errors.append((number, "not a JSON object"))
        if len(errors) >= MAX_ERRORS:
            return


def _clean(value: object, column: Column) -> str | None:
    """Return a value as text, None when it is empty.

    :raises ValueError: what is wrong with it, in the words of whoever made the file
    """
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{column.name} is not a text or a number")
    text = (value or "").strip()
    if not text:
        if column.required:
            raise ValueError(f"{column.name} is empty")
        return None
    if len(text) > MAX_TEXT or "\0" in text:
        raise ValueError(f"{column.name} is longer than {MAX_TEXT} characters or not printable")
    if column.is_number:
        return _clean_number(text, column)
    return text


def _clean_number(text: str, column: Column) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or not text.isascii() or "_" in text:
        raise ValueError(f"{column.name} {text[:50]!r} is not a number; decimals stand behind a point")
    if abs(number) >= MAX_NUMBER:
        raise ValueError(f"{column.name} {text[:50]} is too large")
    return text
