from datetime import timedelta

from odoo import _, models

from odoo.addons.dist_integration_base.lib import gs1
from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult
from odoo.addons.dist_integration_wms.lib.confirmation import digest_of


class PurchaseShippedHandler(models.AbstractModel):
    """A supplier has shipped: the receipt expects the goods with their lots and packages."""

    _name = "dist.handler.purchase.shipped"
    _inherit = "dist.handler.purchase"
    _description = "Purchase shipped"

    def _get_orders(self, payload):
        lines = {line["order"] for line in payload.get("lines", []) if line.get("order")}
        return super()._get_orders(payload) | lines

    def _get_lock_keys(self, message, payload):
        number = f"supplier.shipment/{message.company_id.id}/{payload['number']}"
        return [number, *super()._get_lock_keys(message, payload)]

    def _apply(self, message, payload):
        sender, digest = self._get_sender(message), digest_of(payload)
        shipments = self.env["dist.supplier.shipment"]
        known = shipments._find_known(sender, payload["number"])
        if known.digest == digest:
            return HandlerResult(known._get_answer(), record=known)
        if payload["purpose"] == "cancel":
            return self._cancel(sender, known, payload)
        if known:
            self._check_replaces(known, payload)
            known._withdraw()
        shipment = shipments.create(self._prepare_shipment(message, payload, sender, digest))
        shipment._announce()
        return HandlerResult(shipment._get_answer(), record=shipment)

    def _cancel(self, sender, known, payload):
        if not known:
            known = known._find_cancelled(sender, payload["number"])
        if not known:
            raise BusinessError(
                "unknown_shipment",
                _("There is no shipment %s that could be cancelled.", payload["number"]),
                "/number",
                suggestion=_("Ask the supplier which shipment is meant."),
            )
        if known.state == "expected":
            known._withdraw()
        return HandlerResult(known._get_answer(), record=known)

    def _check_replaces(self, known, payload):
        """:raises BusinessError: the number came before, with other content"""
        if payload["purpose"] != "replace":
            raise BusinessError(
                "shipment_number_reused",
                _(
                    "Shipment %s was announced before with other content. Nothing was changed.",
                    known.external_id,
                ),
                "/number",
                status=409,
                record=known,
                suggestion=_("Ask the supplier which one counts, and have it sent as a replacement."),
            )

    # reading

    def _prepare_shipment(self, message, payload, sender, digest):
        orders = {
            number: self._find_own_order(message, sender, payload, number)
            for number in self._get_orders(payload)
        }
        shipped, expected = (
            self._read_moment(payload, "shipped_at"),
            self._read_moment(payload, "expected_at"),
        )
        if shipped and not expected and sender.transit_days:
            expected = shipped + timedelta(days=sender.transit_days)
        packages = {package["package"]: package for package in payload.get("packages", [])}
        return {
            "external_id": payload["number"],
            "edi_partner_id": sender.id,
            "partner_id": sender.partner_id.id,
            "company_id": message.company_id.id,
            "message_id": message.id,
            "shipped_at": shipped,
            "expected_at": expected,
            **{name: payload.get(name) for name in ("carrier", "tracking", "bill_of_lading", "note")},
            "digest": digest,
            "line_ids": [
                (0, 0, self._prepare_line(message, payload, orders, packages, line, f"/lines/{place}"))
                for place, line in enumerate(payload.get("lines", []))
            ],
        }

    def _find_own_order(self, message, sender, payload, number):
        pointer = "/order" if number == payload.get("order") else "/lines"
        order = self._find_order(message, number, pointer)
        self._check_supplier(sender, order, pointer)
        self._check_open(order, pointer)
        return order

    def _prepare_line(self, message, payload, orders, packages, line, pointer):
        order = orders.get(line.get("order") or payload.get("order"))
        if not order:
            raise BusinessError(
                "order_missing",
                _("The notice does not say of which order the goods are."),
                pointer,
                suggestion=_("Ask the supplier for the number of the order, then correct and resubmit."),
            )
        named = {"line": line.get("order_line") or line.get("line"), "item": line["item"]}
        own, product = self._find_order_line(message, order, named, pointer)
        product = own.product_id or self._require_product(product, line["item"], f"{pointer}/item")
        unit = self._get_line_unit(own) or product.uom_id
        told_unit = self._read_unit(message, line.get("unit"), unit, f"{pointer}/unit")
        package = packages.get(line.get("package"), {})
        sscc, problem = self._read_sscc(package)
        return {
            "line_ref": line.get("line"),
            "order_line_id": own.id,
            "product_id": product.id,
            "uom_id": unit.id,
            "quantity": told_unit._compute_quantity(float(line["quantity"]), unit),
            "lot_name": line.get("lot"),
            "expiry": line.get("expiry"),
            "package": line.get("package"),
            "sscc": sscc,
            "outer_package": package.get("within"),
            "differences": problem,
        }

    def _read_sscc(self, package):
        """An SSCC that is none, or that came before, is told of; the goods are expected without it.

        :return: (SSCC, sentence on what is wrong with it); None for each that there is not
        """
        if not package.get("sscc"):
            return None, None
        try:
            sscc = gs1.validate_sscc(package["sscc"])
        except gs1.InvalidCodeError:
            return None, _("the SSCC %s is none: its check digit is wrong", package["sscc"])
        if self.env["stock.quant.package"].search([("name", "=", sscc)], limit=1):
            return None, _("the SSCC %s came before", sscc)
        return sscc, None
