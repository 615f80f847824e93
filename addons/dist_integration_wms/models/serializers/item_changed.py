from odoo import models

from ...lib import formats
from ..series import get_packagings


class ItemChangedSerializer(models.AbstractModel):
    """An item as a warehouse has to know it: number, barcodes, unit, packagings, weight, how it is tracked."""

    _name = "dist.serializer.item.changed"
    _inherit = "dist.serializer"
    _description = "Item changed"

    def _prefetch(self, records):
        records.mapped("product_tmpl_id.name")
        records.mapped("uom_id.name")

    def _is_relevant(self, record):
        # an item without a number cannot be spoken of; it is told once it has one
        return bool(record.default_code) and record.type != "service"

    def _get_full_model(self):
        return "product.product"

    def _get_full_domain(self, company):
        return [
            ("default_code", "!=", False),
            ("type", "!=", "service"),
            ("company_id", "in", (False, company.id)),
        ]

    def _get_business_key(self, record):
        return record.default_code

    def _get_payload(self, record):
        return {
            "sku": record.default_code,
            "name": record.name,
            "variant": ", ".join(record.product_template_attribute_value_ids.mapped("name")) or None,
            "active": record.active,
            "barcode": record.barcode or None,
            "gtin": record._dist_get_gtin(),
            "unit": record.uom_id.name,
            "packagings": [
                {"name": name, "quantity": formats.quantity_text(quantity), "barcode": barcode}
                for name, quantity, barcode in get_packagings(record)
            ],
            "weight": formats.quantity_text(record.weight) if record.weight else None,
            "weight_unit": record.weight_uom_name,
            "volume": formats.quantity_text(record.volume) if record.volume else None,
            "volume_unit": record.volume_uom_name,
            "tracking": record.tracking or "none",
            "expires": bool(record.use_expiration_date),
            "shelf_life_days": record.expiration_time if record.use_expiration_date else None,
            "category": record.categ_id.complete_name or None,
            "count_class": record.dist_count_class or None,
        }
