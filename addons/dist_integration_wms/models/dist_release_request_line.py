from odoo import fields, models
from odoo.tools import float_is_zero


class DistReleaseRequestLine(models.Model):
    """How much of a line is asked for."""

    _name = "dist.release.request.line"
    _description = "Line of a request to a warehouse"
    _inherit = ["dist.kept.mixin"]
    _order = "id"

    request_id = fields.Many2one(
        "dist.release.request", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    line_ref = fields.Char(string="Line of the warehouse", required=True, readonly=True)
    product_id = fields.Many2one("product.product", required=True, readonly=True, ondelete="restrict")
    uom_id = fields.Many2one(related="product_id.uom_id")
    previous_quantity = fields.Float(string="Was", digits="Product Unit of Measure", readonly=True)
    shipped_before = fields.Float(
        digits="Product Unit of Measure",
        readonly=True,
        help="What had left of the line already, in earlier parts of the shipment, when it was asked for.",
    )
    quantity = fields.Float(string="Wanted", digits="Product Unit of Measure", readonly=True)

    def _get_still_wanted(self, shipped, is_open):
        """
        :param shipped: what has left of the line since it was asked for
        :param is_open: what is open of it now; less than the rest where the warehouse has cancelled some meanwhile
        :return: what is still wanted of it; all in the product's unit
        """
        self.ensure_one()
        more = max(self.quantity - self.previous_quantity, 0.0)
        return max(min(self.quantity - shipped, is_open + more), 0.0)

    def _is_open(self, quantity):
        return not float_is_zero(quantity, precision_rounding=self.uom_id.rounding)
