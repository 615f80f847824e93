import json
from collections import defaultdict

from odoo import _, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ..lib.submission import format_decimal


class DistAvailabilityQuery(models.AbstractModel):
    """Answers how much of thousands of items a channel may promise.

    Reads no record and builds the JSON by hand: ten thousand items in four warehouses are forty thousand rows.
    """

    _name = "dist.availability.query"
    _description = "Availability for sales channels"

    def _get_available(self, product_ids, warehouse_ids):
        """:return: dict, (product id, warehouse id) to on hand less reserved, in the product's unit"""
        return {
            (product_id, warehouse_id): on_hand - reserved
            for product_id, warehouse_id, on_hand, reserved, _incoming in self._read_stock(
                product_ids, warehouse_ids
            )
        }

    def _answer(self, channel, skus, warehouses):
        """:param channel: dist.sales.channel, whose buffer is kept back
        :param skus: list of item numbers
        :param warehouses: stock.warehouse, in the order in which they are shown
        :return: bytes, the JSON of the answer
        """
        items = self._resolve_skus(channel.system_id, channel.company_id, skus)
        product_ids = sorted({product_id for product_id, _unit in items.values()})
        stock = defaultdict(dict)
        for product_id, warehouse_id, *quantities in self._read_stock(product_ids, warehouses.ids):
            stock[product_id][warehouse_id] = quantities
        moment = fields.Datetime.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        rows = ",".join(self._iter_items(skus, items, stock, warehouses, channel.safety_buffer))
        return f'{{"as_of":"{moment}","items":[{rows}]}}'.encode()

    def _iter_items(self, skus, items, stock, warehouses, buffer):
        """JSON of each item; formatted numbers and names are remembered, for most come again and again."""
        write, units = _NumberCache(), {}
        heads = [(warehouse.id, f'{{"warehouse":{json.dumps(warehouse.code)}') for warehouse in warehouses]
        nothing = (0.0, 0.0, 0.0)
        for sku in skus:
            name = json.dumps(sku)
            item = items.get(sku)
            if not item:
                yield f'{{"sku":{name},"error":"unknown_item"}}'
                continue
            product_id, unit = item
            known = stock.get(product_id, {})
            parts, total = [], 0.0
            for warehouse_id, head in heads:
                on_hand, reserved, incoming = known.get(warehouse_id, nothing)
                available = on_hand - reserved - buffer
                if available > 0.0:
                    total += available
                else:
                    available = 0.0
                parts.append(
                    f'{head},"on_hand":"{write[on_hand]}","reserved":"{write[reserved]}",'
                    f'"incoming":"{write[incoming]}","available":"{write[available]}"}}'
                )
            if unit not in units:
                units[unit] = json.dumps(unit)
            yield (
                f'{{"sku":{name},"unit":{units[unit]},"available":"{write[total]}",'
                f'"warehouses":[{",".join(parts)}]}}'
            )

    def _get_warehouses(self, channel, codes=None):
        """Warehouses of the answer: those published to the channel, or the named ones among them.

        :raises BusinessError: a code is not among them
        """
        published = channel._get_published_warehouses()
        if not codes:
            return published
        by_code = {warehouse.code: warehouse for warehouse in published}
        for index, code in enumerate(codes):
            if code not in by_code:
                raise BusinessError(
                    "unknown_warehouse",
                    _("No warehouse %s is published to this channel.", code),
                    f"/warehouses/{index}",
                )
        return published.browse([by_code[code].id for code in dict.fromkeys(codes)])

    def _resolve_skus(self, system, company, skus):
        """:return: dict, item number to (product id, name of its unit), of those that are known"""
        self.env["product.product"].flush_model(["default_code", "active", "product_tmpl_id"])
        self.env["product.template"].flush_model(["company_id", "uom_id"])
        self.env.cr.execute(self._get_sku_query(), {
            "skus": list(dict.fromkeys(skus)), "company": company.id, "system": system.id,
        })
        units = {}
        found = {}
        for sku, product_id, unit_id in self.env.cr.fetchall():
            if unit_id not in units:
                units[unit_id] = self.env["uom.uom"].browse(unit_id).name
            found[sku] = (product_id, units[unit_id])
        return found

    def _get_sku_query(self):
        """A binding of the system comes first, then the item number when it is that of one product alone."""
        return """
            WITH own AS (
                SELECT external_id AS sku, res_id AS product_id
                FROM dist_binding
                WHERE system_id = %(system)s AND res_model = 'product.product' AND external_id = ANY(%(skus)s)
            ), coded AS (
                SELECT product.default_code AS sku, MIN(product.id) AS product_id
                FROM product_product product
                JOIN product_template template ON template.id = product.product_tmpl_id
                WHERE product.default_code = ANY(%(skus)s) AND product.active
                  AND (template.company_id IS NULL OR template.company_id = %(company)s)
                GROUP BY product.default_code HAVING COUNT(*) = 1
            ), chosen AS (
                SELECT sku, product_id FROM own
                UNION ALL
                SELECT sku, product_id FROM coded WHERE sku NOT IN (SELECT sku FROM own)
            )
            SELECT chosen.sku, chosen.product_id, template.uom_id
            FROM chosen
            JOIN product_product product ON product.id = chosen.product_id
            JOIN product_template template ON template.id = product.product_tmpl_id
        """

    def _read_stock(self, product_ids, warehouse_ids):
        """:return: list of (product id, warehouse id, on hand, reserved, incoming), none for no stock at all"""
        self.env["stock.quant"].flush_model(["product_id", "location_id", "quantity", "reserved_quantity"])
        self.env["stock.move"].flush_model(["product_id", "location_id", "location_dest_id", "product_qty", "state"])
        parameters = {"products": list(product_ids), "warehouses": list(warehouse_ids)}
        self.env.cr.execute(self._get_stock_query(), parameters)
        return self.env.cr.fetchall()

    def _get_stock_query(self):
        return """
            WITH place AS (
                SELECT id, warehouse_id FROM stock_location WHERE warehouse_id = ANY(%(warehouses)s)
            ), present AS (
                SELECT quant.product_id, place.warehouse_id,
                       SUM(quant.quantity)::float AS on_hand, SUM(quant.reserved_quantity)::float AS reserved
                FROM stock_quant quant JOIN place ON place.id = quant.location_id
                WHERE quant.product_id = ANY(%(products)s)
                GROUP BY 1, 2
            ), coming AS (
                SELECT move.product_id, target.warehouse_id, SUM(move.product_qty)::float AS incoming
                FROM stock_move move
                JOIN place target ON target.id = move.location_dest_id
                LEFT JOIN place source ON source.id = move.location_id
                WHERE move.product_id = ANY(%(products)s)
                  AND move.state IN ('waiting', 'confirmed', 'assigned', 'partially_available')
                  AND source.warehouse_id IS DISTINCT FROM target.warehouse_id
                GROUP BY 1, 2
            )
            SELECT product_id, warehouse_id,
                   COALESCE(on_hand, 0), COALESCE(reserved, 0), COALESCE(incoming, 0)
            FROM present FULL JOIN coming USING (product_id, warehouse_id)
        """


class _NumberCache(dict):
    def __missing__(self, number):
        text = self[number] = format_decimal(number)
        return text
