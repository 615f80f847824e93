"""Files of a planning platform read as ours: columns renamed, values converted, mistakes named by line.

What a mapping says of a file is data; this is the one place that acts on it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import BinaryIO

from .plan_file import TwiceError, to_record

# how a date may be written: what PostgreSQL's to_char calls it, to what strptime calls it
DATE_PATTERNS = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYYMMDD": "%Y%m%d",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
    'YYYY-MM-DD"T"HH24:MI:SS': "%Y-%m-%dT%H:%M:%S",
    "YYYY-MM-DD HH24:MI:SS": "%Y-%m-%d %H:%M:%S",
}
MAX_ERRORS = 20
MAX_TEXT = 500
VALUE = "{value}"
# between the names of columns that are read as one
JOIN = " + "
GLUE = "/"
CONVERSIONS = ("none", "decimal_comma", "integer", "date", "flag", "text_around", "part", "item_unit")


def check_argument(conversion: str, argument: str) -> None:
    """Check what a conversion is told.

    :raises ValueError: it needs something else
    """
    if conversion == "date" and argument not in DATE_PATTERNS:
        raise ValueError(f"a date is written as one of: {'  '.join(DATE_PATTERNS)}")
    if conversion == "flag" and (argument.count(";") != 1 or argument.startswith(";")):
        raise ValueError("yes and no are two words such as 1;0")
    if conversion == "text_around" and argument.count(VALUE) != 1:
        raise ValueError(f"the text holds {VALUE} once")
    if conversion == "part" or (conversion == "item_unit" and argument):
        if not re.fullmatch(r"[^0-9]([1-9]|-[12])", argument):
            raise ValueError(
                "a part is the sign between parts and a number, such as /2; /-1 is the last one, /-2 all before it"
            )


class TranslationError(Exception):
    """A file does not fit its mapping.

    :ivar errors: list of (line number from 1, column, value, what is wrong)
    """

    def __init__(self, detail: str, errors: Sequence[tuple[int, str, str, str]] = ()) -> None:
        lines = [f"Line {line}, {column} {value!r}: {text}" for line, column, value, text in errors]
        super().__init__("\n".join([detail, *lines]))
        self.errors = list(errors)


@dataclass(frozen=True)
class ColumnRule:
    """How one of our columns is found in a platform's file.

    :ivar target: our column
    :ivar source: theirs; several joined with `` + ``, which are put together; empty for a constant
    :ivar constant: taken where the file has nothing
    :ivar conversion: one of CONVERSIONS
    :ivar argument: of the conversion: pattern of dates, words ``yes;no``, text around ``{value}``, part ``/2``,
        the last one ``/-1`` or all before it ``/-2``
    :ivar words: their word to ours; for ``item_unit``, the unit of each item
    :ivar required: whether it is a mistake that a file lacks the column
    """

    target: str
    source: str = ""
    constant: str = ""
    conversion: str = "none"
    argument: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    required: bool = False

    @property
    def sources(self) -> list[str]:
        """Their columns that are put together."""
        return [name.strip() for name in self.source.split(JOIN)] if self.source else []

    def convert(self, given: str) -> str:
        """Return our spelling of a value.

        :raises ValueError: it cannot be read
        """
        text = given.strip()
        if not text:
            return self.constant
        found = getattr(self, f"_read_{self.conversion}")(text)
        return found if self.conversion == "item_unit" else self.words.get(found, found)

    def _read_none(self, text: str) -> str:
        return text

    def _read_integer(self, text: str) -> str:
        return text

    def _read_item_unit(self, text: str) -> str:
        # an unknown item is named by whoever looks for it, not by its unit
        return self.words.get(self._read_part(text) if self.argument else text, "?")

    def _read_part(self, text: str) -> str:
        sign, position = self.argument[0], int(self.argument[1:])
        parts = text.split(sign) if position > 0 else text.rsplit(sign, 1)
        if len(parts) < abs(position):
            raise ValueError(f"has no part {position} between {sign}")
        return parts[position - 1 if position > 0 else position]

    def _read_decimal_comma(self, text: str) -> str:
        if not re.fullmatch(r"-?[0-9]+(,[0-9]+)?", text):
            raise ValueError("is not a number with a decimal comma")
        return text.replace(",", ".")

    def _read_date(self, text: str) -> str:
        try:
            moment = datetime.strptime(text, DATE_PATTERNS[self.argument])
        except ValueError:
            raise ValueError(f"is not a date of the form {self.argument}") from None
        return moment.date().isoformat()

    def _read_flag(self, text: str) -> str:
        yes, _semicolon, no = self.argument.partition(";")
        if text not in (yes, no):
            raise ValueError(f"is neither {yes} nor {no}")
        return "true" if text == yes else "false"

    def _read_text_around(self, text: str) -> str:
        before, _value, after = self.argument.partition(VALUE)
        if not (text.startswith(before) and text.endswith(after)):
            raise ValueError(f"is not of the form {self.argument}")
        return text[len(before) : len(text) - len(after)]


def check_words(text: str) -> dict[str, str]:
    """Read lines of ``theirs = ours``.

    :raises ValueError: a line is not of this form, or names a word twice
    """
    words: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        theirs, sign, ours = (part.strip() for part in line.partition("="))
        if not sign or not theirs:
            raise ValueError(f"{line} is not of the form: theirs = ours")
        if theirs in words:
            raise ValueError(f"{theirs} is there twice")
        words[theirs] = ours
    return words


@dataclass(frozen=True)
class FileRule:
    """How a platform's file is read.

    :ivar columns: our columns, in the order they are to have
    :ivar content: ``csv`` or ``jsonl``
    :ivar positions: names of the columns of a file without a first line of names; empty when it has one
    :ivar only_column: theirs, by which rows are chosen; empty for all rows
    :ivar only_values: values that it has in the rows that are read, in small or capital letters
    """

    columns: Sequence[ColumnRule]
    content: str = "csv"
    delimiter: str = ","
    positions: Sequence[str] = ()
    only_column: str = ""
    only_values: Sequence[str] = ()

    @property
    def names(self) -> set[str]:
        """Their columns that are read."""
        names = {name for column in self.columns for name in column.sources}
        return names | {self.only_column} if self.only_column else names

    @property
    def needed(self) -> list[str]:
        """Their columns that a file has to have."""
        names = [name for column in self.columns if column.required for name in column.sources]
        return [*names, self.only_column] if self.only_column else names

    @property
    def added(self) -> int:
        """Lines that the translated file has in front of theirs: the one of names, where they have none."""
        return int(bool(self.positions) or self.content == "jsonl")

    def takes(self, record: Mapping[str, str]) -> bool:
        """Tell whether a row is read.

        :raises ValueError: it does not say
        """
        if not self.only_column:
            return True
        if self.only_column not in record:
            raise ValueError("is missing: rows are chosen by it")
        return record[self.only_column].strip().casefold() in self._chosen

    @cached_property
    def _chosen(self) -> set[str]:
        return {value.casefold() for value in self.only_values}


class TranslatedFile(io.RawIOBase):
    """A platform's file, read as CSV of ours; nothing is held but the part being read.

    :param stream: unpacked bytes of their file, in UTF-8
    :raises TranslationError: while reading, behind the last good row; it names the first mistakes
    """

    def __init__(self, stream: BinaryIO, rule: FileRule) -> None:
        super().__init__()
        self._rows = _translate(stream, rule)
        self._rest = header(rule)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:
        """Fill the buffer as far as it goes."""
        if len(self._rest) < len(buffer):
            self._rest += self._fill(len(buffer))
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def _fill(self, size: int) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in self._rows:
            writer.writerow(row)
            if text.tell() >= size:
                break
        return text.getvalue().encode()


def header(rule: FileRule) -> bytes:
    """Return the first line of the translated file."""
    return (",".join(column.target for column in rule.columns) + "\n").encode()


def _translate(stream: BinaryIO, rule: FileRule) -> Iterator[list[str]]:
    errors: list[tuple[int, str, str, str]] = []
    # how many of their lines are behind
    reached = 1 - rule.added
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        records = _read_json(text) if rule.content == "jsonl" else _read_csv(text, rule)
        for line, record in records:
            row = _translate_row(line, record, rule, errors)
            if len(errors) >= MAX_ERRORS:
                break
            if row is None:
                continue
            # what is left out is an empty line, so that those behind it keep their numbers
            yield from [[]] * (line - reached - 1 - "".join(row).count("\n"))
            yield row
            reached = line
    except UnicodeDecodeError as error:
        raise TranslationError("The file is not in UTF-8.") from error
    finally:
        text.detach()
    if errors:
        raise TranslationError("The file does not fit its mapping; nothing of it counts.", errors)


def _translate_row(
    line: int, record: Mapping[str, str], rule: FileRule, errors: list[tuple[int, str, str, str]]
) -> list[str] | None:
    """Return a row of ours, None where it is not one of those that are read; mistakes are added."""
    try:
        if not rule.takes(record):
            return None
    except ValueError as error:
        errors.append((line, rule.only_column, "", str(error)))
        return None
    row = []
    for column in rule.columns:
        given = GLUE.join(filter(None, (record.get(name, "").strip() for name in column.sources)))
        try:
            row.append(column.convert(given))
        except ValueError as error:
            errors.append((line, column.source, given[:MAX_TEXT], str(error)))
            row.append("")
    return row


def _read_csv(text: io.TextIOWrapper, rule: FileRule) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(text, delimiter=rule.delimiter, strict=True)
    names = list(rule.positions)
    try:
        if not names:
            names = [name.strip() for name in next(reader, [])]
        _check_names(names, rule)
        for values in reader:
            if not values:
                continue
            if len(values) != len(names):
                raise TranslationError(
                    f"Line {reader.line_num} has {len(values)} values, but there are {len(names)} columns."
                )
            yield reader.line_num, dict(zip(names, values, strict=True))
    except csv.Error as error:
        raise TranslationError(f"Line {reader.line_num}: {error}") from error


def _check_names(names: Sequence[str], rule: FileRule) -> None:
    missing = [name for name in rule.needed if name not in names]
    if missing:
        raise TranslationError(f"These columns are missing: {', '.join(missing)}.")
    twice = sorted(name for name in rule.names if names.count(name) > 1)
    if twice:
        raise TranslationError(f"These columns are there more than once: {', '.join(twice)}.")


def _read_json(text: io.TextIOWrapper) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_float=str, parse_int=str, object_pairs_hook=to_record)
        except TwiceError as error:
            raise TranslationError(f"Line {number}: {error}.") from error
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise TranslationError(f"Line {number} is not a JSON object.")
        yield number, {name: _to_text(value) for name, value in record.items()}


def _to_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
