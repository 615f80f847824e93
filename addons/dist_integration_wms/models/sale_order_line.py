from odoo import _, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from .stock_move import LINE_UNIT


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def write(self, vals):
        if "product_uom_qty" in vals and not self.env.su:
            self._dist_check_decrease(vals["product_uom_qty"])
        return super().write(vals)

    def _dist_check_decrease(self, quantity):
        """What the warehouse works on is only asked for less with its consent.

        :param quantity: ordered quantity that is about to be written
        :raises UserError: less than the warehouse was told to ship
        """
        for line in self:
            if float_compare(quantity, line.product_uom_qty, precision_digits=6) >= 0:
                continue
            moves = line.sudo().move_ids.filtered(
                lambda move: move.state != "cancel" and move.picking_id.picking_type_id.code == "outgoing"
            )
            locked = moves.picking_id.filtered("dist_is_locked")
            told = sum(move.product_qty for move in moves)
            wanted = line[LINE_UNIT]._compute_quantity(quantity, line.product_id.uom_id, round=False)
            if locked and float_compare(wanted, told, precision_digits=6) < 0:
                raise UserError(
                    _(
                        "%(transfers)s is with the warehouse. Use Request change there; the order can be lowered "
                        "when the warehouse agreed.",
                        transfers=", ".join(locked.mapped("name")),
                    )
                )
