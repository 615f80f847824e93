from odoo import api, models

from ..lib import lock

MOVED = {
    "location_dest_id",
    "location_id",
    "lot_id",
    "lot_name",
    "move_id",
    "owner_id",
    "package_id",
    "picked",
    "picking_id",
    "product_id",
    "product_uom_id",
    "quant_id",
    "quantity",
    "result_package_id",
}


class StockMoveLine(models.Model):
    """The detailed operations of a released transfer are locked with it."""

    _inherit = "stock.move.line"

    def write(self, vals):
        if not self.env.su and MOVED & set(vals):
            self._dist_get_pickings()._dist_check_lock("move")
        return super().write(vals)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            moves = self.env["stock.move"].browse(
                {vals["move_id"] for vals in vals_list if vals.get("move_id")}
            )
            ids = {vals["picking_id"] for vals in vals_list if vals.get("picking_id")}
            (moves.picking_id | self.env["stock.picking"].browse(ids))._dist_check_lock("move")
        return super().create(vals_list)

    def unlink(self):
        self._dist_get_pickings()._dist_check_lock("move")
        return super().unlink()

    def _free_reservation(self, *args, **kwargs):
        # goods that are gone cannot stay reserved, whoever has them
        lines = self.with_context(**{lock.KEY: lock.LockPass()})
        return super(StockMoveLine, lines)._free_reservation(*args, **kwargs)

    def _dist_get_pickings(self):
        return self.picking_id | self.move_id.picking_id
