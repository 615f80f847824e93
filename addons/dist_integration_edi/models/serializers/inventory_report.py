from odoo import fields, models


class InventoryReportSerializer(models.AbstractModel):
    """What a customer can order of the items it knows: 846 and INVRPT."""

    _name = "dist.serializer.inventory.report"
    _inherit = "dist.serializer.edi.document"
    _description = "Inventory report: canonical message"

    _dist_code = "inventory.report"

    def _is_relevant(self, record):
        return bool(super()._is_relevant(record) and record._get_reported_products())

    def _get_payload(self, record):
        views, now = self._get_views(), fields.Datetime.now()
        contact = record.partner_id
        return {
            "number": now.strftime("%Y%m%d%H%M%S"),
            "purpose": "original",
            "reported_at": views._format_moment(now),
            "parties": {
                "supplier": self._get_party(record.company_id.partner_id, record.own_identifier),
                "buyer": self._get_party(contact, record.identifier)
                if contact
                else {"id": record.identifier},
            },
            "lines": self._get_lines(record),
        }

    def _get_lines(self, partner):
        channel, views = partner.channel_id, self._get_views()
        products, warehouses = partner._get_reported_products(), channel._get_published_warehouses()
        promised = self.env["dist.availability.promise"]._get_promised(channel, products.ids, warehouses.ids)
        return [
            {
                "line": str(place),
                "item": self._get_item(partner, product, "supplier_sku", "buyer_sku"),
                "description": product.name[:80],
                "quantities": [
                    {
                        "type": "available",
                        "quantity": views._format_quantity(
                            sum(promised[product.id, warehouse_id] for warehouse_id in warehouses.ids)
                        ),
                        "unit": self._get_unit(partner, product.uom_id),
                    }
                ],
            }
            for place, product in enumerate(products, 1)
        ]
