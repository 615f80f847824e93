from odoo import models


class LocationChangedSerializer(models.AbstractModel):
    """A place in a warehouse that goods can be in."""

    _name = "dist.serializer.location.changed"
    _inherit = "dist.serializer"
    _description = "Location changed"

    def _prefetch(self, records):
        records.mapped("warehouse_id.code")

    def _is_relevant(self, record):
        return record.usage == "internal" and bool(record.warehouse_id)

    def _get_full_model(self):
        return "stock.location"

    def _get_full_domain(self, company):
        return [("usage", "=", "internal"), ("company_id", "=", company.id)]

    def _get_business_key(self, record):
        return record.complete_name

    def _get_payload(self, record):
        warehouse, parent = record.warehouse_id, record.location_id
        return {
            "location": record.barcode or record.name,
            "name": record.name,
            "path": record.complete_name,
            "parent": parent.barcode or parent.name or None if parent.usage == "internal" else None,
            "warehouse": {"code": warehouse.code, "name": warehouse.name},
            "active": record.active,
        }
