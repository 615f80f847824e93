from odoo import models


class InvoiceTranslator(models.AbstractModel):
    """A supplier's invoice or credit note: 810 and INVOIC."""

    _name = "dist.edi.translator.invoice"
    _inherit = "dist.edi.translator.purchase"
    _description = "EDI invoice to invoiced purchase"

    def _to_message(self, document, canonical):
        is_negative = canonical["amount_total"].startswith("-")
        is_credit = canonical["type"] == "credit_note" or is_negative
        signed = _flip if is_negative else _keep
        taxes = [tax["amount"] for tax in canonical.get("taxes", []) if tax.get("amount")]
        return self._strip(
            {
                "number": canonical["number"],
                "type": "credit_note" if is_credit else "invoice",
                "invoiced_on": canonical["invoice_date"],
                "due_on": canonical.get("terms", {}).get("due_date"),
                "order": canonical.get("order"),
                "credited_invoice": canonical.get("credited_invoice")
                or self._get_credited(canonical, is_credit),
                "currency": canonical.get("currency"),
                "amount_untaxed": signed(canonical.get("amount_untaxed")),
                "amount_tax": signed(canonical.get("amount_tax") or self._add_up(taxes)),
                "amount_total": signed(canonical["amount_total"]),
                "charges": self._get_charges(canonical, signed),
                "note": self._get_note(canonical),
            }
        ) | {"lines": [self._get_line(line, is_negative) for line in canonical.get("lines", [])]}

    def _get_credited(self, canonical, is_credit):
        """:return: number of the invoice that an X12 credit refers to"""
        references = canonical.get("references", []) if is_credit else []
        return next((one["number"] for one in references if one.get("type") == "invoice"), None)

    def _add_up(self, amounts):
        handler = self.env["dist.handler"]
        return f"{sum(handler._decimal(amount) for amount in amounts):f}" if amounts else None

    def _get_charges(self, told, signed):
        """Charges above zero, allowances below; one that names only a per cent is in the total."""
        return [
            self._strip(
                {
                    "description": charge.get("description") or charge.get("code"),
                    "amount": signed(
                        _flip(charge["amount"]) if charge["type"] == "allowance" else charge["amount"]
                    ),
                }
            )
            for charge in told.get("charges", [])
            if charge.get("amount")
        ]

    def _get_line(self, line, is_negative):
        """:param is_negative: of an invoice below zero the quantities are, not the prices"""
        signed = _flip if is_negative else _keep
        references = [one for one in line.get("references", []) if one.get("type") == "purchase_order"]
        order = references[0] if references else {}
        return self._strip(
            {
                "line": line.get("line"),
                "order": line.get("order") or order.get("number"),
                "order_line": line.get("order_line") or order.get("line"),
                "item": self._get_bought_item(line.get("item", {})),
                "description": line.get("description"),
                "quantity": _unsign(line["quantity"]) if is_negative else line["quantity"],
                "unit": line.get("unit"),
                "unit_price": _unsign(self._get_price(line)) if is_negative else self._get_price(line),
                "amount": signed(line.get("line_total")),
                "charges": self._get_charges(line, signed),
            }
        )


def _keep(amount):
    return amount


def _flip(amount):
    """:return: decimal text of the opposite amount"""
    if not amount:
        return amount
    return amount[1:] if amount.startswith("-") else f"-{amount}"


def _unsign(amount):
    return amount and amount.removeprefix("-")
