from odoo import models

from ...lib import formats


class LotChangedSerializer(models.AbstractModel):
    """A lot or serial number and its dates."""

    _name = "dist.serializer.lot.changed"
    _inherit = "dist.serializer"
    _description = "Lot changed"

    def _prefetch(self, records):
        records.mapped("product_id.default_code")

    def _is_relevant(self, record):
        return bool(record.product_id.default_code)

    def _get_full_model(self):
        return "stock.lot"

    def _get_full_domain(self, company):
        return [("product_id.default_code", "!=", False), ("company_id", "in", (False, company.id))]

    def _get_business_key(self, record):
        return f"{record.product_id.default_code} {record.name}"

    def _get_payload(self, record):
        return {
            "lot": record.name,
            "sku": record.product_id.default_code,
            "gtin": record.product_id._dist_get_gtin(),
            "tracking": record.product_id.tracking,
            "reference": record.ref or None,
            "expiry": formats.day_text(record.expiration_date),
            "best_before": formats.day_text(record.use_date),
            "remove_by": formats.day_text(record.removal_date),
        }
