from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.models.dist_exception import UNSOLVED

# why an order is held
HOLDS = {
    "credit_limit",
    "customer_blocked",
    "insufficient_stock",
    "price_mismatch",
    "tax_mismatch",
    "tax_missing",
    "total_mismatch",
    "untaxed_mismatch",
}
# what a channel wanted of an order, and cannot get any more once that is cancelled
REFUSED_WISHES = {"change_too_late", "order_change_refused", "quotation_expired"}
# what it wanted, and has got once that is cancelled
REFUSED_CANCELLATIONS = {"order_invoiced", "order_released", "order_shipped"}


class DistException(models.Model):
    _inherit = "dist.exception"

    resolution = fields.Selection(selection_add=[("released", "Order released")])
    main_action = fields.Selection(selection_add=[("release", "Release the order")])
    can_release_order = fields.Boolean(compute="_compute_can_release_order")
    candidate_ids = fields.Many2many("res.partner", string="Customers that could be meant", readonly=True)

    @api.model
    def _open(self, spec, message, *args, **kwargs):
        exception = super()._open(spec, message, *args, **kwargs)
        if spec.candidates:
            exception.sudo().candidate_ids = spec.candidates
        return exception

    @api.model
    def _get_acceptable_codes(self):
        return super()._get_acceptable_codes() | {
            "order_change_refused",
            "quotation_expired",
            "claim_to_decide",
            "return_to_decide",
            "return_too_late",
        }

    @api.model
    def _get_content_codes(self):
        return super()._get_content_codes() | {"duplicate_order"}

    @api.depends("can_release_order")
    def _compute_main_action(self):
        return super()._compute_main_action()

    @api.model
    def _get_hold_codes(self):
        """:return: codes of exceptions that say why an order is held, which its release settles"""
        return HOLDS

    @api.depends("state", "code", "res_model", "res_id")
    def _compute_can_release_order(self):
        for exception in self:
            exception.can_release_order = exception.state in UNSOLVED and bool(exception._get_held_order())

    def _get_held_order(self):
        """:return: sale.order whose hold this exception is; empty when it is about something else"""
        self.ensure_one()
        orders = self.env["sale.order"].sudo()
        if self.res_model != "sale.order" or not self.res_id or self.code not in self._get_hold_codes():
            return orders
        order = orders.browse(self.res_id).exists()
        return order if order.dist_state == "held" and order.state in ("draft", "sent") else orders

    def _get_main_action(self):
        return "release" if self.can_release_order else super()._get_main_action()

    def action_release_order(self):
        """Confirm the held order; the exception closes with it.

        :raises UserError: one is closed, or about no order on hold
        """
        self._check_may_act()
        self._check_open()
        self._check_each(_("No order is on hold in:"), lambda exception: exception.can_release_order)
        for exception in self:
            exception._get_held_order().sudo(False).action_dist_release()
        return True

    @api.model
    def _settle_cancelled(self, orders):
        """Close what the cancellation of orders settles; what still needs a person stays open.

        Their channels' refused changes can never be applied: their messages end with them. A cancellation that was
        refused is answered anew, now that it is true.

        :param orders: sale.order
        """
        refused = self._find_of_orders(orders, REFUSED_WISHES)
        refused._close("handled")
        for exception in refused:
            order = orders.browse(exception.res_id)
            exception._get_stuck()._cancel_families(_("Order %s was cancelled.", order.name))
        granted = self._find_of_orders(orders, REFUSED_CANCELLATIONS)._get_stuck()
        (granted - granted._get_superseded())._hand_to_inbox()

    @api.model
    def _find_of_orders(self, orders, codes):
        """:return: dist.exception, unsolved ones of sales orders with one of these codes"""
        return self.sudo().search(
            [
                ("res_model", "=", orders._name),
                ("res_id", "in", orders.ids),
                ("code", "in", list(codes)),
                ("state", "in", UNSOLVED),
            ]
        )
