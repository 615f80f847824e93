from odoo import fields, models

from .series import LINE_TAXES, LINE_UNIT


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    dist_line_ref = fields.Char(
        string="Channel line",
        readonly=True,
        copy=False,
        help="Reference of the line in the order of the sales channel.",
    )

    def _dist_get_taxes(self):
        return self[LINE_TAXES]

    def _dist_get_unit(self):
        return self[LINE_UNIT]
