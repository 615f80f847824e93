from odoo import fields, models

from odoo.addons.dist_integration_base.lib.snapshot import open_stream

JSON_LINES = "application/x-ndjson"
KINDS = [
    ("plan", "Rows of all kinds"),
    ("forecast", "Forecasts"),
    ("parameter", "Parameters"),
    ("proposal", "Proposals"),
    ("alert", "Alerts"),
]


class DistPlanningBatchFile(models.Model):
    """A file of a version as it was received."""

    _name = "dist.planning.batch.file"
    _description = "File of a planning version"
    _inherit = ["dist.company.mixin", "dist.kept.mixin"]
    _order = "batch_id, id"

    batch_id = fields.Many2one(
        "dist.planning.batch", string="Version", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    name = fields.Char(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    message_id = fields.Many2one("dist.message", string="Received as", readonly=True, index=True)
    checksum = fields.Char(readonly=True, help="SHA-256 of the file as it came.")
    media_type = fields.Char(readonly=True, help="What the sender said that it is.")
    row_count = fields.Integer(string="Rows", readonly=True)

    _sql_constraints = [
        ("checksum_uniq", "unique(batch_id, kind, checksum)", "The version has this file already."),
    ]

    def _open(self):
        """:return: io.BufferedReader of the rows, unpacked"""
        self.ensure_one()
        return open_stream(self.message_id._get_upload()._dist_open())

    def _get_added_lines(self):
        """:return: number of lines that `_open` gives in front of those of the file as it came"""
        return 0

    def _is_said_json(self):
        """:return: whether the sender said that it is JSON lines: nothing tells, where it has no row"""
        return self.media_type == JSON_LINES

    def _is_one_order(self):
        """:return: whether its rows are the lines of a single order"""
        return False
