from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, MissingMapping

from ..series import PURCHASE_UNIT


class PurchaseHandler(models.AbstractModel):
    """What messages of suppliers have in common: which order they are about, whose it is, which line and item."""

    _name = "dist.handler.purchase"
    _inherit = "dist.handler"
    _description = "Handler of a supplier's message"

    def _get_external_id(self, payload):
        return payload.get("number") or payload.get("order")

    def _get_lock_keys(self, message, payload):
        return [f"purchase.order/{message.company_id.id}/{number}" for number in self._get_orders(payload)]

    def _get_orders(self, payload):
        """:return: set of the numbers of our orders that a message names"""
        return {payload["order"]} if payload.get("order") else set()

    def _get_payload_impact(self, message, payload):
        """The order it names; without one, what the message itself counts."""
        number = (payload or {}).get("order")
        order = self._search_order(message, number) if isinstance(number, str) else None
        if order:
            return order._dist_get_impact()
        impact = super()._get_payload_impact(message, payload)
        return {**impact, "orders": 1, "lines": len(self._get_payload_lines(payload))}

    # order and supplier

    def _search_order(self, message, number):
        return self.env["purchase.order"].search(
            [("name", "=", number), ("company_id", "=", message.company_id.id)], limit=1
        )

    def _find_order(self, message, number, pointer):
        """:return: purchase.order
        :raises BusinessError: there is none
        """
        order = self._search_order(message, number)
        if not order:
            raise BusinessError(
                "unknown_order",
                _("There is no purchase order %s.", number),
                pointer,
                suggestion=_("Ask the supplier which order is meant, then correct the number and resubmit."),
            )
        return order

    def _check_open(self, order, pointer):
        """:raises BusinessError: the order does not take changes"""
        if order.state != "purchase" or order._dist_is_locked():
            labels = dict(order._fields["state"]._description_selection(self.env))
            raise BusinessError(
                "order_not_open",
                _(
                    "%(order)s is not open: %(state)s.",
                    order=order.name,
                    state=_("Locked") if order._dist_is_locked() else labels[order.state],
                ),
                pointer,
                record=order,
                severity="high" if order.state == "cancel" else "normal",
                suggestion=_(
                    "Confirm or unlock the order and use Retry. If it was cancelled, tell the supplier and ignore this."
                ),
            )

    def _get_sender(self, message):
        """:return: dist.edi.partner that sent a message
        :raises BusinessError: its profile does not say which contact it is
        """
        sender = self.env["dist.edi.document"]._find_of_message(message).edi_partner_id
        if not sender.partner_id:
            raise BusinessError(
                "supplier_unknown",
                _(
                    "The profile of %s does not say which contact it is.",
                    sender.name or message.system_id.name,
                ),
                severity="high",
                suggestion=_("Choose the contact in the trading partner's profile, then use Retry."),
            )
        return sender

    def _check_supplier(self, sender, order, pointer):
        """:raises BusinessError: the order is with somebody else"""
        if sender.partner_id.commercial_partner_id != order.partner_id.commercial_partner_id:
            raise BusinessError(
                "not_the_supplier",
                _(
                    "%(sender)s is not the supplier of %(order)s, which is with %(supplier)s.",
                    sender=sender.name,
                    order=order.name,
                    supplier=order.partner_id.display_name,
                ),
                pointer,
                severity="high",
                suggestion=_("Ask the sender which order is meant, then correct the number and resubmit."),
            )

    def _check_currency(self, order, code, pointer):
        """:param code: as a message has it; None where it says nothing
        :raises BusinessError: it is not the order's
        """
        if code and code != order.currency_id.name:
            raise BusinessError(
                "currency_differs",
                _(
                    "%(order)s is in %(ours)s, the supplier says %(theirs)s.",
                    order=order.name,
                    ours=order.currency_id.name,
                    theirs=code,
                ),
                pointer,
                record=order,
                suggestion=_("Agree on the currency with the supplier, then correct and resubmit."),
            )

    # lines and items

    def _get_order_lines(self, order):
        return order.order_line.filtered(lambda line: not line.display_type)

    # whether suppliers number the lines of this message as the order does
    _dist_keeps_numbers = False

    def _find_order_line(self, message, order, line, pointer):
        """The order line that a line of a message means: by its item, and by the number it has with the supplier.

        :param line: dict with ``line``, ``item`` or both
        :return: (purchase.order.line, empty for what was not ordered; product.product that is named, may be empty)
        :raises BusinessError: several could be meant, or number and item do not agree
        """
        lines = self._get_order_lines(order)
        product = self._match_product(message, order.partner_id, line.get("item", {}))
        numbered = lines.filtered(lambda one: line.get("line") and one.dist_line_ref == line["line"])
        named = lines.filtered(lambda one: product and one.product_id == product)
        if numbered and (not product or numbered in named or self._names_substitute(line)):
            return numbered, product
        if numbered and not named and self._dist_keeps_numbers:
            raise self._prepare_mismatch(order, numbered, product, pointer)
        if len(named) > 1:
            raise self._prepare_ambiguous(order, product, pointer)
        return named, product

    def _names_substitute(self, line):
        """Whether the item of a line may be another one than ordered."""
        return False

    def _prepare_ambiguous(self, order, product, pointer):
        return BusinessError(
            "ambiguous_line",
            _(
                "%(product)s is on several lines of %(order)s; the message does not say which.",
                product=product.display_name,
                order=order.name,
            ),
            pointer,
            record=order,
            suggestion=_("Ask the supplier for the number of the line, then correct and resubmit."),
        )

    def _prepare_mismatch(self, order, own, product, pointer):
        return BusinessError(
            "line_mismatch",
            _(
                "Line %(line)s of %(order)s is %(ours)s, the supplier says %(theirs)s.",
                line=own.dist_line_ref,
                order=order.name,
                ours=own.product_id.display_name,
                theirs=product.display_name,
            ),
            pointer,
            record=order,
            suggestion=_("Ask the supplier which is right, then correct and resubmit."),
        )

    def _match_product(self, message, supplier, item):
        """Product of an item, by the supplier's number in the code map, by ours, by the supplier's price list.

        :param supplier: res.partner
        :return: product.product, empty when nobody knows it
        """
        number = item.get("supplier_sku")
        known = number and self.env["dist.code.map"]._find(message.system_id, "product", number)
        if getattr(known, "_name", None) == "product.product":
            return known
        ours = {name: item[name] for name in ("sku", "gtin") if item.get(name)}
        found = self._find_known_products(message, [ours])[0] if ours else self.env["product.product"]
        return found or self._find_in_price_list(supplier, number)

    def _match_products(self, message, supplier, items):
        """Products of many items, with a handful of queries.

        :param items: list of dicts of numbers
        :return: list of product.product, in the same order, empty for those that nobody knows
        """
        mapped = self._read_known_products(
            message.system_id, {item["supplier_sku"] for item in items if item.get("supplier_sku")}
        )
        known = self._find_known_products(message, items)
        return [
            mapped.get(item.get("supplier_sku"))
            or product
            or self._find_in_price_list(supplier, item.get("supplier_sku"))
            for item, product in zip(items, known, strict=True)
        ]

    def _find_in_price_list(self, supplier, number):
        """:return: the only product that the supplier calls so; empty when there is none, or several"""
        if not number:
            return self.env["product.product"]
        sellers = self.env["product.supplierinfo"].search(
            [
                ("product_code", "=", number),
                ("partner_id", "in", (supplier | supplier.commercial_partner_id).ids),
                ("company_id", "in", (False, self.env.company.id)),
            ]
        )
        found = self.env["product.product"].union(
            *(seller.product_id or seller.product_tmpl_id.product_variant_ids for seller in sellers)
        )
        return found if len(found) == 1 else found.browse()

    def _require_product(self, product, item, pointer):
        """:raises MissingMapping: nobody knows what the item is"""
        if not product:
            code = item.get("supplier_sku") or item.get("sku") or item.get("gtin")
            raise MissingMapping(
                "product",
                code,
                pointer,
                _("The supplier's item %s is not known here.", code),
                model="product.product",
            )
        return product

    def _read_unit(self, message, code, known, pointer):
        """:param known: uom.uom that holds where no code is given
        :return: uom.uom
        :raises ApplyError: the code is not known, or counts something else
        """
        if not code:
            return known
        unit = self._find_unit(message, code, pointer, known)
        if not self._is_same_kind(unit, known):
            raise BusinessError(
                "unit_mismatch",
                _("%(unit)s cannot be turned into %(own)s.", unit=unit.name, own=known.name),
                pointer,
            )
        return unit

    def _get_line_unit(self, line):
        """:param line: purchase.order.line
        :return: uom.uom
        """
        return line[PURCHASE_UNIT]
