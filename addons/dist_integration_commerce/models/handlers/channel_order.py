from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError


class ChannelOrderHandler(models.AbstractModel):
    """What the messages about an order that its channel submitted before have in common."""

    _name = "dist.handler.channel.order"
    _inherit = "dist.handler"
    _description = "Handler of a message about an order"

    def _get_external_id(self, payload):
        return payload.get("reference")

    def _get_lock_keys(self, message, payload):
        return [f"order/{message.system_id.id}/{payload['reference']}"]

    def _find_order(self, message, payload):
        """:return: sale.order
        :raises BusinessError: the sender has submitted no such order
        """
        order = self._find_bound(message.system_id, "sale.order", payload["reference"])
        if order.company_id != message.company_id:
            raise BusinessError(
                "unknown_order",
                _("There is no order %s of yours.", payload["reference"]),
                "/reference",
                status=404,
                open_exception=False,
            )
        return order

    def _find_line(self, order, reference, pointer):
        """:return: sale.order.line that the channel calls by a reference
        :raises BusinessError: there is none
        """
        line = order.order_line.filtered(lambda line: line.dist_line_ref == reference)
        if not line:
            raise BusinessError(
                "unknown_line",
                _("Order %(order)s has no line %(line)s.", order=order.name, line=reference),
                pointer,
                open_exception=False,
            )
        return line[0]

    def _check_not_cancelled(self, order):
        if order.state == "cancel":
            raise BusinessError(
                "order_is_cancelled",
                _("Order %s is cancelled.", order.name),
                "/reference",
                status=409,
                open_exception=False,
            )

    def _check_owner(self, message, order, state):
        """:raises OwnershipConflict: another system says whether the order is confirmed or cancelled"""
        self.env["dist.ownership"]._filter_inbound(
            message, order, {"state": state}, {"state": "/reference"}, undivided=True
        )

    def _get_order_answer(self, order, status):
        """:return: dict, the order as it stands now, and what became of the message"""
        views = self.env["dist.order.view"]
        head = views._get_head(order)
        names = ("reference", "order", "currency", "amount_untaxed", "amount_tax", "amount_total")
        lines = [views._get_ordered_line(line) for line in views._get_lines(order)]
        return {"status": status, **{name: head[name] for name in names}, "lines": lines}
