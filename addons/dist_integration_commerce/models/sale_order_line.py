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

    def _dist_get_product_quantity(self):
        """:return: what is ordered, in the unit of the product"""
        return self[LINE_UNIT]._compute_quantity(self.product_uom_qty, self.product_id.uom_id, round=False)
