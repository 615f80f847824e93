from odoo import models


class OrderShippedSerializer(models.AbstractModel):
    """What left the warehouse for an order, as the shop tells its customer."""

    _name = "dist.serializer.order.shipped"
    _inherit = "dist.serializer"
    _description = "Order shipped: canonical message"

    def _is_relevant(self, record):
        return record.state == "done"

    def _prefetch(self, records):
        records.move_ids.move_line_ids.mapped("quantity")

    def _get_payload(self, record):
        views = self.env["dist.order.view"]
        order = record.sale_id
        return {
            "reference": order.dist_external_ref or order.client_order_ref or None,
            "order": order.name,
            "channel": order.dist_channel_id.code or None,
            "complete": order.delivery_status == "full",
            **views._get_shipment(record),
            "lines": self._get_lines(record),
            "packages": self._get_packages(record),
        }

    def _get_lines(self, picking):
        views = self.env["dist.order.view"]
        moves = picking.move_ids.filtered(lambda move: move.state == "done")
        return [
            {
                "line": move.sale_line_id.dist_line_ref or None,
                "sku": move.product_id.default_code or None,
                "quantity": views._format_quantity(move.quantity),
                "unit": move.product_uom.name,
                "lots": self._get_lots(move) if move.product_id.tracking != "none" else [],
            }
            for move in moves.sorted("id")
        ]

    def _get_lots(self, move):
        return sorted({name for line in move.move_line_ids if (name := line.lot_id.name or line.lot_name)})

    def _get_packages(self, picking):
        views = self.env["dist.order.view"]
        packages = picking.move_line_ids.result_package_id
        return [
            {
                "package": package.name,
                "weight": views._format_quantity(package.shipping_weight)
                if package.shipping_weight
                else None,
                "weight_unit": picking.weight_uom_name if package.shipping_weight else None,
                "contents": [
                    {
                        "sku": line.product_id.default_code or None,
                        "quantity": views._format_quantity(line.quantity),
                        "unit": line.product_uom_id.name,
                    }
                    for line in picking.move_line_ids
                    if line.result_package_id == package
                ],
            }
            for package in packages.sorted("id")
        ]

    def _get_business_key(self, record):
        return record.sale_id.name or record.name

    def _get_ordering_key(self, record):
        return f"sale.order/{record.sale_id.id}"
