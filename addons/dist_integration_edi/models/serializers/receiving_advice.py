from odoo import models


class ReceivingAdviceSerializer(models.AbstractModel):
    """What came of a purchase order, and in which state: RECADV."""

    _name = "dist.serializer.receiving.advice"
    _inherit = "dist.serializer.edi.document"
    _description = "Receiving advice: canonical message"

    _dist_code = "receiving.advice"

    def _is_relevant(self, record):
        return bool(record.state == "done" and record.purchase_id and super()._is_relevant(record))

    def _get_payload(self, record):
        partner, order = self._get_receiver(record), record.purchase_id
        moment = self._get_views()._format_moment(record.date_done)
        return self._strip(
            {
                "number": record.name,
                "purpose": "original",
                "created_at": moment,
                "received_at": moment,
                "order": order.name,
                "ship_notice": record._dist_get_announced()[:1].external_id,
                "receipt": record.name,
                "parties": {
                    "buyer": self._get_party(order.company_id.partner_id, partner.own_identifier),
                    "supplier": self._get_party(order.partner_id, partner.identifier),
                },
                "lines": self._get_lines(partner, record),
            }
        )

    def _get_lines(self, partner, picking):
        damaged_places = self.env["stock.location"].search(
            [("id", "child_of", picking.picking_type_id.warehouse_id.dist_damaged_location_id.ids)]
        )
        lines = []
        for move_line in picking.move_line_ids.filtered("quantity").sorted("id"):
            bought = move_line.move_id.purchase_line_id
            if not bought:
                continue
            is_damaged = move_line.location_dest_id in damaged_places
            lines.append(self._get_line(partner, move_line, bought, is_damaged))
        return lines

    def _get_line(self, partner, move_line, bought, is_damaged):
        """A line for each lot and state of the goods, in the unit of the stock."""
        quantity = self._get_views()._format_quantity(move_line.quantity)
        lot = move_line.lot_id
        item = self._get_item(partner, move_line.product_id, "buyer_sku", "supplier_sku")
        return self._strip(
            {
                "line": bought.dist_line_ref,
                "order": bought.order_id.name,
                "order_line": bought.dist_line_ref,
                "item": item,
                "quantity": quantity,
                "accepted": "0" if is_damaged else quantity,
                "damaged": quantity if is_damaged else None,
                "unit": self._get_unit(partner, move_line.product_uom_id),
                "lot": lot.name,
                "expiry": self._get_views()._format_date(
                    lot.expiration_date.date() if lot.expiration_date else None
                ),
            }
        )

    def _get_ordering_key(self, record):
        return f"purchase.order/{record.purchase_id.id}"
