from odoo import models

from ...lib.submission import format_decimal


class AvailabilityChangedSerializer(models.AbstractModel):
    _name = "dist.serializer.availability.changed"
    _inherit = "dist.serializer"
    _description = "Availability changed: canonical message"

    def _prefetch(self, records):
        records.product_id.mapped("uom_id.name")

    def _get_business_key(self, record):
        return record.product_id.default_code

    def _get_payload(self, record):
        product, channel = record.product_id, record.channel_id
        codes = self.env["dist.code.map"]._dist_get_codes(channel.system_id, {"product": product})
        own = codes.get((product._name, product.id))
        return {
            "channel": channel.code,
            "sku": product.default_code,
            "code": own or self.env["dist.binding"]._get_external_id(channel.system_id, product) or None,
            "unit": product.uom_id.name,
            "available": format_decimal(record.quantity),
            "warehouses": record._get_warehouses(),
            "as_of": record.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
