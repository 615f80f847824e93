from odoo import models

from ...lib.separators import X12


class InvoiceDocumentSerializer(models.AbstractModel):
    """An invoice or credit note: 810 and INVOIC."""

    _name = "dist.serializer.invoice.document"
    _inherit = "dist.serializer.edi.document"
    _description = "Invoice document: canonical message"

    _dist_code = "invoice.document"

    def _is_relevant(self, record):
        return bool(
            record.state == "posted"
            and record.move_type in ("out_invoice", "out_refund")
            and super()._is_relevant(record)
        )

    def _get_payload(self, record):
        partner = self._get_receiver(record)
        views, currency = self.env["dist.invoice.view"], record.currency_id
        orders = record.invoice_line_ids.sale_line_ids.order_id.sorted("id")
        originals = {order: self._get_original(order) for order in orders}
        # what an invoice of several orders says of them stands in its lines
        order = orders if len(orders) == 1 else orders.browse()
        original = originals.get(order, {})
        return self._strip(
            {
                "number": record.name,
                "type": views._get_type(record),
                "invoice_date": views._format_date(record.invoice_date),
                **(self._get_order_names(order, original) if order else {}),
                "order_date": original.get("order_date"),
                "credited_invoice": record.reversed_entry_id.name,
                "currency": currency.name,
                "parties": self._get_common_parties(originals.values())
                or {"invoice_to": self._get_party(record.partner_id, partner.identifier)},
                "terms": self._strip({"due_date": views._format_date(record.invoice_date_due)}),
                "amount_untaxed": views._format_amount(record.amount_untaxed, currency),
                "amount_tax": views._format_amount(record.amount_tax, currency),
                "amount_total": views._format_amount(record.amount_total, currency),
                "taxes": self._get_taxes(partner, record),
                "lines": self._get_lines(partner, views._get_lines(record), originals),
            }
        )

    def _get_common_parties(self, originals):
        """:return: dict of the parties that all these orders have"""
        parties = [original.get("parties", {}) for original in originals]
        return {
            role: party
            for role, party in (parties[0] if parties else {}).items()
            if all(other.get(role) == party for other in parties)
        }

    def _get_lines(self, partner, lines, originals):
        """:param originals: dict, each sales order of the invoice to the order as the partner sent it"""
        ordered = {order: self._get_original_lines(original) for order, original in originals.items()}
        found = []
        for place, line in enumerate(lines, 1):
            order = line.sale_line_ids[:1].order_id
            told = self._get_line(partner, line, place, ordered.get(order, {}))
            if order and len(originals) > 1:
                names = self._get_order_names(order, originals[order])
                # the numbers of the lines are those of several orders
                told |= {"line": str(place), **self._get_order_reference(partner, names, told["line"])}
            found.append(told)
        return found

    def _get_order_reference(self, partner, names, line):
        """:param names: dict, as of `_get_order_names`
        :return: dict of a line's order, as the standard of the partner tells it; empty where the partner gave no number
        """
        if not names["order"]:
            return {}
        if partner.standard == X12:
            kinds = {"purchase_order": names["order"], "release": names["release"]}
            return {
                "references": [{"type": kind, "number": number} for kind, number in kinds.items() if number]
            }
        return {"order": names["order"], "order_line": line}

    def _get_line(self, partner, line, place, originals):
        views, sold = self.env["dist.invoice.view"], line.sale_line_ids[:1]
        price = views._format_quantity(line.price_unit * (1.0 - (line.discount or 0.0) / 100.0))
        if sold:
            told = self._get_sold_line(partner, sold, line.quantity, line.product_uom_id, originals)
        else:
            told = {
                "item": self._get_item(partner, line.product_id, "supplier_sku", "buyer_sku")
                if line.product_id
                else {"supplier_sku": (line.name or "?")[:48]},
                "quantity": views._format_quantity(line.quantity),
                "unit": self._get_unit(partner, line.product_uom_id) if line.product_uom_id else "EA",
            }
        return self._strip(
            {
                "line": str(place),
                **told,
                "unit_price": price,
                "line_total": views._format_amount(line.price_subtotal, line.currency_id),
                "description": (line.product_id.name or line.name or "")[:80],
            }
        )

    def _get_taxes(self, partner, move):
        """Each tax with what it is computed on; X12 names the kind of tax by a code."""
        views = self.env["dist.invoice.view"]
        percents = {
            tax.name: tax.amount for tax in move.invoice_line_ids.tax_ids if tax.amount_type == "percent"
        }
        return [
            self._strip(
                {
                    "tax": "TX" if partner.standard == X12 else "VAT",
                    "percent": views._format_quantity(percents[tax["tax"]])
                    if tax["tax"] in percents
                    else None,
                    "base": tax["base"],
                    "amount": tax["amount"],
                }
            )
            for tax in views._get_taxes(move)
        ]
