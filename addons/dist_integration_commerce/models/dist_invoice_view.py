from odoo import models


class DistInvoiceView(models.AbstractModel):
    _name = "dist.invoice.view"
    _inherit = "dist.view"
    _description = "Invoice as systems see it"

    def _get_view(self, invoice):
        return {
            **self._get_summary(invoice),
            "lines": [self._get_line(line) for line in self._get_lines(invoice)],
            "taxes": self._get_taxes(invoice),
        }

    def _get_summary(self, invoice):
        """One invoice in a list or in an event."""
        currency = invoice.currency_id
        return {
            "number": invoice.name,
            "type": self._get_type(invoice),
            "status": "cancelled" if invoice.state == "cancel" else "posted",
            "orders": self._get_order_references(invoice),
            "credited_invoice": invoice.reversed_entry_id.name or None,
            "customer": invoice.partner_id.name,
            "invoice_date": self._format_date(invoice.invoice_date),
            "due_date": self._format_date(invoice.invoice_date_due),
            "payment_reference": invoice.payment_reference or None,
            "payment_status": invoice.payment_state,
            "currency": currency.name,
            "amount_untaxed": self._format_amount(invoice.amount_untaxed, currency),
            "amount_tax": self._format_amount(invoice.amount_tax, currency),
            "amount_total": self._format_amount(invoice.amount_total, currency),
            "amount_due": self._format_amount(invoice.amount_residual, currency),
            "updated_at": self._format_moment(invoice.write_date),
        }

    def _get_type(self, invoice):
        return "credit_note" if invoice.move_type == "out_refund" else "invoice"

    def _get_order_references(self, invoice):
        orders = invoice.invoice_line_ids.sale_line_ids.order_id
        return [order.dist_external_ref or order.name for order in orders.sorted("id")]

    def _get_lines(self, invoice):
        return invoice.invoice_line_ids.filtered(lambda line: line.display_type == "product")

    def _get_line(self, line):
        return {
            "line": line.sale_line_ids[:1].dist_line_ref or None,
            "sku": line.product_id.default_code or None,
            "description": line.name or None,
            "quantity": self._format_quantity(line.quantity),
            "unit": line.product_uom_id.name or None,
            "unit_price": self._format_quantity(line.price_unit),
            "discount": self._format_quantity(line.discount),
            "amount_untaxed": self._format_amount(line.price_subtotal, line.currency_id),
            "taxes": [tax.name for tax in self._flatten(line.tax_ids)],
        }

    def _get_taxes(self, invoice):
        """What is due by tax: base of the lines that carry it, amount of its tax lines."""
        bases, amounts = {}, {}
        for line in self._get_lines(invoice):
            for tax in self._flatten(line.tax_ids):
                bases[tax] = bases.get(tax, 0.0) + line.price_subtotal
        for line in invoice.line_ids.filtered("tax_line_id"):
            tax = line.tax_line_id
            amounts[tax] = amounts.get(tax, 0.0) + line.amount_currency * invoice.direction_sign
        return [
            {
                "tax": tax.name,
                "base": self._format_amount(base, invoice.currency_id),
                "amount": self._format_amount(amounts.get(tax, 0.0), invoice.currency_id),
            }
            for tax, base in bases.items()
        ]

    def _flatten(self, taxes):
        flat = self.env["account.tax"]
        for tax in taxes:
            flat |= tax.children_tax_ids if tax.amount_type == "group" else tax
        return flat
