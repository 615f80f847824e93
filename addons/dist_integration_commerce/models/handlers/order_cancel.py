from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import HandlerResult

from .order_submit import OrderRefused


class OrderCancelHandler(models.AbstractModel):
    """A channel cancels its order, up to the point at which a warehouse works on it (C4)."""

    _name = "dist.handler.order.cancel"
    _inherit = "dist.handler.channel.order"
    _description = "Order cancellation"

    def _apply(self, message, payload):
        order = self._find_order(message, payload)
        if order.state != "cancel":
            self._check_owner(message, order, "cancel")
            self._check_may_cancel(order)
            reason = payload.get("reason") or _("no reason given")
            words = _(
                "Cancelled by %(channel)s: %(reason)s", channel=order.dist_channel_id.name, reason=reason
            )
            order.message_post(body=words)
            order._action_cancel()
        return HandlerResult(self._get_order_answer(order, "cancelled"), record=order)

    def _check_may_cancel(self, order):
        """:raises OrderRefused: goods are on their way, or invoiced: a person has to agree with others first"""
        begun = order.picking_ids._dist_get_begun()
        shipped = begun.filtered(lambda picking: picking.state == "done")
        names = ", ".join((shipped or begun).mapped("name"))
        if shipped:
            raise self._refuse(
                order,
                "order_shipped",
                _("%(order)s has shipped with %(shipments)s.", order=order.name, shipments=names),
                _(
                    "Cancel what is left by a change, and arrange a return of the rest when the customer wants none."
                ),
            )
        if begun:
            raise self._refuse(
                order,
                "order_released",
                _("%(order)s is with the warehouse as %(shipments)s.", order=order.name, shipments=names),
                _("Use Request cancellation on the delivery; when the warehouse agrees, Retry."),
            )
        if any(order.order_line.mapped("qty_invoiced")):
            raise self._refuse(
                order,
                "order_invoiced",
                _("%s is invoiced.", order.name),
                _("Credit the invoice, then Retry."),
            )

    def _refuse(self, order, code, detail, suggestion):
        return OrderRefused(
            code,
            detail,
            "/reference",
            status=409,
            record=order,
            suggestion=suggestion,
            fingerprint=f"order_cancel/{order.id}",
        )
