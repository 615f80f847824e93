from datetime import datetime

from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _dist_expect(self, portions, packages):
        """Prepare the detailed operations of a receipt: what comes, in which lot and package.

        :param portions: list of (dist.supplier.shipment.line, quantity in the product's unit)
        :param packages: dict, SSCC to its package
        """
        self.ensure_one()
        self.move_line_ids.unlink()
        self.env["stock.move.line"].create(
            [vals for part in portions for vals in self._dist_prepare_expected(*part, packages)]
        )

    def _dist_take_off(self, quantity):
        """Separate a quantity from these moves, from the last one on.

        :param quantity: in the product's unit
        :return: stock.move of that quantity, or of as much as there is
        """
        found = self.browse()
        for move in self.sorted("id", reverse=True):
            part = min(quantity, move.product_qty)
            if move._dist_is_zero(part):
                break
            quantity -= part
            if move._dist_is_zero(move.product_qty - part):
                found |= move
                continue
            move.move_line_ids.unlink()
            other = self.create(move._split(part))
            other._action_confirm(merge=False)
            move._action_assign()
            found |= other
        return found

    def _dist_expect_on(self, day):
        """Put these moves into receipts of their orders on a day."""
        for picking, moves in self.grouped("picking_id").items():
            receipt = picking._dist_get_receipt_on(day, moves)
            if receipt != picking:
                moves.write({"picking_id": receipt.id})
                moves.move_line_ids.write({"picking_id": receipt.id})
        self._dist_set_day(day)
        self._action_assign()

    def _dist_set_day(self, day):
        """:param day: date on which these moves are expected; their time of day stays"""
        for move in self:
            moment = datetime.combine(day, move.date.time())
            move.write({"date": moment, "date_deadline": moment})

    def _dist_prepare_expected(self, line, quantity, packages):
        """:return: list of values of detailed operations; of pieces with serial numbers one for each"""
        product = self.product_id
        vals = {
            **self._prepare_move_line_vals(),
            "quantity": quantity,
            "product_uom_id": product.uom_id.id,
            "result_package_id": packages[line.sscc].id if line.sscc else False,
        }
        if line._has_too_few_serials():
            return [{**vals, "quantity": 1.0} for _piece in range(round(quantity))]
        if product.tracking != "none" and line.lot_name:
            vals["lot_name"] = line.lot_name
            if product.use_expiration_date and line.expiry:
                vals["expiration_date"] = line.expiry
        return [vals]
