import json
from collections import Counter

from odoo import fields, models

from ..lib.stock_text import array_literal
from ..lib.submission import format_decimal


class DistAvailabilityQuery(models.AbstractModel):
    """The same question where rules or holds decide; a channel without any is answered as before."""

    _inherit = "dist.availability.query"

    def _answer(self, terms, skus, codes=None):
        if not terms.governed:
            return super()._answer(terms, skus, codes)
        warehouses = self._choose_warehouses(terms, codes)
        channel = self.env["dist.sales.channel"].browse(terms.channel_id)
        meant = self._find_meant(terms, skus)
        product_ids = sorted({product_id for product_id, _uom_id in meant.values()})
        table = self.env["dist.availability"]._get_availability(product_ids, list(warehouses))
        promised = self.env["dist.availability.promise"]._get_promised(channel, product_ids, list(warehouses))
        units = {
            unit.id: unit.name
            for unit in self.env["uom.uom"].browse({uom_id for _product_id, uom_id in meant.values()})
        }
        items = [self._show_item(sku, meant.get(sku), units, warehouses, table, promised) for sku in skus]
        moment = fields.Datetime.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        return json.dumps({"as_of": moment, "items": items}, separators=(",", ":")).encode()

    def _show_item(self, sku, product, units, warehouses, table, promised):
        if not product:
            return {"sku": sku, "error": "unknown_item"}
        product_id, uom_id = product
        shown = []
        for warehouse_id, code in warehouses.items():
            stock = table[product_id, warehouse_id]
            shown.append(
                {
                    "warehouse": code,
                    "on_hand": format_decimal(stock.on_hand),
                    "reserved": format_decimal(stock.reserved),
                    "incoming": format_decimal(stock.incoming),
                    "available": format_decimal(promised[product_id, warehouse_id]),
                }
            )
        total = sum(promised[product_id, warehouse_id] for warehouse_id in warehouses)
        return {"sku": sku, "unit": units[uom_id], "available": format_decimal(total), "warehouses": shown}

    def _find_meant(self, terms, skus):
        """What item numbers mean: what the system says, else the one product of the company that has the number.

        :return: dict, number to (product id, unit id)
        """
        known = self._read_known_products(terms.system_id, skus)
        self.env["product.product"].flush_model(["default_code", "active", "product_tmpl_id"])
        self.env["product.template"].flush_model(["company_id", "uom_id"])
        self.env.cr.execute(
            """
            SELECT number, product.id, template.uom_id
            FROM unnest(%(known)s::text[], %(products)s::integer[]) AS known (number, product_id)
            JOIN product_product product ON product.id = known.product_id
            JOIN product_template template ON template.id = product.product_tmpl_id
            UNION ALL
            SELECT product.default_code, product.id, template.uom_id
            FROM product_product product
            JOIN product_template template ON template.id = product.product_tmpl_id
            WHERE product.default_code IN (SELECT unnest(%(skus)s::text[])) AND product.active
              AND product.default_code != ALL(%(known)s::text[])
              AND (template.company_id IS NULL OR template.company_id = %(company)s)
            """,
            {
                "known": list(known),
                "products": list(known.values()),
                "skus": array_literal(skus),
                "company": terms.company_id,
            },
        )
        rows = self.env.cr.fetchall()
        times = Counter(number for number, _product_id, _uom_id in rows)
        return {number: (product_id, uom_id) for number, product_id, uom_id in rows if times[number] == 1}
