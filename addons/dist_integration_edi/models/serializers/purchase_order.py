from odoo import models

from ..series import PURCHASE_UNIT


class PurchaseOrderSerializer(models.AbstractModel):
    """A purchase order to a supplier: 850 and ORDERS."""

    _name = "dist.serializer.purchase.order"
    _inherit = "dist.serializer.edi.document"
    _description = "Purchase order: canonical message"

    _dist_code = "purchase.order"

    def _is_relevant(self, record):
        return bool(record._dist_is_transmittable() and super()._is_relevant(record))

    def _get_payload(self, record):
        partner = self._get_receiver(record)
        views = self._get_views()
        own = record.picking_type_id.warehouse_id.partner_id or record.company_id.partner_id
        place = record.dest_address_id or own
        lines = record.order_line.filtered(lambda line: not line.display_type)
        planned = record.date_planned
        return self._strip(
            {
                "number": record.name,
                "purpose": "original",
                "order_date": views._format_date(record.date_order.date()),
                "requested_date": views._format_date(planned.date()) if planned else None,
                "currency": record.currency_id.name,
                "parties": {
                    "buyer": self._get_party(record.company_id.partner_id, partner.own_identifier),
                    "supplier": self._get_party(record.partner_id, partner.identifier),
                    "ship_to": self._get_party(place),
                },
                "amount_total": views._format_amount(record.amount_total, record.currency_id),
                "lines": [self._get_line(partner, line) for line in lines],
            }
        )

    def _get_line(self, partner, line):
        views = self._get_views()
        item = self._get_item(partner, line.product_id, "buyer_sku", "supplier_sku")
        known = line.product_id._select_seller(partner_id=line.partner_id, quantity=None).product_code
        if known:
            item["supplier_sku"] = known
        return self._strip(
            {
                "line": line.dist_line_ref,
                "item": item,
                "quantity": views._format_quantity(line.product_qty),
                "unit": self._get_unit(partner, line[PURCHASE_UNIT]),
                "unit_price": views._format_quantity(line.price_unit_discounted),
                "description": (line.product_id.name or line.name or "")[:80],
                "requested_date": views._format_date(line.date_planned.date()) if line.date_planned else None,
            }
        )
