from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_wms.models.stock_picking import RELEASED


class StockPicking(models.Model):
    _inherit = "stock.picking"

    dist_return_ref = fields.Char(
        string="Return of the channel",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Number of the return in the sales channel.",
    )
    dist_return_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)

    def _action_done(self):
        result = super()._action_done()
        self._dist_after_done()
        return result

    def _dist_after_done(self):
        self.filtered(lambda picking: picking.picking_type_code == "outgoing" and picking.sale_id)._dist_emit(
            "order.shipped"
        )
        returns = self.filtered(lambda picking: picking.dist_return_ref and picking.state == "done")
        returns._dist_emit("return.received")
        returns._dist_credit()

    # returns

    def _dist_credit(self):
        """Credit what came back, as the terms of the channel have it.

        The goods are there whatever becomes of the credit: what stands against it is told to a person.
        """
        for picking in self.sudo():
            terms = picking.sale_id.dist_channel_id.return_credit
            if terms == "manual":
                continue
            try:
                with self.env.cr.savepoint():
                    note = picking.sale_id._dist_make_credit_note(
                        picking._dist_get_creditable(), picking.name
                    )
                    if note and terms == "post":
                        note.action_post()
            except UserError as error:
                self._dist_tell_not_credited(picking, error)

    def _dist_tell_not_credited(self, picking, error):
        spec = ExceptionSpec(
            "business",
            "return_not_credited",
            _(
                "%(picking)s came back and is not credited: %(reason)s",
                picking=picking.name,
                reason=error.args[0],
            ),
            record=picking.sale_id,
            suggestion=_("Credit the order by hand, and close this exception with the reason."),
            fingerprint=f"stock.picking/{picking.id}/credit",
        )
        self.env["dist.exception"]._open_without_message(
            spec, picking.company_id, system=picking.sale_id.dist_channel_id.system_id
        )

    def _dist_get_creditable(self):
        """:return: dict, sale.order.line to how much of it came back with this and was invoiced, in its unit"""
        creditable = {}
        for line in self.move_ids.sale_line_id:
            moves = self.move_ids.filtered(
                lambda move, line=line: move.sale_line_id == line and move.state == "done"
            )
            back = sum(move._dist_get_product_quantity() for move in moves)
            back = line.product_id.uom_id._compute_quantity(back, line._dist_get_unit())
            by_delivery = line.product_id.invoice_policy == "delivery"
            owed = line.qty_invoiced - (line.qty_delivered if by_delivery else 0.0)
            if min(back, owed) > 0:
                creditable[line] = min(back, owed)
        return creditable

    # milestones

    def _dist_note_milestones(self):
        before = {picking: picking.dist_carrier_state for picking in self}
        result = super()._dist_note_milestones()
        self.filtered(
            lambda picking: picking.sale_id and picking.dist_carrier_state != before[picking]
        )._dist_emit("order.milestone")
        return result

    def _dist_get_channel(self):
        """:return: sales channel of the document, whose system hears of it; empty when it has none"""
        return self.sale_id.dist_channel_id

    def _dist_get_begun(self):
        """:return: those that are done, that a warehouse works on, or of which somebody has picked"""
        return self.filtered(
            lambda picking: (
                picking.state == "done"
                or (
                    picking.state != "cancel"
                    and (picking.dist_release_state in RELEASED or any(picking.move_ids.mapped("picked")))
                )
            )
        )
