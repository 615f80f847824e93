from odoo import models

WEIGHT_UNITS = {"kg": "KGM", "lb": "LBR", "g": "GRM", "oz": "ONZ"}


class ShipNoticeSerializer(models.AbstractModel):
    """What left the warehouse, packed how: 856 and DESADV."""

    _name = "dist.serializer.ship.notice"
    _inherit = "dist.serializer.edi.document"
    _description = "Ship notice: canonical message"

    _dist_code = "ship.notice"

    def _is_relevant(self, record):
        order = record.sale_id
        return bool(
            record.state == "done" and order and self._get_reference(order) and super()._is_relevant(record)
        )

    def _get_payload(self, record):
        partner = self._get_receiver(record)
        order = record.sale_id
        original = self._get_original(order)
        names = self._get_order_names(order, original)
        moment = self._get_views()._format_moment(record.date_done)
        packages = self._get_packages(record)
        return self._strip(
            {
                "number": record.name,
                "purpose": "original",
                "created_at": moment,
                "shipped_at": moment,
                "carrier": record.carrier_id.name,
                "tracking": record.carrier_tracking_ref,
                "parties": original.get("parties") or {"ship_to": self._get_party(record.partner_id)},
                "orders": [
                    self._strip(
                        {
                            "number": names["order"],
                            "release": names["release"],
                            "order_date": original.get("order_date"),
                            "supplier_order": order.name,
                        }
                    )
                ],
                "packages": list(packages.values()),
                "lines": self._get_lines(partner, record, original, packages),
            }
        )

    def _get_packages(self, picking):
        """:return: dict, package to what is told of it"""
        found = {}
        for package in picking.move_line_ids.result_package_id.sorted("id"):
            weight = package.shipping_weight
            told = {"package": package.name, "sscc": package._dist_get_sscc()}
            if weight and picking.weight_uom_name in WEIGHT_UNITS:
                told["weight"] = {
                    "value": self._get_views()._format_quantity(weight),
                    "unit": WEIGHT_UNITS[picking.weight_uom_name],
                }
            found[package] = self._strip(told)
        return found

    def _get_lines(self, partner, picking, original, packages):
        number = self._get_order_names(picking.sale_id, original)["order"]
        originals = self._get_original_lines(original)
        lines = []
        for move_line in picking.move_line_ids.filtered("quantity").sorted("id"):
            sold = move_line.move_id.sale_line_id
            if not sold:
                continue
            unit, quantity = move_line.product_uom_id, move_line.quantity
            ordered_unit = sold._dist_get_unit()
            if unit != ordered_unit and sold.product_id == move_line.product_id:
                quantity, unit = unit._compute_quantity(quantity, ordered_unit, round=False), ordered_unit
            lot = move_line.lot_id
            by_serial = move_line.product_id.tracking == "serial"
            package = packages.get(move_line.result_package_id, {})
            lines.append(
                self._strip(
                    {
                        **self._get_sold_line(partner, sold, quantity, unit, originals),
                        "order": number,
                        "package": package.get("package"),
                        "serial": lot.name if by_serial else None,
                        "lot": lot.name if not by_serial else None,
                        "expiry": self._get_views()._format_date(
                            lot.expiration_date.date() if lot.expiration_date else None
                        ),
                    }
                )
            )
        return lines

    def _get_ordering_key(self, record):
        return f"sale.order/{record.sale_id.id}"
