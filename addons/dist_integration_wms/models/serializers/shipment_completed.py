from odoo import models

from ...lib import formats


class ShipmentCompletedSerializer(models.AbstractModel):
    _name = "dist.serializer.shipment.completed"
    _inherit = "dist.serializer.warehouse.completed"
    _description = "Shipment completed: canonical message"

    def _get_kind(self):
        return "shipment"

    def _get_verb(self):
        return "shipped"

    def _get_payload(self, record):
        codes = self._get_codes(record)
        return {
            **self._get_head(record, codes),
            "ship_to": self._get_party(record.partner_id),
            "carrier": self._get_carrier(record, codes),
            "tracking_numbers": [
                number.strip() for number in (record.carrier_tracking_ref or "").split(",") if number.strip()
            ],
            "packages": self._get_packages(record),
            **self._get_completed(record, codes),
        }

    def _get_packages(self, picking):
        return [
            {
                "package": package.name,
                "kind": package.dist_kind or None,
                "inside": package.dist_outer_id.name or None,
                "tracking_number": package.dist_tracking_number or None,
                "weight": formats.quantity_text(package.shipping_weight) if package.shipping_weight else None,
                "weight_unit": picking.weight_uom_name if package.shipping_weight else None,
            }
            for package in picking.move_line_ids.result_package_id._dist_with_outer().sorted("id")
        ]
