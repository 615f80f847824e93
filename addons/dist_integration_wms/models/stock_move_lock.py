from odoo import api, models

from ..lib import lock

# what is to be moved
ASKED = {
    "date",
    "date_deadline",
    "location_dest_id",
    "location_id",
    "picking_id",
    "product_id",
    "product_uom",
    "product_uom_qty",
    "restrict_partner_id",
}
# what was moved
MOVED = {"lot_ids", "move_line_ids", "picked", "quantity"}
ENDED = ("done", "cancel", "draft")


class StockMove(models.Model):
    """The moves of a released transfer are locked with it."""

    _inherit = "stock.move"

    def write(self, vals):
        self._dist_check_write(vals)
        return super().write(vals)

    def _dist_check_write(self, vals):
        if self.env.su:
            return
        # what is done gets the moment at which it was
        if ASKED & set(vals) and vals.get("state") not in ENDED:
            target = self.env["stock.picking"].browse(vals.get("picking_id") or ())
            (self.picking_id | target)._dist_check_lock("ask")
        if MOVED & set(vals) or vals.get("state") in ENDED:
            self.picking_id._dist_check_lock("move")

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            ids = {vals["picking_id"] for vals in vals_list if vals.get("picking_id")}
            self.env["stock.picking"].browse(ids)._dist_check_lock("ask")
        return super().create(vals_list)

    def unlink(self):
        self.picking_id._dist_check_lock("ask")
        return super().unlink()

    def _action_cancel(self):
        self._dist_check_cancel()
        moves = self if self.env.su else self._dist_with_pass(self.picking_id.ids)
        return super(StockMove, moves)._action_cancel()

    def _dist_check_cancel(self):
        """A transfer that is cancelled as a whole is told of; one that loses a line asks for less."""
        if self.env.su:
            return
        for picking in self.picking_id:
            is_whole = picking._dist_get_open_moves() <= self
            picking._dist_check_lock("cancel" if is_whole else "ask")

    def _set_date_deadline(self, new_deadline):
        # a promise that moves because another document's does, such as that of a late purchase, may be late
        moves = self if self.env.su else self._dist_with_pass()
        return super(StockMove, moves)._set_date_deadline(new_deadline)

    def _action_done(self, cancel_backorder=False):
        self.picking_id._dist_check_lock("move")
        return super()._action_done(cancel_backorder=cancel_backorder)

    def _do_unreserve(self):
        self.picking_id._dist_check_lock("move")
        return super()._do_unreserve()

    def _action_assign(self, *args, **kwargs):
        # reserving gives a released transfer its goods, it does not change what was asked for
        moves = self if self.env.su else self._dist_with_pass()
        return super(StockMove, moves)._action_assign(*args, **kwargs)

    def _merge_moves(self, *args, **kwargs):
        # moves that were allowed to join a transfer become part of those it has
        moves = self if self.env.su else self._dist_with_pass()
        return super(StockMove, moves)._merge_moves(*args, **kwargs).with_env(self.env)

    def _dist_with_pass(self, picking_ids=None):
        """:return: these moves, in an environment in which their transfers (all, for None) are not locked"""
        return self.with_context(**{lock.KEY: lock.LockPass(picking_ids)})
