import re
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistCase

READ_ME = Path(__file__).parent.parent / "readme" / "DEVELOP.md"
COLUMNS = ["Message", "Way", "Document", "On hand", "Reserved", "Available"]


@tagged("post_install", "-at_install")
class TestMessageTable(DistCase):
    """The documentation says of every message what it does."""

    def _read_table(self):
        """:return: (names of the columns, dict: code of a message type to its row)"""
        lines = [line for line in READ_ME.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        rows = {}
        for row in cells[2:]:
            code = re.fullmatch(r"`([a-z.]+)`", row[0])
            self.assertTrue(code, row)
            self.assertNotIn(code[1], rows)
            rows[code[1]] = row
        return cells[0], rows

    def _get_types(self):
        """:return: dict: code of a message type of this addon to its direction"""
        versions = self.env["dist.message.type.version"].search(
            [("schema_file", "=like", "dist_integration_wms/%")]
        )
        return {found.code: found.direction for found in versions.message_type_id}

    def test_complete(self):
        """W1-W8: no message type is missing from the table, and none stands there that is gone."""
        columns, rows = self._read_table()
        types = self._get_types()
        self.assertEqual(columns, COLUMNS)
        self.assertEqual(sorted(rows), sorted(types))
        self.assertGreater(len(types), 20)
        for code, row in rows.items():
            self.assertEqual(len(row), len(COLUMNS), code)
            self.assertTrue(all(row), code)
            self.assertEqual(row[1], types[code], code)
