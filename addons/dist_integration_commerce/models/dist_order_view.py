from odoo import models

SHIPPED = {"full": "shipped", "partial": "partly_shipped"}


class DistOrderView(models.AbstractModel):
    _name = "dist.order.view"
    _inherit = "dist.view"
    _description = "Sales order as systems see it"

    def _get_view(self, order):
        """The whole order: head, lines, shipments, invoices."""
        return {
            **self._get_head(order),
            "lines": [self._get_line(line) for line in self._get_lines(order)],
            "shipments": [self._get_shipment(picking) for picking in self._get_shipments(order)],
            "invoices": [self._get_invoice(invoice) for invoice in self._get_invoices(order)],
            "updated_at": self._format_moment(self._get_updated_at(order)),
        }

    def _get_head(self, order):
        return {
            "reference": order.dist_external_ref or order.client_order_ref or None,
            "order": order.name,
            "channel": order.dist_channel_id.code or None,
            "status": self._get_status(order),
            "hold_reason": (order.dist_hold_reason or None) if order.dist_state == "held" else None,
            "customer": order.partner_id.name,
            "ordered_at": self._format_moment(order.date_order),
            "requested_at": self._format_moment(order.commitment_date),
            "shipping_method": order.carrier_id.name or None,
            "currency": order.currency_id.name,
            "amount_untaxed": self._format_amount(order.amount_untaxed, order.currency_id),
            "amount_tax": self._format_amount(order.amount_tax, order.currency_id),
            "amount_total": self._format_amount(order.amount_total, order.currency_id),
        }

    def _get_status(self, order):
        if order.state == "cancel":
            return "cancelled"
        if order.state != "sale":
            return "held" if order.dist_state == "held" else "quotation"
        return SHIPPED.get(order.delivery_status, "confirmed")

    def _get_lines(self, order):
        return order.order_line.filtered(lambda line: not line.display_type)

    def _get_line(self, line):
        return {
            **self._get_ordered_line(line),
            "shipped_quantity": self._format_quantity(line.qty_delivered),
            "invoiced_quantity": self._format_quantity(line.qty_invoiced),
            **self._get_open_quantity(line),
        }

    def _get_open_quantity(self, line):
        """:return: dict with ``open_quantity``; empty when nobody knows it"""
        quantity = line._dist_get_open_quantity()
        return {} if quantity is None else {"open_quantity": self._format_quantity(quantity)}

    def _get_ordered_line(self, line):
        """What was ordered, without what became of it: read from the cache alone while an order is confirmed."""
        currency = line.order_id.currency_id
        price = line.price_unit * (1.0 - (line.discount or 0.0) / 100.0)
        return {
            "line": line.dist_line_ref or None,
            "sku": line.product_id.default_code or None,
            "description": line.name,
            "quantity": self._format_quantity(line.product_uom_qty),
            "unit": line._dist_get_unit().name,
            "unit_price": self._format_quantity(price),
            "amount_untaxed": self._format_amount(line.price_subtotal, currency),
        }

    def _get_shipments(self, order):
        return order.picking_ids.filtered(
            lambda picking: picking.picking_type_code == "outgoing" and picking.state != "cancel"
        ).sorted("id")

    def _get_shipment(self, picking):
        return {
            "shipment": picking.name,
            "status": "shipped" if picking.state == "done" else "open",
            "shipped_at": self._format_moment(picking.date_done),
            "planned_at": self._format_moment(picking.scheduled_date),
            "carrier": picking.carrier_id.name or None,
            "tracking": picking.carrier_tracking_ref or None,
            # computed at each reading
            "tracking_url": (picking.carrier_tracking_ref and picking.carrier_tracking_url) or None,
        }

    def _get_invoices(self, order):
        return order.invoice_ids.filtered("posted_before").sorted("id")

    def _get_invoice(self, invoice):
        views = self.env["dist.invoice.view"]
        return {
            "number": invoice.name,
            "type": views._get_type(invoice),
            "payment_status": invoice.payment_state,
            "amount_total": self._format_amount(invoice.amount_total, invoice.currency_id),
            "amount_due": self._format_amount(invoice.amount_residual, invoice.currency_id),
        }

    def _get_updated_at(self, order):
        """When something of an order changed: itself, a delivery, also one that was cancelled, a return, an invoice."""
        pickings = order.picking_ids.filtered(lambda picking: picking.picking_type_code != "internal")
        moments = [order.write_date, *pickings.mapped("write_date")]
        return max(moments + self._get_invoices(order).mapped("write_date"))

    def _get_updated_domain(self, moment):
        """:return: domain of the orders whose `_get_updated_at` is not before a moment"""
        since = ("write_date", ">=", moment)
        posted = [("move_type", "in", ("out_invoice", "out_refund")), ("posted_before", "=", True), since]
        return [
            "|",
            "|",
            since,
            ("picking_ids", "any", [("picking_type_id.code", "!=", "internal"), since]),
            ("order_line.invoice_lines.move_id", "any", posted),
        ]

    def _get_summary(self, order):
        """One order in a list."""
        return {
            **self._get_head(order),
            "updated_at": self._format_moment(self._get_updated_at(order)),
        }
