from odoo import api, fields, models


class PurchaseOrderLine(models.Model):
    """Lines keep the number under which the supplier knows them."""

    _inherit = "purchase.order.line"

    dist_line_ref = fields.Char(
        string="Line of the supplier",
        readonly=True,
        copy=False,
        help="Number of the line in what the supplier was sent.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id.filtered("dist_is_transmitted")._dist_number_lines()
        return lines
