from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult
from odoo.addons.dist_integration_wms.lib.confirmation import digest_of

from ...lib.invoices import read_net_price


class PurchaseInvoicedHandler(models.AbstractModel):
    """A supplier invoices: what matches order and receipt becomes a bill, what does not a person decides."""

    _name = "dist.handler.purchase.invoiced"
    _inherit = "dist.handler.purchase"
    _description = "Purchase invoiced"

    def _get_orders(self, payload):
        lines = {line["order"] for line in payload["lines"] if line.get("order")}
        return super()._get_orders(payload) | lines

    def _get_lock_keys(self, message, payload):
        number = f"supplier.invoice/{message.company_id.id}/{payload['number']}"
        return [number, *super()._get_lock_keys(message, payload)]

    def _apply(self, message, payload):
        sender, digest = self._get_sender(message), digest_of(payload)
        invoices = self.env["dist.supplier.invoice"]
        known = invoices._find_known(sender, payload["type"], payload["number"])
        if known:
            self._check_same(known, digest)
            return HandlerResult(known._get_answer(), record=known)
        self._check_not_entered(message, payload, sender)
        self._check_owner(message, payload)
        invoice = invoices.create(self._prepare_invoice(message, payload, sender, digest))
        invoice._settle()
        return HandlerResult(invoice._get_answer(), record=invoice)

    # duplicates

    def _check_same(self, known, digest):
        """:raises BusinessError: the number came before, with other content"""
        if known.digest != digest:
            raise BusinessError(
                "invoice_number_reused",
                _(
                    "Invoice %(number)s of %(supplier)s came before with other content. Nothing was changed.",
                    number=known.external_id,
                    supplier=known.partner_id.name,
                ),
                "/number",
                status=409,
                record=known,
                severity="high",
                suggestion=_(
                    "Ask the supplier which one counts. Refuse the former one if it still waits, then use Retry."
                ),
            )

    def _check_not_entered(self, message, payload, sender):
        """:raises BusinessError: somebody has entered a bill under this number"""
        move_type = "in_refund" if payload["type"] == "credit_note" else "in_invoice"
        bill = self.env["dist.supplier.invoice"]._find_bill(
            move_type, payload["number"], sender.partner_id, message.company_id
        )
        if bill:
            raise BusinessError(
                "bill_exists",
                _(
                    "Invoice %(number)s of %(supplier)s is in the books already: %(bill)s.",
                    number=payload["number"],
                    supplier=sender.partner_id.name,
                    bill=bill.display_name,
                ),
                "/number",
                status=409,
                record=bill,
                suggestion=_("Ignore this one, or cancel the bill and use Retry."),
            )

    def _check_owner(self, message, payload):
        """An invoice is taken as a whole or not at all.

        :raises OwnershipConflict: invoices are made by another system
        """
        fields = {"invoice_date": "invoiced_on", "invoice_date_due": "due_on", "invoice_line_ids": "lines"}
        vals = {name: payload[key] for name, key in fields.items() if payload.get(key)}
        pointers = {name: f"/{key}" for name, key in fields.items()}
        self.env["dist.ownership"]._filter_inbound(
            message, self.env["account.move"], vals, pointers, undivided=True
        )

    # reading

    def _prepare_invoice(self, message, payload, sender, digest):
        orders = {
            number: self._find_own_order(message, sender, payload, number)
            for number in self._get_orders(payload)
        }
        currency = self._find_currency(payload, orders, sender)
        lines = [
            self._prepare_line(message, payload, orders, currency, line, f"/lines/{place}")
            for place, line in enumerate(payload["lines"])
        ]
        unnamed = _("Charges and allowances")
        charges = [
            {
                "is_charge": True,
                "quantity": 1.0,
                "price": float(charge["amount"]),
                "description": charge.get("description") or unnamed,
            }
            for charge in payload.get("charges", [])
        ]
        amounts = {
            name: float(payload[name])
            for name in ("amount_untaxed", "amount_tax", "amount_total")
            if name in payload
        }
        return {
            "external_id": payload["number"],
            "kind": payload["type"],
            "edi_partner_id": sender.id,
            "partner_id": sender.partner_id.id,
            "company_id": message.company_id.id,
            "currency_id": currency.id,
            "message_id": message.id,
            "invoiced_on": payload["invoiced_on"],
            "due_on": payload.get("due_on"),
            "credited_invoice": payload.get("credited_invoice"),
            **amounts,
            "note": payload.get("note"),
            "digest": digest,
            "line_ids": [(0, 0, vals) for vals in [*lines, *charges]],
        }

    def _find_own_order(self, message, sender, payload, number):
        pointer = "/order" if number == payload.get("order") else "/lines"
        order = self._find_order(message, number, pointer)
        self._check_supplier(sender, order, pointer)
        self._check_currency(order, payload.get("currency"), "/currency")
        return order

    def _find_currency(self, payload, orders, sender):
        """:return: res.currency; the orders' where the invoice names none
        :raises BusinessError: it is not one that is used here, or cannot be told
        """
        currencies = self.env["res.currency"]
        if payload.get("currency"):
            found = currencies.search([("name", "=", payload["currency"])], limit=1)
        else:
            found = currencies.union(*(order.currency_id for order in orders.values()))
            found = found or sender.company_id.currency_id
        if len(found) != 1:
            raise BusinessError(
                "unknown_currency",
                _("The currency of the invoice cannot be told, or is not used here."),
                "/currency",
                suggestion=_("Activate the currency and use Retry, or have the supplier name it."),
            )
        return found

    def _prepare_line(self, message, payload, orders, currency, line, pointer):
        order = orders.get(line.get("order") or payload.get("order"))
        if not order:
            return self._prepare_unordered(line, currency)
        named = {"line": line.get("order_line") or line.get("line"), "item": line.get("item", {})}
        own, product = self._find_order_line(message, order, named, pointer)
        if not own:
            return {**self._prepare_unordered(line, currency), "product_id": product.id}
        unit = self._get_line_unit(own)
        told_unit = self._read_unit(message, line.get("unit"), unit, f"{pointer}/unit")
        price = read_net_price(line, currency.decimal_places)
        return {
            "order_line_id": own.id,
            "line_ref": line.get("line"),
            "product_id": own.product_id.id,
            "uom_id": unit.id,
            "description": line.get("description") or own.name,
            "quantity": told_unit._compute_quantity(float(line["quantity"]), unit),
            "price": own.price_unit_discounted
            if price is None
            else told_unit._compute_price(float(price), unit),
        }

    def _prepare_unordered(self, line, currency):
        price = read_net_price(line, currency.decimal_places)
        item = line.get("item", {})
        number = item.get("sku") or item.get("supplier_sku") or item.get("gtin")
        return {
            "line_ref": line.get("line"),
            "description": line.get("description") or number or _("Not named"),
            "quantity": float(line["quantity"]),
            "price": float(price or 0),
        }
