from odoo import api, fields, models

from .series import LINE_TAXES, LINE_UNIT

# what a channel is told of, once its order is confirmed
TOLD = {"product_id", "product_uom_qty", LINE_UNIT, "price_unit", "discount"}


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "dist.owned.mixin"]

    dist_line_ref = fields.Char(
        string="Channel line",
        readonly=True,
        copy=False,
        help="Reference of the line in the order of the sales channel.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._dist_after_change()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if TOLD & set(vals):
            self._dist_after_change()
        return result

    def _dist_after_change(self):
        self.order_id.filtered(lambda order: order.state == "sale")._dist_emit("order.changed")

    def _dist_get_owned_document(self):
        return self.order_id

    def _dist_get_taxes(self):
        return self[LINE_TAXES]

    def _dist_get_unit(self):
        return self[LINE_UNIT]

    def _dist_get_product_quantity(self):
        """:return: what is ordered, in the unit of the product"""
        return self[LINE_UNIT]._compute_quantity(self.product_uom_qty, self.product_id.uom_id, round=False)

    def _dist_get_open_quantity(self):
        """:return: what is still to be shipped to the customer, in the unit of the line; None before the order is
        confirmed, and of what is shipped in parts
        """
        if self.order_id.state != "sale" or self.move_ids.product_id - self.product_id:
            return None
        moves = self.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel") and move.location_dest_id.usage == "customer"
        )
        quantity = sum(move.product_qty for move in moves)
        return self.product_id.uom_id._compute_quantity(quantity, self[LINE_UNIT], round=False)
