"""How one file of an export is written: the platform's names, order and spelling, as one statement for the database."""

from dataclasses import dataclass

from odoo.tools import SQL

from ..lib.export_file import header_line
from ..lib.translation import GLUE, VALUE
from .datasets.dist_planning_dataset import DatasetColumn

# whether a row is gone for a file that tells a choice of them
GONE = DatasetColumn("dist_gone", "flag")

# what a spreadsheet takes for a formula's beginning, but for a number below zero, and how it is told that it is none
FORMULA, PLAIN = r"^(?!-[0-9.,]+(e[-+][0-9]+)?$)[=+\-@\t\r]", r"'\&"
MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
MEDIA_TYPES = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
# signs that stand in no JSON text, so that the database hands it out as it is
NO_SIGNS = "FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'"


@dataclass(frozen=True)
class PlannedColumn:
    """A column of a file.

    :ivar name: in the file
    :ivar value: SQL over the columns of the dataset
    :ivar is_text: whether it is put in quotes where all texts are
    """

    name: str
    value: SQL
    is_text: bool = False


@dataclass(frozen=True)
class FilePlan:
    """A file of an export.

    :ivar dataset: code
    :ivar condition: SQL condition on the rows
    :ivar gone: SQL of whether a row is gone, which the column GONE says then; None where none can be
    :ivar content: ``csv`` or ``jsonl``
    :ivar for_spreadsheet: whether texts of CSV are kept from being taken for formulas
    """

    name: str
    dataset: str
    columns: list
    condition: SQL
    content: str = "jsonl"
    packed: bool = False
    delimiter: str = ","
    has_head: bool = True
    quoted: bool = False
    for_spreadsheet: bool = False
    gone: SQL | None = None

    @property
    def media_type(self):
        """Media type of the unpacked file."""
        return MEDIA_TYPES[self.content]

    def get_head(self):
        """:return: bytes of the first line, none where there is no line of names"""
        if self.content != "csv" or not self.has_head:
            return b""
        return header_line([column.name for column in self.columns], self.delimiter, self.quoted)

    def get_query(self, rows):
        """:param rows: SQL of the dataset's rows
        :return: SQL of the lines of the file
        """
        values = SQL(", ").join(
            SQL("%s AS %s", self._get_value(column), SQL(self._get_alias(number, column)))
            for number, column in enumerate(self.columns)
        )
        if self.gone:
            rows = SQL("SELECT *, %s AS %s FROM (%s) AS told", self.gone, SQL.identifier(GONE.name), rows)
        query = SQL("SELECT %s FROM (%s) AS dist_row WHERE %s", values, rows, self.condition)
        return (
            query
            if self.content == "csv"
            else SQL("SELECT row_to_json(dist_row) FROM (%s) AS dist_row", query)
        )

    def _get_value(self, column):
        """:return: SQL of what stands in a column"""
        if self.for_spreadsheet and self.content == "csv":
            return SQL("regexp_replace((%s)::text, %s, %s)", column.value, FORMULA, PLAIN)
        return column.value

    def _get_alias(self, number, column):
        """:return: text of the name of a column of the statement; in JSON it is the name in the file"""
        if self.content == "csv":
            return f"c{number}"
        return f'"{column.name}"'

    def get_options(self):
        """:return: text of COPY's options"""
        if self.content == "jsonl":
            return NO_SIGNS
        options = f"FORMAT csv, DELIMITER E'\\x{ord(self.delimiter):02x}'"
        texts = [f"c{number}" for number, column in enumerate(self.columns) if column.is_text]
        return f"{options}, FORCE_QUOTE ({', '.join(texts)})" if self.quoted and texts else options


def render(column, content="csv"):
    """Our own spelling of a value.

    :param column: DatasetColumn
    :return: SQL
    """
    name = SQL.identifier(column.name)
    if column.kind == "moment":
        return SQL("to_char(%s, %s)", name, MOMENT)
    if column.kind == "flag" and content == "csv":
        return SQL("%s::text", name)
    return name


def convert(columns, conversion, argument, words, constant):
    """A platform's spelling of a value.

    :param columns: list of DatasetColumn; several are put together
    :param conversion: one of lib.translation.CONVERSIONS
    :param words: dict, their word to ours
    :param constant: text where there is nothing
    :return: SQL of a text
    """
    if not columns:
        return SQL("NULLIF(%s::text, '')", constant)
    if len(columns) == 1:
        value = _convert_one(columns[0], conversion, argument)
    else:
        value = SQL("concat_ws(%s, %s)", GLUE, SQL(", ").join(map(render, columns)))
    if words:
        cases = [SQL("WHEN %s THEN %s", ours, theirs) for theirs, ours in words.items()]
        value = SQL("CASE %s::text %s ELSE %s::text END", value, SQL(" ").join(cases), value)
    return SQL("COALESCE(NULLIF(%s::text, ''), %s)", value, constant) if constant else value


def _convert_one(column, conversion, argument):
    name = SQL.identifier(column.name)
    if conversion == "decimal_comma":
        return SQL("replace(%s::text, '.', ',')", name)
    if conversion == "integer":
        return SQL("round(%s::numeric)", name)
    if conversion == "date":
        return SQL("to_char(%s, %s)", name, argument)
    if conversion == "flag":
        yes, _semicolon, no = argument.partition(";")
        return SQL("CASE WHEN %s THEN %s WHEN NOT %s THEN %s END", name, yes, name, no)
    if conversion == "text_around":
        return SQL("replace(%s, %s, %s)", argument, VALUE, SQL("%s::text", render(column)))
    if conversion == "part":
        return _get_part(SQL("%s::text", render(column)), argument[0], int(argument[1:]))
    return render(column)


def _get_part(text, sign, position):
    """:param position: of the part; -1 for the last one, -2 for all before it
    :return: SQL of a part of a text, empty where there is none
    """
    if position > 0:
        return SQL("split_part(%s, %s, %s)", text, sign, position)
    last = SQL("reverse(split_part(reverse(%s), %s, 1))", text, sign)
    return last if position == -1 else SQL("left(%s, -length(%s) - 1)", text, last)
