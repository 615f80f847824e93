from odoo import _, models
from odoo.tools import float_compare, float_is_zero

from odoo.addons.dist_integration_base.lib.handling import BusinessError, ExceptionSpec, HandlerResult
from odoo.addons.dist_integration_commerce.lib.submission import format_decimal
from odoo.addons.dist_integration_wms.lib.confirmation import digest_of

DIFFERS = "received_otherwise"


class SaleReceivedHandler(models.AbstractModel):
    """A customer says what of a delivery it has received; whatever is missing or broken is for a person."""

    _name = "dist.handler.sale.received"
    _inherit = "dist.handler"
    _description = "Sale received"

    def _get_external_id(self, payload):
        return payload.get("number")

    def _get_lock_keys(self, message, payload):
        return [f"sale.received/{message.system_id.id}/{payload.get('delivery') or payload.get('order')}"]

    def _apply(self, message, payload):
        picking, digest = self._find_delivery(message, payload), digest_of(payload)
        differences = self._compare(message, payload, picking)
        if picking.dist_customer_receipt_digest != digest:
            self._note(message, payload, picking, digest, differences)
        answer = {
            "status": "differs" if differences else "received",
            "delivery": picking.name,
            **({"differences": differences} if differences else {}),
        }
        specs = [self._prepare_exception(picking, payload, differences)] if differences else []
        return HandlerResult(answer, record=picking, exceptions=specs)

    def _note(self, message, payload, picking, digest, differences):
        picking.write(
            {
                "dist_customer_receipt": payload["number"],
                "dist_customer_received_at": self._read_moment(payload, "received_at") or message.received_at,
                "dist_customer_receipt_digest": digest,
            }
        )
        told = "; ".join(differences) or _("as it was shipped")
        picking.message_post(
            body=_("Received by the customer (%(number)s): %(told)s", number=payload["number"], told=told),
            subtype_xmlid="mail.mt_note",
        )

    def _prepare_exception(self, picking, payload, differences):
        return ExceptionSpec(
            category="business",
            code=DIFFERS,
            summary=_(
                "%(customer)s has received %(delivery)s otherwise than it was shipped",
                customer=picking.partner_id.commercial_partner_id.name,
                delivery=picking.name,
            ),
            detail="\n".join(differences),
            record=picking,
            suggestion=_("Clear it up with warehouse and carrier: credit what is missing, or send it again."),
            fingerprint=f"{DIFFERS}/{picking.id}",
        )

    # the delivery

    def _find_delivery(self, message, payload):
        """:return: stock.picking
        :raises BusinessError: none, or several could be meant
        """
        found = self._search_deliveries(message, payload)
        if len(found) == 1:
            return found
        raise BusinessError(
            "several_deliveries" if found else "unknown_delivery",
            _(
                "Order %(order)s has several deliveries, and the message does not say which: %(deliveries)s.",
                order=payload.get("order"),
                deliveries=", ".join(found.mapped("name")),
            )
            if found
            else _(
                "There is no delivery %s to this customer.", payload.get("delivery") or payload.get("order")
            ),
            "/delivery",
            suggestion=_("Ask the customer which delivery is meant, then correct the number and resubmit."),
        )

    def _search_deliveries(self, message, payload):
        sender = self.env["dist.edi.document"]._find_of_message(message).edi_partner_id
        domain = [
            ("company_id", "=", message.company_id.id),
            ("picking_type_code", "=", "outgoing"),
            ("state", "=", "done"),
            ("sale_id.partner_id", "child_of", sender.partner_id.commercial_partner_id.ids),
        ]
        pickings = self.env["stock.picking"]
        if payload.get("delivery"):
            return pickings.search([*domain, ("name", "=", payload["delivery"])])
        number = payload.get("order")
        order = ["|", ("sale_id.dist_external_ref", "=", number), ("sale_id.client_order_ref", "=", number)]
        return pickings.search([*domain, *order]) if number else pickings

    # comparing

    def _compare(self, message, payload, picking):
        """:return: list of sentences on what was received otherwise than it was shipped"""
        products = self._find_products(
            message,
            [(line["item"], f"/lines/{place}/item") for place, line in enumerate(payload.get("lines", []))],
        )
        received, damaged = {}, {}
        for place, (line, product) in enumerate(zip(payload.get("lines", []), products, strict=True)):
            unit = product.uom_id
            if line.get("unit"):
                unit = self._find_unit(message, line["unit"], f"/lines/{place}/unit", product.uom_id)
            for told, name in ((received, "quantity"), (damaged, "damaged_quantity")):
                quantity = self._convert_quantity(
                    line.get(name, "0"), unit, product, f"/lines/{place}/{name}"
                )
                told[product] = told.get(product, 0.0) + quantity
        shipped = {}
        for move in picking.move_ids.filtered(lambda move: move.state == "done"):
            shipped[move.product_id] = shipped.get(move.product_id, 0.0) + move.product_uom._compute_quantity(
                move.quantity, move.product_id.uom_id
            )
        return [
            sentence
            for product in {**shipped, **received}
            for sentence in self._tell(
                product, shipped.get(product, 0.0), received.get(product, 0.0), damaged.get(product, 0.0)
            )
        ]

    def _tell(self, product, shipped, received, damaged):
        rounding, names = (
            product.uom_id.rounding,
            {"product": product.display_name, "unit": product.uom_id.name},
        )
        if float_compare(shipped, received, precision_rounding=rounding):
            yield _(
                "%(product)s: shipped %(shipped)s %(unit)s, received %(received)s",
                shipped=format_decimal(shipped),
                received=format_decimal(received),
                **names,
            )
        if not float_is_zero(damaged, precision_rounding=rounding):
            yield _("%(product)s: %(damaged)s %(unit)s damaged", damaged=format_decimal(damaged), **names)

    def _get_payload_impact(self, message, payload):
        return {**self.env["base"]._dist_get_impact(), "lines": len(self._get_payload_lines(payload))}
