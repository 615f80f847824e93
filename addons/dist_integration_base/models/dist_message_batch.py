import csv
import io
import re

from odoo import _, api, fields, models

from ..lib import strict_json
from ..lib.problem import Problem

MAX_ITEMS = 10_000
FORMATS = [
    ("json", "JSON document"),
    ("jsonl", "JSON, one message a line"),
    ("csv", "CSV, one message a row"),
]
# what holds many messages: files, and the body of a bulk call
BATCH_FORMATS = ("jsonl", "csv", "bulk")


class DistMessage(models.Model):
    """Files: one that holds many messages is stored as it came, then split into items of its own."""

    _inherit = "dist.message"

    content_format = fields.Selection(
        [*FORMATS, ("bulk", "JSON, a bulk call")], string="Format", readonly=True
    )
    source_name = fields.Char(string="File or key", readonly=True, help="What the content was called there.")

    def _split(self):
        """:return: list of documents in this message; None when it is a single one
        :raises IntegrationError: it cannot be read
        """
        if self.parent_id or self.content_format not in BATCH_FORMATS:
            return None
        try:
            text = self._get_raw().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self._unreadable(_("The file is not UTF-8.")) from error
        items = getattr(self, f"_split_{self.content_format}")(text)
        if not items:
            raise self._unreadable(_("The file holds no message."))
        if len(items) > MAX_ITEMS:
            raise self._unreadable(_("The file holds more than %s messages.", MAX_ITEMS))
        return items

    @api.model
    def _unreadable(self, detail):
        return Problem(400, "unreadable_message", _("Message cannot be read"), detail)

    @api.model
    def _split_bulk(self, text):
        return strict_json.loads(text.encode())["items"]

    @api.model
    def _split_jsonl(self, text):
        items = []
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                items.append(strict_json.loads(line.encode()))
            except strict_json.StrictJsonError as error:
                raise self._unreadable(
                    _("Line %(number)s: %(detail)s", number=number, detail=error.detail)
                ) from error
        return items

    @api.model
    def _split_csv(self, text):
        """Rows as dicts of texts by the names of the first row; the flow's mapping makes messages of them."""
        first = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
        delimiter = max(",;\t|", key=first.count)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        items = []
        try:
            if len(set(reader.fieldnames or ())) != len(reader.fieldnames or ()):
                raise self._unreadable(_("Two columns have the same name."))
            for row in reader:
                if None in row or None in row.values():
                    raise self._unreadable(
                        _("Line %s has another number of columns than the first.", reader.line_num)
                    )
                items.append(row)
        except csv.Error as error:
            raise self._unreadable(
                _("Line %(number)s: %(detail)s", number=reader.line_num, detail=error)
            ) from error
        return items
