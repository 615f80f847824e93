"""Snapshots that partners hand over: CSV or JSON lines, read as a stream, mistakes named by line.

A CSV file can go into the database as it is, behind its head (`read_head`). When the database refuses it, and for
JSON lines, `read_rows` reads line by line, cleans the values and collects what is wrong. Files packed with gzip are
unpacked while they are read (`open_stream`).
"""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import BinaryIO, NamedTuple

from .errors import IntegrationError

MAX_ERRORS = 20
MAX_TEXT = 500
# digits before the point
MAX_DIGITS = 12
DELIMITERS = ",;\t|"
BOM = b"\xef\xbb\xbf"
MAX_LINE = 1024 * 1024
GZIP = b"\x1f\x8b"
BLOCK = 64 * 1024
# what JSON can say by escapes and no database can store
_UNPRINTABLE = re.compile("[\0\ud800-\udfff]")
# what a packed file may hold: a bomb of a few megabytes unpacks to gigabytes
MAX_UNPACKED = 2_000_000_000


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


def open_stream(stream: io.BufferedReader, limit: int = MAX_UNPACKED) -> io.BufferedReader:
    """Return the rows of a file as they read, whether or not the file is packed with gzip.

    :param limit: greatest number of bytes that it unpacks to
    """
    if stream.peek(len(GZIP))[: len(GZIP)] != GZIP:
        return stream
    return io.BufferedReader(GzipStream(stream, limit), BLOCK)


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


class GzipStream(io.RawIOBase):
    """A packed file, unpacked block by block; joined files are read as one, as gzip itself does.

    :param limit: greatest number of bytes that it unpacks to
    """

    def __init__(self, stream: BinaryIO, limit: int = MAX_UNPACKED) -> None:
        super().__init__()
        self._stream = stream
        self._limit = limit
        self._inflater = zlib.decompressobj(wbits=31)
        self._packed = b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:
        """Fill the buffer as far as it goes.

        :raises SnapshotError: the file is damaged, cut off or unpacks to more than the limit
        """
        part = self._unpack(len(buffer))
        self._limit -= len(part)
        if self._limit < 0:
            raise SnapshotError("The packed file is too large once it is unpacked. Send it in parts.")
        buffer[: len(part)] = part
        return len(part)

    def _unpack(self, size: int) -> bytes:
        while not self._inflater.eof or self._has_next():
            packed = self._packed or self._stream.read(BLOCK)
            try:
                part = self._inflater.decompress(packed, size)
            except zlib.error as error:
                raise SnapshotError("The packed file is damaged: it is no gzip.") from error
            eof = self._inflater.eof
            self._packed = self._inflater.unused_data if eof else self._inflater.unconsumed_tail
            if part:
                return part
            if not packed and not eof:
                raise SnapshotError("The packed file is cut off.")
        return b""

    def _has_next(self) -> bool:
        """Get ready for the next of several joined files; zeros between them are padding."""
        while not (rest := self._packed.lstrip(b"\0")):
            self._packed = self._stream.read(BLOCK)
            if not self._packed:
                return False
        self._packed, self._inflater = rest, zlib.decompressobj(wbits=31)
        return True

    def close(self) -> None:
        """Close the file below as well."""
        self._stream.close()
        return super().close()


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
    :ivar error: what reading raised; whoever reads the stream through a driver gets the driver's error instead
    """

    def __init__(self, stream: BinaryIO, on_read: object = None) -> None:
        super().__init__()
        self._stream = stream
        self._on_read = on_read
        self._tail = b"\n"
        self._size = 0
        self._line = 0
        self.has_end_mark = False
        self.error: SnapshotError | None = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:  # pylint: disable=method-required-super
        """Return the next bytes.

        :raises SnapshotError: the file cannot be unpacked, or a line is too long
        """
        try:
            part = self._stream.read(size)
            self._check_lines(part)
        except SnapshotError as error:
            self.error = error
            raise
        if b"\n\\." in self._tail + part:
            self.has_end_mark = True
        self._tail = (self._tail + part)[-3:]
        self._size += len(part)
        if callable(self._on_read):
            self._on_read(self._size)
        return part

    def _check_lines(self, part: bytes) -> None:
        """Refuse a line without an end: the database would gather it in memory."""
        end = part.rfind(b"\n")
        self._line = self._line + len(part) if end < 0 else len(part) - end - 1
        if self._line > MAX_LINE:
            raise _too_long()


def _too_long(number: int | None = None) -> SnapshotError:
    errors = [(number, "no end of the line")] if number else []
    return SnapshotError(f"A line has at most {MAX_LINE:,} bytes.", errors)


def _read_lines(stream: BinaryIO, first: int) -> Iterator[bytes]:
    """Read line by line.

    :param first: number of the first line
    :raises SnapshotError: a line is too long
    """
    number = first
    while line := stream.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise _too_long(number)
        yield line
        number += 1


def _decode(line: bytes, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise SnapshotError("The snapshot is not in UTF-8.", [(number, "not in UTF-8")]) from error


def _read_csv(
    stream: BinaryIO, columns: Sequence[Column], errors: list[tuple[int, str]]
) -> Iterator[tuple[int, dict]]:
    head = read_head(stream, columns)
    lines = (_decode(line, number) for number, line in enumerate(_read_lines(stream, 2), 2))
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
    for number, line in enumerate(_read_lines(stream, 1), 1):
        text = _decode(line.removeprefix(BOM) if number == 1 else line, number).strip()
        if not text:
            continue
        try:
            record = _DECODER.decode(text)
        except (json.JSONDecodeError, RecursionError):
            errors.append((number, "not a JSON object on a line of its own"))
        except ValueError as error:
            errors.append((number, str(error)))
        else:
            if isinstance(record, dict):
                yield number, record
            else:
                errors.append((number, "not a JSON object"))
        if len(errors) >= MAX_ERRORS:
            return


def _read_object(pairs: list[tuple[str, object]]) -> dict:
    """:raises ValueError: a name stands twice: nobody can tell which value is meant"""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice in the object")
    return members


_DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_read_object
)


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
    if len(text) > MAX_TEXT or _UNPRINTABLE.search(text):
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
    if number.adjusted() >= MAX_DIGITS:
        raise ValueError(f"{column.name} {text[:50]} is too large")
    if number.adjusted() < -MAX_TEXT:
        raise ValueError(f"{column.name} {text[:50]} is too small")
    return text
